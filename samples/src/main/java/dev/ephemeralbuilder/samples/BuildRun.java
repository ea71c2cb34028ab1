package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.JobException;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.selection.Offer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Currency;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * One build, from the choice of its first machine until the last one is given back or left. Used once, by one thread.
 */
final class BuildRun {
    private static final Duration EVENTS_PATIENCE = Duration.ofSeconds(5);

    /** The clocks of cloud and host differ by less, or this message is wrong about it. */
    private static final Duration CLOCKS = Duration.ofMinutes(2);

    private final Caller caller;
    private final Console console;
    private final Interruption interruption;
    private final boolean stackTrace;
    private final Plan plan;
    private final Output output;
    private final BuildLines lines;
    private final Progress progress;

    BuildRun(Caller caller, Console console, Interruption interruption, boolean stackTrace, Plan plan) {
        this.caller = caller;
        this.console = console;
        this.interruption = interruption;
        this.stackTrace = stackTrace;
        this.plan = plan;
        this.output = new Output(caller.out(), console);
        this.lines = new BuildLines(console, plan, caller.folder(), output);
        this.progress = new Progress(console, lines);
    }

    /**
     * Does it all. Blocks. Failures are told to the console.
     *
     * @param fleets makes the fleet, with a listener added to it
     * @return the exit code
     */
    int execute(Function<Progress, BuildFleet> fleets) {
        BuildFleet fleet = fleets.apply(progress);
        int exitCode;
        boolean kept = false;
        try {
            JobResult result = fleet.run(plan.job(lines::place), output);
            awaitTold(result.attempts());
            exitCode = ended(result);
            kept = kept(result);
        } catch (InterruptedException | RuntimeException e) {
            exitCode = failed(e);
        } finally {
            interruption.cleanUp();
            console.takeBack();
            giveBack(fleet, kept);
            sayCost();
        }
        return exitCode;
    }

    private int ended(JobResult result) {
        ScriptResult script = result.scripts().get(0);
        boolean complete = true;
        for (Download download : plan.downloads()) {
            if (!lines.matched(download)) {
                complete = false;
                // Of a failed script, files may be missing for another reason, which was told then.
                console.line("download  "
                        + (script.success() ? "nothing on the machine matches " : "nothing came back for ")
                        + download.pattern());
            }
        }
        return complete || !script.success() ? ExitCodes.of(script) : ExitCodes.FAILURE;
    }

    /** Says where the machine of a failed script was left; false if none was. */
    private boolean kept(JobResult result) {
        Plan.Keep keep = plan.keep();
        if (keep == null || result.success()) {
            return false;
        }
        if (result.kept().isEmpty()) {
            console.line("the machine cannot be kept and is given back");
            return false;
        }
        JobResult.Kept kept = result.kept().get();
        Instant wanted = caller.ticker().now().plus(keep.time());
        boolean cut = kept.until().isBefore(wanted.minus(CLOCKS));
        Optional<Offer> offer = result.attempts().stream()
                .filter(attempt ->
                        attempt.machineId().filter(kept.machineId()::equals).isPresent())
                .findFirst()
                .flatMap(JobAttempt::offer);
        console.line("kept      " + kept.machineId() + " until "
                + kept.until().truncatedTo(ChronoUnit.SECONDS)
                + offer.map(o -> ", for " + Texts.money(o.hourlyPrice()) + " per hour")
                        .orElse("")
                + (cut ? "; that is its cap, which this cloud cannot raise" : ""));
        String on = keep.options() + " " + kept.machineId();
        console.row("  what the script wrote:  ephemeral attach" + on);
        console.row("  a shell on the machine: ephemeral ssh" + on);
        console.row("  to give it back:        ephemeral release" + on);
        return true;
    }

    private int failed(Exception e) {
        if (e instanceof JobException job) {
            awaitTold(job.attempts());
        }
        console.quiet();
        if (interruption.requested()) {
            console.line(progress.launched() ? "interrupted; the machine is given back" : "interrupted");
            return ExitCodes.INTERRUPTED;
        }
        Duration deadline = plan.deadline();
        int exitCode = Failures.exitCode(e);
        console.line(
                exitCode == ExitCodes.TIMED_OUT && deadline != null
                        ? "ended: the build took longer than --deadline " + Texts.duration(deadline)
                        : Failures.message(e));
        if (stackTrace) {
            e.printStackTrace(caller.err());
        }
        return exitCode;
    }

    /** What an outcome says comes behind what events tell, which come on another thread. */
    private void awaitTold(List<JobAttempt> attempts) {
        try {
            progress.awaitAttempts(attempts.size(), EVENTS_PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void giveBack(BuildFleet fleet, boolean kept) {
        console.begin("release");
        fleet.close();
        try {
            List<String> left = progress.awaitGone(EVENTS_PATIENCE);
            if (kept && left.isEmpty()) {
                console.quiet();
                return;
            }
            console.end(
                    "release",
                    left.isEmpty()
                            ? "no machine is left"
                            : String.join(", ", left) + " was not seen to end;"
                                    + " the cloud ends it at the end of its lifetime at the latest");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            console.quiet();
        }
    }

    private void sayCost() {
        Map<Currency, Sum> sums = new LinkedHashMap<>();
        progress.costs().forEach(cost -> sums.merge(cost.amount().currency(), Sum.of(cost), Sum::plus));
        for (Sum sum : sums.values()) {
            console.line("cost      " + Texts.money(sum.amount()) + " for " + Texts.duration(sum.billed())
                    + (sum.machines() == 1 ? "" : " on " + sum.machines() + " machines") + "; on demand "
                    + Texts.money(sum.onDemand()) + " (" + OfferTable.saved(sum.amount(), sum.onDemand())
                    + " % saved); an estimate");
        }
    }

    /** What machines have cost together. */
    private record Sum(int machines, Money amount, Money onDemand, Duration billed) {
        static Sum of(CostEstimate cost) {
            return new Sum(1, cost.amount(), cost.onDemand(), cost.billed());
        }

        Sum plus(Sum other) {
            return new Sum(
                    machines + other.machines,
                    amount.plus(other.amount),
                    onDemand.plus(other.onDemand),
                    billed.plus(other.billed));
        }
    }
}
