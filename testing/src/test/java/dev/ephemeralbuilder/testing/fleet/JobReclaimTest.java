package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.JobRig.ends;
import static dev.ephemeralbuilder.testing.fleet.JobRig.job;
import static dev.ephemeralbuilder.testing.fleet.JobRig.script;
import static dev.ephemeralbuilder.testing.fleet.JobRig.waitsTheFirstTime;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.JobAttempt.End;
import dev.ephemeralbuilder.JobException;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.RecoveryPolicy;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.event.BuilderEvent.JobAttemptEnded;
import dev.ephemeralbuilder.event.BuilderEvent.JobAttemptStarted;
import dev.ephemeralbuilder.event.BuilderEvent.Selected;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs whose machines are taken back, with and without a word. */
@Timeout(120)
@Tag("once")
class JobReclaimTest {
    private static final MachineType TYPE = new MachineType("t.only", "t", Architecture.X86_64, 2000, 4096, 0);

    @TempDir
    Path folder;

    /** A rig whose cloud has one pool for each market. */
    private static JobRig onePool() {
        return new JobRig(
                cloud -> cloud.zones("z-a").type(TYPE, Money.of("1.00", "CNY")), fleet -> fleet, provider -> provider);
    }

    private Job.Builder twice() {
        return job().script(script(waitsTheFirstTime(folder.resolve("begun"))));
    }

    private static Job.Builder spotOnly() {
        return Job.builder(
                FleetRig.SPEC.toBuilder().markets(Set.of(Market.SPOT)).build());
    }

    private static AcquireRequest expecting(Duration time) {
        return AcquireRequest.builder().expectedDuration(time).build();
    }

