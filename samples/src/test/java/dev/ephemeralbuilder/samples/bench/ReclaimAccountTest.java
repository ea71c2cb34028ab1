package dev.ephemeralbuilder.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReclaimAccountTest {
    private static final PlainPlace PLACE = new PlainPlace("ecs.c7.xlarge", "cn-hangzhou-h", 0);

    private static final ReclaimAccount BASE = new ReclaimAccount(
            2,
            Map.of("job-0", done(60_000, "i-0"), "job-1", done(120_000, "i-1")),
            List.of(bill("i-0", "job-0-0", 60), bill("i-1", "job-1-0", 120)),
            Set.of(),
            0,
            0);

    private static Contestant.Use use(String machine, Contestant.Claim claim) {
        return new Contestant.Use(machine, claim);
    }

    /** Finished on its last machine, after all others were lost. */
    private static Jobs.Ended done(long millis, String... machines) {
        List<Contestant.Use> uses = IntStream.range(0, machines.length)
                .mapToObj(i ->
                        use(machines[i], i == machines.length - 1 ? Contestant.Claim.FINISHED : Contestant.Claim.LOST))
                .toList();
        return new Jobs.Ended(Contestant.End.DONE, true, uses, millis);
    }

    private static Bill bill(String id, String request, double seconds) {
        return new Bill(id, request, PLACE, true, seconds, 0.3);
    }

    @Test
    void theBaseHasNothingExtra() {
        ReclaimAccount.Row row = BASE.against(BASE);
        assertThat(row.finished()).isEqualTo(2);
        assertThat(row.attemptsPerJob()).isEqualTo(1);
        assertThat(List.of(row.extraCostPercent(), row.extraTimePercent(), row.lostMinutes()))
                .containsOnly(0.0);
    }

    @Test
    void whatALostMachineCostsIsExtraAndLost() {
        ReclaimAccount.Row row = new ReclaimAccount(
                        2,
                        Map.of("job-0", done(60_000, "i-0"), "job-1", done(210_000, "i-1", "i-2")),
                        List.of(bill("i-0", "job-0-0", 60), bill("i-1", "job-1-0", 90), bill("i-2", "job-1-0.2", 120)),
                        Set.of("i-1"),
                        0,
                        0)
                .against(BASE);
        assertThat(row.attemptsPerJob()).isEqualTo(1.5);
        assertThat(row.extraCostPercent()).isEqualTo(50);
        assertThat(row.extraTimePercent()).isEqualTo(50);
        assertThat(row.extraTailPercent()).isEqualTo(75);
        assertThat(row.lostMinutes()).isEqualTo(1.5);
        assertThat(row.reclaimed()).isEqualTo(1);
    }

    @Test
    void whatIsNotFinishedIsComparedWithNothingButCosts() {
        ReclaimAccount.Row row = new ReclaimAccount(
                        2,
                        Map.of(
                                "job-0",
                                done(60_000, "i-0"),
                                "job-1",
                                new Jobs.Ended(Contestant.End.UNACCOUNTED, true, List.of(), 30_000)),
                        List.of(bill("i-0", "job-0-0", 60), bill("i-1", "job-1-0", 30)),
                        Set.of("i-1"),
                        0,
                        0)
                .against(BASE);
        assertThat(row.finished()).isEqualTo(1);
        assertThat(row.wronglyReported()).isEqualTo(1);
        assertThat(row.extraTimePercent()).isZero();
        assertThat(row.extraCostPercent()).isEqualTo(50);
    }

    @Test
    void outputThatTheScriptDidNotWriteIsWronglyReported() {
        Jobs.Ended wrong = new Jobs.Ended(Contestant.End.DONE, false, List.of(), 60_000);
        ReclaimAccount.Row row = new ReclaimAccount(
                        2, Map.of("job-0", wrong), List.of(bill("i-0", "job-0-0", 60)), Set.of(), 0, 0)
                .against(BASE);
        assertThat(row.finished()).isZero();
        assertThat(row.wronglyReported()).isEqualTo(1);
    }

    @Test
    void aMachineThatStayedAndIsSaidToBeLostIsWronglyReported() {
        ReclaimAccount.Row row = new ReclaimAccount(
                        2,
                        Map.of("job-0", done(60_000, "i-0"), "job-1", done(210_000, "i-1", "i-2")),
                        List.of(bill("i-0", "job-0-0", 60), bill("i-1", "job-1-0", 90), bill("i-2", "job-1-0.2", 120)),
                        Set.of("i-0"),
                        0,
                        0)
                .against(BASE);
        assertThat(row.wronglyReported()).isEqualTo(1);
        assertThat(row.finished()).isEqualTo(1);
    }

    @Test
    void aReplacementThatWasNotNeededIsLostAndTheMachineBeforeItIsNot() {
        Jobs.Ended ended = new Jobs.Ended(
                Contestant.End.DONE,
                true,
                List.of(use("i-0", Contestant.Claim.FINISHED), use("i-1", Contestant.Claim.OTHER)),
                60_000);
        ReclaimAccount.Row row = new ReclaimAccount(
                        1,
                        Map.of("job-0", ended),
                        List.of(bill("i-0", "job-0-0", 60), bill("i-1", "job-0-0.2", 90)),
                        Set.of("i-0"),
                        0,
                        0)
                .against(BASE);
        assertThat(row.lostMinutes()).isEqualTo(1.5);
        assertThat(row.wronglyReported()).isZero();
    }

    @Test
    void aContestantsOwnEstimateIsComparedWithTheBills() {
        ReclaimAccount.Row row = new ReclaimAccount(
                        1,
                        Map.of("job-0", done(60_000, "i-0")),
                        List.of(bill("i-0", "job-0-0", 60)),
                        Set.of(),
                        0,
                        0.004)
                .against(BASE);
        assertThat(row.ownEstimatePercent()).isEqualTo(80);
    }
}
