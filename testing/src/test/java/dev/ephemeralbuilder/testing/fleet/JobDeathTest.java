package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.JobRig.job;
import static dev.ephemeralbuilder.testing.fleet.JobRig.script;
import static dev.ephemeralbuilder.testing.fleet.JobRig.waitsTheFirstTime;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.JobAttempt.End;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ReapReport;
import dev.ephemeralbuilder.ReapReport.Reason;
import dev.ephemeralbuilder.RecoveryPolicy;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.StateStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs whose process dies, above all between a notice and the replacement: whoever runs the same goes on. */
@Timeout(120)
@Tag("once")
class JobDeathTest {
    private static final AcquireRequest REQUEST =
            AcquireRequest.builder().requestId("job-7").build();

    @TempDir
    Path folder;

    private final StateStore store = StateStore.inMemory();

    /** Returns a rig whose fleet lives on. */
    private JobRig rig() {
        return new JobRig(
                cloud -> cloud.bootTime(Duration.ofSeconds(20)),
                fleet -> fleet.stateStore(store).host("b").noReaper().closeTimeout(Duration.ofSeconds(2)),
                provider -> provider);
    }

    private Job.Builder named() {
        return job().request(REQUEST).script(script(waitsTheFirstTime(folder.resolve("begun"))));
    }

    private static CompletableFuture<JobResult> begin(JobRig rig, MortalFleet mortal, Job.Builder job) {
        CompletableFuture<JobResult> run = mortal.fleet.runAsync(job.build(), rig.log);
        rig.untilSaid("begun");
        return run;
    }

    private static void die(MortalFleet mortal, CompletableFuture<JobResult> run) {
        mortal.die();
        assertThat(run).isCompletedExceptionally();
    }

    private static String replacementOf(String first, JobRig rig) {
        rig.until("another machine", () -> others(first, rig).findAny().isPresent());
        return others(first, rig).findAny().orElseThrow();
    }

    private static Stream<String> others(String first, JobRig rig) {
        return rig.rig.cloud.machines().stream().filter(id -> !id.equals(first));
    }

    /** Runs the job again and returns its only attempt. */
    private JobAttempt runAgain(JobRig rig, Job.Builder job) {
        JobResult result = rig.await(rig.run(job));
        assertThat(result.attempts()).hasSize(1);
        JobAttempt attempt = result.attempts().get(0);
        assertThat(attempt.end()).isEqualTo(End.SUCCEEDED);
        assertThat(rig.log.toString()).endsWith("again\n");
        return attempt;
    }

    @Test
    void aReplacementThatWasOrderedIsUsedAndTheMachineBeforeItGivenBack() {
        try (JobRig rig = rig()) {
            MortalFleet mortal = new MortalFleet(rig.rig, store);
            RecoveryPolicy farewell = RecoveryPolicy.defaults().farewell(script("sleep 300"));
            CompletableFuture<JobResult> run = begin(rig, mortal, named().recovery(farewell));
            String first = rig.rig.firstMachine();
            Instant deadline = rig.rig.ticker.now().plus(JobRig.NOTICE);
            rig.notice(first);
            String replacement = replacementOf(first, rig);
            die(mortal, run);
            assertThat(rig.rig.cloud.machines()).contains(first);

            assertThat(runAgain(rig, named()).machineId()).contains(replacement);
            assertThat(rig.rig.creates).isEmpty();
            rig.passUntilEmpty();
            assertThat(rig.rig.ticker.now()).isBefore(deadline);
        }
    }

    @Test
    void aReplacementWhoseCreateCallHadNoAnswerIsNotOrderedTwice() {
        try (JobRig rig = rig()) {
            MortalFleet mortal = new MortalFleet(rig.rig, store);
            CompletableFuture<JobResult> run = begin(rig, mortal, named());
            String first = rig.rig.firstMachine();
            mortal.cloud().silenceAtLaunch();
            rig.notice(first);
            String replacement = replacementOf(first, rig);
            die(mortal, run);

            assertThat(runAgain(rig, named()).machineId()).contains(replacement);
            List<Launch> launches = mortal.cloud().launches();
            assertThat(rig.rig.tokens())
                    .containsExactly(launches.get(launches.size() - 1).token());
            rig.passUntilEmpty();
        }
    }

    @Test
    void aNoticeThatTheDeadProcessHadNotHeardIsNoneForTheNext() {
        try (JobRig rig = rig()) {
            MortalFleet mortal = new MortalFleet(rig.rig, store);
            CompletableFuture<JobResult> run = begin(rig, mortal, named());
            String first = rig.rig.firstMachine();
            rig.notice(first);
            die(mortal, run);

            JobAttempt attempt = runAgain(rig, named());
            assertThat(attempt.machineId())
                    .hasValueSatisfying(id -> assertThat(id).isNotEqualTo(first));
            assertThat(rig.rig.creates).hasSize(1);
            // What it had begun there could run until then.
            assertThat(rig.rig.events)
                    .filteredOn(event -> event instanceof BuilderEvent.Gone || event instanceof BuilderEvent.Launching)
                    .first()
                    .isInstanceOfSatisfying(
                            BuilderEvent.Gone.class,
                            gone -> assertThat(gone.machineId()).isEqualTo(first));
            rig.passUntilEmpty();
        }
    }

    @Test
    void whatTheDeadProcessHadBegunOnSpotCountsAsAnAttemptThere() {
        try (JobRig rig = rig()) {
            RecoveryPolicy once = RecoveryPolicy.defaults().spotAttempts(1);
            MortalFleet mortal = new MortalFleet(rig.rig, store);
            die(mortal, begin(rig, mortal, named().recovery(once)));

            JobAttempt attempt = runAgain(rig, named().recovery(once));
            assertThat(attempt.offer().orElseThrow().market()).isEqualTo(Market.ON_DEMAND);
            rig.passUntilEmpty();
        }
    }

    @Test
    void aReplacementThatNobodyComesForIsReapedWhenItsLeaseHasPassed() {
        try (JobRig rig = rig()) {
            MortalFleet mortal = new MortalFleet(rig.rig, store);
            CompletableFuture<JobResult> run = begin(rig, mortal, named());
            String first = rig.rig.firstMachine();
            rig.notice(first);
            String replacement = replacementOf(first, rig);
            die(mortal, run);

            rig.rig.pass(Duration.ofMinutes(15));
            assertThat(rig.rig.cloud.machines()).containsExactly(replacement);
            ReapReport report = rig.rig.blocking(() -> rig.rig.fleet.reap());
            assertThat(report.deleted()).extracting(ReapReport.Finding::reason).containsExactly(Reason.LEASE_PASSED);
            rig.passUntilEmpty();
        }
    }
}