    @Test
    void atNoticeTheJobBeginsAgainElsewhere() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(twice());
            rig.untilSaid("begun");
            String first = rig.newest();
            rig.notice(first);
            JobResult result = rig.await(run);
            assertThat(result.success()).isTrue();
            assertThat(rig.log).hasToString("begun\n--- 2 after RECLAIMED\nagain\n");
            assertThat(ends(result.attempts())).containsExactly(End.RECLAIMED, End.SUCCEEDED);
            assertThat(result.attempts().get(0).machineId()).contains(first);
            assertThat(result.attempts().get(0).reason()).contains("Recycling").contains(first);
            assertThat(result.attempts().get(0).cost()).isPresent();
            assertThat(result.attempts().get(1).offer().orElseThrow().pool())
                    .isNotEqualTo(result.attempts().get(0).offer().orElseThrow().pool());
            assertThat(rig.rig.events(Selected.class).get(1).selection().rejectionsByReason())
                    .containsEntry("a machine of this job was lost there", 1L);
            rig.until(
                    "two ends told", () -> rig.rig.events(JobAttemptEnded.class).size() == 2);
            assertThat(rig.rig.events(JobAttemptStarted.class))
                    .extracting(JobAttemptStarted::attempt)
                    .containsExactly(1, 2);
            assertThat(rig.rig.events(JobAttemptEnded.class))
                    .allSatisfy(event -> assertThat(event.requestId()).isEqualTo(result.requestId()))
                    .extracting(event -> event.attempt().end())
                    .containsExactly(End.RECLAIMED, End.SUCCEEDED);
            assertThat(rig.startOf(2)).isBefore(rig.rig.creates.get(0).at().plus(JobRig.NOTICE));
            rig.passUntilEmpty();
        }
    }

    @Test
    void aJobThatEndsInsideTheNoticeFinishesWhereItIs() throws Exception {
        try (JobRig rig = new JobRig()) {
            Path go = folder.resolve("go");
            CompletableFuture<JobResult> run = rig.run(job().request(expecting(Duration.ofMinutes(2)))
                    .script(script("echo begun; while [ ! -e '" + go + "' ]; do sleep 0.05; done")));
            rig.untilSaid("begun");
            rig.notice(rig.newest());
            rig.rig.pass(Duration.ofMinutes(1));
            Files.createFile(go);
            assertThat(ends(rig.await(run).attempts())).containsExactly(End.SUCCEEDED);
            assertThat(rig.rig.creates).hasSize(1);
        }
    }

    @Test
    void aJobThatWouldEndInsideTheMarginMovesOn() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(twice().request(expecting(JobRig.NOTICE.minusSeconds(5))));
            rig.untilSaid("begun");
            rig.notice(rig.newest());
            assertThat(ends(rig.await(run).attempts())).containsExactly(End.RECLAIMED, End.SUCCEEDED);
        }
    }

    @Test
    void aJobThatWasToEndInTimeAndIsTooLateMovesOnBeforeItsMachineGoes() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(twice().request(expecting(Duration.ofMinutes(4))));
            rig.untilSaid("begun");
            rig.notice(rig.newest());
            JobResult result = rig.await(run);
            assertThat(ends(result.attempts())).containsExactly(End.RECLAIMED, End.SUCCEEDED);
            assertThat(result.attempts().get(0).readyAt())
                    .hasValueSatisfying(ready -> assertThat(Duration.between(
                                    ready, result.attempts().get(0).endedAt()))
                            .isBetween(Duration.ofMinutes(4), JobRig.NOTICE.minus(Duration.ofSeconds(20))));
        }
    }

    @Test
    void aMachineThatGoesWithoutAWordIsLostAndTheJobBegunAgain() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(twice());
            rig.untilSaid("begun");
            rig.rig.cloud.vanish(rig.newest());
            JobResult result = rig.await(run);
            assertThat(ends(result.attempts())).containsExactly(End.LOST, End.SUCCEEDED);
            assertThat(rig.log).hasToString("begun\n--- 2 after LOST\nagain\n");
        }
    }

    @Test
    void afterTheSpotAttemptsTheJobRunsOnDemand() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run =
                    rig.run(twice().recovery(RecoveryPolicy.defaults().spotAttempts(1)));
            rig.untilSaid("begun");
            rig.notice(rig.newest());
            assertThat(rig.await(run).attempts())
                    .extracting(attempt -> attempt.offer().orElseThrow().market())
                    .containsExactly(Market.SPOT, Market.ON_DEMAND);
        }
    }

    @Test
    void aJobThatMayOnlyRunOnSpotEndsWithItsLastMachine() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(spotOnly()
                    .recovery(RecoveryPolicy.defaults().spotAttempts(1))
                    .script(script("echo begun; sleep 300")));
            rig.untilSaid("begun");
            rig.notice(rig.newest());
            JobException failure = rig.awaitFailure(run);
            assertThat(failure).hasCauseInstanceOf(BuilderReclaimedException.class);
            assertThat(ends(failure.attempts())).containsExactly(End.RECLAIMED);
            assertThat(failure.attempts().get(0).duration()).isGreaterThanOrEqualTo(JobRig.NOTICE);
            rig.passUntilEmpty();
        }
    }

    @Test
    void aLossWithoutAWordOnTheLastMachineSaysSo() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(spotOnly()
                    .recovery(RecoveryPolicy.defaults().spotAttempts(1))
                    .script(script("echo begun; sleep 300")));
            rig.untilSaid("begun");
            rig.rig.cloud.vanish(rig.newest());
            assertThat(rig.awaitFailure(run)).hasCauseInstanceOf(BuilderLostException.class);
        }
    }

    @Test
    void theOnlyPoolIsUsedAgainAlthoughAMachineWasLostThere() {
        try (JobRig rig = onePool()) {
            CompletableFuture<JobResult> run =
                    rig.run(spotOnly().script(script(waitsTheFirstTime(folder.resolve("begun")))));
            rig.untilSaid("begun");
            rig.notice(rig.newest());
            assertThat(ends(rig.await(run).attempts())).containsExactly(End.RECLAIMED, End.SUCCEEDED);
        }
    }

    @Test
    void onDemandTakesOverWhileSpotIsSoldOutEverywhere() {
        try (JobRig rig = onePool()) {
            rig.rig.cloud.stock(TYPE.id(), "z-a", Market.SPOT, 0);
            JobResult result = rig.await(rig.run(job().script(script("true"))));
            assertThat(result.attempts())
                    .singleElement()
                    .satisfies(attempt ->
                            assertThat(attempt.offer().orElseThrow().market()).isEqualTo(Market.ON_DEMAND));
        }
    }

    @Test
    void whenNothingCanReplaceTheMachineTheJobSaysWhatWasTried() {
        try (JobRig rig = onePool()) {
            CompletableFuture<JobResult> run = rig.run(twice());
            rig.untilSaid("begun");
            rig.rig.cloud.stockOut(TYPE.id(), "z-a");
            rig.notice(rig.newest());
            JobException failure = rig.awaitFailure(run);
            assertThat(failure).hasCauseInstanceOf(CapacityException.class);
            assertThat(ends(failure.attempts())).containsExactly(End.RECLAIMED, End.NO_MACHINE);
            rig.passUntilEmpty();
        }
    }

    @Test
    void noticeDuringAnUploadStopsIt() throws Exception {
        Path source = Files.writeString(folder.resolve("file"), "x");
        var uploading = new CountDownLatch(1);
        var interrupted = new CountDownLatch(1);
        try (JobRig rig = new JobRig()) {
            rig.rig.ticker.patience(Duration.ofMillis(20));
            CompletableFuture<JobResult> run = rig.run(job().upload(folder, "in", path -> {
                        if (uploading.getCount() > 0) {
                            uploading.countDown();
                            try {
                                new CountDownLatch(1).await(60, TimeUnit.SECONDS);
                            } catch (InterruptedException e) {
                                interrupted.countDown();
                                Thread.currentThread().interrupt();
                            }
                        }
                        return path.equals(source.getFileName());
                    })
                    .script(script("cat in/file; echo")));
            rig.until("uploading", () -> uploading.getCount() == 0);
            rig.notice(rig.newest());
            JobResult result = rig.await(run);
            assertThat(interrupted.getCount()).isZero();
            assertThat(ends(result.attempts())).containsExactly(End.RECLAIMED, End.SUCCEEDED);
            assertThat(rig.log).hasToString("--- 2 after RECLAIMED\nx\n");
        }
    }

    @Test
    void noticeWhileTwoScriptsRunEndsBoth() {
        String one = waitsTheFirstTime(folder.resolve("one"));
        String two = waitsTheFirstTime(folder.resolve("two"));
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(job().together(List.of(script(one), script(two))));
            rig.until("both begun", () -> rig.log.toString().equals("begun\nbegun\n"));
            rig.notice(rig.newest());
            JobResult result = rig.await(run);
            assertThat(result.scripts()).hasSize(2);
            assertThat(rig.log).hasToString("begun\nbegun\n--- 2 after RECLAIMED\nagain\nagain\n");
        }
    }

    @Test
    void aJobNeverRunsTwiceAtATime() {
        Path lock = folder.resolve("lock");
        // Its end takes a while: the next attempt must not begin before it.
        String text = "mkdir '" + lock + "' || echo TWICE; trap 'sleep 0.7; rmdir \"" + lock + "\"; exit 1' TERM; "
                + waitsTheFirstTime(folder.resolve("begun")).replace("sleep 300", "sleep 300 & wait")
                + "; rmdir '" + lock + "'";
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(job().script(Script.of(text)));
            rig.untilSaid("begun");
            rig.notice(rig.newest());
            JobResult result = rig.await(run);
            assertThat(result.success()).isTrue();
            assertThat(rig.log.toString()).doesNotContain("TWICE");
        }
    }

    @Test
    void aMachineThatNobodyReachesHoldsUpTheJobUntilItsDeadlineAndNoLonger() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(twice());
            rig.untilSaid("begun");
            String first = rig.newest();
            rig.rig.cloud.refuseConnections(first, true);
            rig.rig.cloud.cutShells(first);
            Instant noticed = rig.rig.ticker.now();
            rig.notice(first);
            JobResult result = rig.await(run);
            assertThat(result.success()).isTrue();
            assertThat(result.attempts().get(0).endedAt())
                    .isBeforeOrEqualTo(noticed.plus(JobRig.NOTICE).plusSeconds(1));
        }
    }

    @Test
    void aReplacementThatIsTakenBackItselfIsReplaced() {
        try (JobRig rig = new JobRig()) {
            Path begun = folder.resolve("twice");
            CompletableFuture<JobResult> run = rig.run(job().script(script("echo x >>'" + begun + "'; n=$(wc -l <'"
                    + begun + "'); echo run $n; if [ $n -lt 3 ]; then sleep 300; fi")));
            rig.untilSaid("run 1");
            rig.notice(rig.newest());
            rig.untilSaid("run 2");
            rig.notice(rig.newest());
            JobResult result = rig.await(run);
            assertThat(ends(result.attempts())).containsExactly(End.RECLAIMED, End.RECLAIMED, End.SUCCEEDED);
            assertThat(result.attempts())
                    .extracting(attempt -> attempt.offer().orElseThrow().market())
                    .containsExactly(Market.SPOT, Market.SPOT, Market.ON_DEMAND);
        }
    }

    @Test
    void aLossWhileItBootsIsNoAttemptOfTheJob() {
        try (JobRig rig = new JobRig()) {
            rig.rig.cloud.vanishNextLaunch();
            JobResult result = rig.await(rig.run(job().script(script("true"))));
            assertThat(ends(result.attempts())).containsExactly(End.SUCCEEDED);
            assertThat(rig.rig.cloud.calls(Call.LAUNCH)).isEqualTo(2);
        }
    }
}
