package dev.ephemeralbuilder.samples.bench;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What came of all jobs of one contestant of {@code bench reclaim}.
 *
 * @param asked how many jobs there were
 * @param ended how those that were begun have ended, by name
 * @param bills what all machines have cost
 * @param reclaimed the machines that were taken back
 * @param leaked how many machines are left
 * @param estimate what the contestant thinks that all has cost, in CNY; 0 if it has no idea
 */
record ReclaimAccount(
        int asked,
        Map<String, Jobs.Ended> ended,
        List<Bill> bills,
        Set<String> reclaimed,
        long leaked,
        double estimate) {
    private static final double TAIL = 0.95;

    /**
     * One line of the table. Per cent are against the same jobs of the base.
     *
     * @param jobs how many there were
     * @param finished those that were reported with what their script ended with, and its whole output
     * @param wronglyReported those that were reported with something else, or with the loss of a machine that stayed
     * @param reclaimed machines that were taken back
     * @param attemptsPerJob machines that a job was begun on
     * @param extraCostPercent of all machines, per finished job
     * @param extraTimePercent from asking to the report, all finished jobs together
     * @param extraTailPercent of the time that 95 % of the finished jobs do not exceed
     * @param lostMinutes what machines were billed for on which no job finished
     * @param leaked machines that are left
     * @param ownEstimatePercent what the contestant thinks that it has cost, in per cent of what it has; 0 if it has no idea
     */
    record Row(
            int jobs,
            long finished,
            long wronglyReported,
            long reclaimed,
            double attemptsPerJob,
            double extraCostPercent,
            double extraTimePercent,
            double extraTailPercent,
            double lostMinutes,
            long leaked,
            double ownEstimatePercent) {
        static final List<String> NAMES = List.of(
                "jobs",
                "finished",
                "wronglyReported",
                "reclaimed",
                "attemptsPerJob",
                "extraCost %",
                "extraTime %",
                "extraP95 %",
                "lostMinutes",
                "leaked",
                "ownEstimate %");

        String line(String name) {
            return Numbers.row(List.of(
                    name,
                    jobs,
                    finished,
                    wronglyReported,
                    reclaimed,
                    attemptsPerJob,
                    extraCostPercent,
                    extraTimePercent,
                    extraTailPercent,
                    lostMinutes,
                    leaked,
                    ownEstimatePercent));
        }
    }

    /** Compares with a run in which nothing was taken back. */
    Row against(ReclaimAccount base) {
        Set<String> finished = finished();
        Set<String> finishers = finished.stream()
                .flatMap(job -> Contestant.Use.of(machines(job), Contestant.Claim.FINISHED).stream())
                .collect(Collectors.toSet());
        long begun =
                ended.values().stream().mapToLong(job -> job.machines().size()).sum();
        return new Row(
                asked,
                finished.size(),
                ended.values().stream().filter(this::isWrong).count(),
                reclaimed.size(),
                Numbers.rounded(begun / (double) asked),
                percentAbove(amount(bill -> true), base.amountOf(finished)),
                percentAbove(time(finished), base.time(finished)),
                percentAbove(tail(finished), base.tail(finished)),
                Numbers.rounded(bills.stream()
                                .filter(bill -> !finishers.contains(bill.id()))
                                .mapToDouble(Bill::seconds)
                                .sum()
                        / 60),
                leaked,
                Numbers.rounded(100 * estimate / amount(bill -> true)));
    }

    private boolean isWrong(Jobs.Ended job) {
        return job.end() == Contestant.End.UNACCOUNTED
                || (job.end() == Contestant.End.DONE && !job.right())
                || job.tellsOfOtherLosses(reclaimed);
    }

    private Set<String> finished() {
        return ended.entrySet().stream()
                .filter(job -> job.getValue().end() == Contestant.End.DONE && !isWrong(job.getValue()))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private List<Contestant.Use> machines(String job) {
        return Optional.ofNullable(ended.get(job)).map(Jobs.Ended::machines).orElse(List.of());
    }

    private double amount(Predicate<Bill> which) {
        return bills.stream().filter(which).mapToDouble(Bill::amount).sum();
    }

    private double amountOf(Set<String> jobs) {
        return amount(bill -> jobs.contains(ReclaimPlan.jobOf(bill.request())));
    }

    private double[] millis(Set<String> jobs) {
        return jobs.stream()
                .flatMap(job -> Optional.ofNullable(ended.get(job)).stream())
                .mapToDouble(Jobs.Ended::millis)
                .sorted()
                .toArray();
    }

    private double time(Set<String> jobs) {
        return Arrays.stream(millis(jobs)).sum();
    }

    private double tail(Set<String> jobs) {
        double[] sorted = millis(jobs);
        return sorted.length == 0 ? 0 : sorted[(int) Math.ceil(TAIL * sorted.length) - 1];
    }

    private static double percentAbove(double value, double base) {
        return base == 0 ? 0 : Numbers.rounded(100 * (value / base - 1));
    }

    /** Returns where most of the machines were. */
    Optional<Bill> usual() {
        return bills.stream().collect(Collectors.groupingBy(Bill::place)).values().stream()
                .max(Comparator.comparingInt(List::size))
                .map(same -> same.get(0));
    }

    /** Returns how many machines of each kind were begun, for whoever watches. */
    Map<String, Long> places() {
        return bills.stream()
                .map(bill -> bill.place().type() + (bill.spot() ? "" : " on demand"))
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    }
}
