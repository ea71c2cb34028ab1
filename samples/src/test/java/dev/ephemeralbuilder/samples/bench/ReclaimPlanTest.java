package dev.ephemeralbuilder.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.ephemeralbuilder.samples.bench.ReclaimPlan.Blow;
import dev.ephemeralbuilder.samples.bench.ReclaimPlan.Deed;
import dev.ephemeralbuilder.samples.bench.ReclaimPlan.Fate;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReclaimPlanTest {
    private static final int JOBS = 5_000;
    private static final ReclaimPlan PLAN = new ReclaimPlan(7, 0.2, 20);

    private static List<String> jobs() {
        return IntStream.range(0, JOBS).mapToObj(i -> "job-" + i).toList();
    }

    private static double share(Deed deed, int machine) {
        return jobs().stream()
                        .filter(job -> PLAN.fate(job, machine).deed() == deed)
                        .count()
                / (double) JOBS;
    }

    @Test
    void aSeedMeansTheSameForEverybody() {
        ReclaimPlan again = new ReclaimPlan(7, 0.2, 20);
        assertThat(jobs()).allSatisfy(job -> {
            assertThat(again.fate(job, 1)).isEqualTo(PLAN.fate(job, 1));
            assertThat(again.work(job, job + "-0")).isEqualTo(PLAN.work(job, job + "-0"));
        });
    }

    @Test
    void anotherTryOfAJobIsTheSameWork() {
        assertThat(PLAN.work("job-3", "job-3-1").log())
                .isEqualTo(PLAN.work("job-3", "job-3-0").log());
    }

    @Test
    void jobsTakeFromOneToTwentyMinutes() {
        assertThat(jobs())
                .allSatisfy(
                        job -> assertThat(PLAN.length(job)).isBetween(Duration.ofMinutes(1), Duration.ofMinutes(20)));
    }

    @Test
    void theRateIsThatOfFirstMachinesAndOfTheirReplacements() {
        assertThat(1 - share(Deed.NONE, 1)).isCloseTo(0.2, within(0.02));
        assertThat(1 - share(Deed.NONE, 2)).isCloseTo(0.2, within(0.02));
    }

    @Test
    void aQuarterOfThoseHaveNoNoticeAndEveryKindHappens() {
        assertThat(share(Deed.NO_NOTICE, 1)).isCloseTo(0.05, within(0.01));
        assertThat(share(Deed.BOOT, 1)).isCloseTo(0.02, within(0.01));
        assertThat(share(Deed.FAREWELL, 1)).isCloseTo(0.03, within(0.01));
        assertThat(share(Deed.NOTICE, 1)).isCloseTo(0.1, within(0.02));
    }

    @Test
    void inTheMiddleOfAFarewellAMachineHasNoticeFirst() {
        assertThat(jobs().stream().map(job -> PLAN.fate(job, 1)).filter(fate -> fate.deed() == Deed.FAREWELL))
                .isNotEmpty()
                .allSatisfy(fate ->
                        assertThat(fate.blows()).extracting(Blow::notice).containsExactly(true, false));
    }

    @Test
    void oneScriptInTwentyFailsByItself() {
        double failing = jobs().stream()
                        .filter(job -> PLAN.work(job, job).log().exitCode() != 0)
                        .count()
                / (double) JOBS;
        assertThat(failing).isCloseTo(0.05, within(0.01));
    }

    @Test
    void withoutARateNothingHappens() {
        ReclaimPlan calm = new ReclaimPlan(7, 0, 20);
        assertThat(jobs()).allSatisfy(job -> assertThat(calm.fate(job, 1)).isEqualTo(new Fate(Deed.NONE, List.of())));
    }

    @Test
    void requestsOfAllContestantsTellTheirJob() {
        assertThat(List.of("job-12-0", "job-12-0.2", "job-12"))
                .allSatisfy(request -> assertThat(ReclaimPlan.jobOf(request)).isEqualTo("job-12"));
        assertThat(ReclaimPlan.jobOf("another")).isEmpty();
    }
}
