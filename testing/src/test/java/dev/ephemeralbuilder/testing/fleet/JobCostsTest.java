package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.JobRig.job;
import static dev.ephemeralbuilder.testing.fleet.JobRig.waitsTheFirstTime;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.cost.CostLine;
import dev.ephemeralbuilder.cost.CostLine.End;
import dev.ephemeralbuilder.cost.CostReport;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the ledger says of jobs, and of machines that were kept. */
@Timeout(120)
@Tag("once")
class JobCostsTest {
    @TempDir
    Path folder;

    private static CostReport costs(FleetRig rig) {
        rig.pass(Duration.ofMinutes(1));
        return rig.blocking(() -> rig.fleet.costs(Instant.EPOCH));
    }

    @Test
    void allAttemptsOfAJobAreUnderItsId() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run =
                    rig.run(job().script(Script.of(waitsTheFirstTime(folder.resolve("begun")))));
            rig.untilSaid("begun");
            rig.notice(rig.newest());
            JobResult result = rig.await(run);
            rig.passUntilEmpty();
            CostReport report = costs(rig.rig);
            assertThat(report.byJob().keySet()).containsExactly(result.requestId());
            List<CostLine> lines = report.lines();
            assertThat(lines).extracting(CostLine::end).containsExactly(End.RECLAIMED, End.CLOSED);
            assertThat(lines).allSatisfy(line -> assertThat(line.job()).contains(result.requestId()));
            assertThat(lines.get(0).times().lost())
                    .isPositive()
                    .isEqualTo(lines.get(0).times().run());
            assertThat(lines.get(1).times().lost()).isZero();
        }
    }

    @Test
    void aMachineThatWasKeptWasNoOrphan() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.keep(builder, Duration.ofMinutes(30));
            rig.passUntilEmpty(Duration.ofHours(1));
            rig.pass(Duration.ofMinutes(1));
            CostReport report = costs(rig);
            assertThat(report.lines()).extracting(CostLine::end).containsExactly(End.KEPT);
        }
    }
}
