package dev.ephemeralbuilder.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ReclaimAccountTest {
    private static final PlainPlace PLACE = new PlainPlace("ecs.c7.xlarge", "cn-hangzhou-h", 0);

    private static final ReclaimAccount BASE = new ReclaimAccount(
            2,
            Map.of("job-0", done(60_000, "i-0"), "job-1", done(120_000, "i-1")),
            List.of(bill("i-0", "job-0-0", 60), bill("i-1", "job-1-0", 120)),
            Set.of(),
            0);

    private static Jobs.Ended done(long millis, String... machines) {
        return new Jobs.Ended(Contestant.End.DONE, true, List.of(machines), 0, millis);
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
                                new Jobs.Ended(Contestant.End.UNACCOUNTED, true, List.of("i-1"), 0, 30_000)),
                        List.of(bill("i-0", "job-0-0", 60), bill("i-1", "job-1-0", 30)),
                        Set.of("i-1"),
                        0)
                .against(BASE);
        assertThat(row.finished()).isEqualTo(1);
        assertThat(row.wronglyReported()).isEqualTo(1);
        assertThat(row.extraTimePercent()).isZero();
        assertThat(row.extraCostPercent()).isEqualTo(50);
    }

    @Test
    void outputThatTheScriptDidNotWriteIsWronglyReported() {
        Jobs.Ended wrong = new Jobs.Ended(Contestant.End.DONE, false, List.of("i-0"), 0, 60_000);
        ReclaimAccount.Row row = new ReclaimAccount(
                        2, Map.of("job-0", wrong), List.of(bill("i-0", "job-0-0", 60)), Set.of(), 0)
                .against(BASE);
        assertThat(row.finished()).isZero();
        assertThat(row.wronglyReported()).isEqualTo(1);
    }

    @Test
    void aContestantsOwnEstimateIsComparedWithTheBills() {
        Jobs.Ended ended = new Jobs.Ended(Contestant.End.DONE, true, List.of("i-0"), 0.004, 60_000);
        ReclaimAccount.Row row = new ReclaimAccount(
                        1, Map.of("job-0", ended), List.of(bill("i-0", "job-0-0", 60)), Set.of(), 0)
                .against(BASE);
        assertThat(row.ownEstimatePercent()).isEqualTo(80);
    }
}
