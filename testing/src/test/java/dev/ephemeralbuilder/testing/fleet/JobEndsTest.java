package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.JobRig.ends;
import static dev.ephemeralbuilder.testing.fleet.JobRig.job;
import static dev.ephemeralbuilder.testing.fleet.JobRig.script;
import static dev.ephemeralbuilder.testing.fleet.JobRig.waitsTheFirstTime;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.JobAttempt.End;
import dev.ephemeralbuilder.JobException;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import dev.ephemeralbuilder.RecoveryPolicy;
import dev.ephemeralbuilder.event.BuilderEvent.JobAttemptEnded;
import dev.ephemeralbuilder.event.BuilderEvent.Released;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.ForwardingShell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How jobs end otherwise than by their scripts, and what happens beside their scripts. */
@Timeout(120)
@Tag("once")
class JobEndsTest {
    @TempDir
    Path folder;

    private Job.Builder twice() {
        return job().script(script(waitsTheFirstTime(folder.resolve("begun"))));
    }

    private static Job.Builder endless() {
        return job().script(script("echo begun; sleep 300"));
    }

    @Test
    void aFarewellThatHangsHoldsNothingUpAndEndsBeforeTheMachine() {
        Path said = folder.resolve("farewell");
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(twice().recovery(RecoveryPolicy.defaults()
                    .margin(Duration.ofSeconds(30))
                    .farewell(script("touch '" + said + "'; sleep 300"))));
            rig.untilSaid("begun");
            String first = rig.newest();
            Instant noticed = rig.rig.ticker.now();
            rig.notice(first);
            JobResult result = rig.await(run);
            assertThat(ends(result.attempts())).containsExactly(End.RECLAIMED, End.SUCCEEDED);
            rig.until("the farewell is said", () -> Files.exists(said));
            assertThat(rig.rig.ticker.now())
                    .isBefore(noticed.plus(JobRig.NOTICE).minusSeconds(30));
            assertThat(rig.rig.cloud.machines()).contains(first);
            rig.until(
                    "the first is given back",
                    () -> rig.rig.events(Released.class).stream()
                            .anyMatch(event -> event.machineId().equals(first)));
            assertThat(rig.rig.ticker.now())
                    .isBetween(noticed.plus(JobRig.NOTICE).minusSeconds(32), noticed.plus(JobRig.NOTICE));
        }
    }

    @Test
    void theFarewellComesWhenTheScriptsHaveEndedAndThenTheMachineGoes() {
        Path state = folder.resolve("state");
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(job().script(script("if [ -e '" + state
                            + "' ]; then cat '" + state + "'; else echo running >'" + state
                            + "'; echo begun; sleep 300; echo never >>'" + state + "'; fi"))
                    .recovery(RecoveryPolicy.defaults().farewell(script("echo saved >>'" + state + "'"))));
            rig.untilSaid("begun");
            String first = rig.newest();
            rig.notice(first);
            rig.await(run);
            rig.until("the first is gone", () -> !rig.rig.cloud.machines().contains(first));
            assertThat(state).hasContent("running\nsaved");
        }
    }

    @Test
    void theDeadlineEndsTheJobAndGivesEverythingBack() {
        try (JobRig rig = new JobRig()) {
            JobException failure = rig.awaitFailure(rig.run(endless().deadline(Duration.ofMinutes(3))));
            assertThat(failure).hasCauseInstanceOf(BuilderTimeoutException.class);
            assertThat(ends(failure.attempts())).containsExactly(End.DEADLINE);
            rig.passUntilEmpty();
        }
    }

    @Test
    void theDeadlineCountsForAllAttemptsAndFarewellsToo() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(endless()
                    .deadline(Duration.ofMinutes(3))
                    .recovery(RecoveryPolicy.defaults().farewell(script("sleep 300"))));
            rig.untilSaid("begun");
            rig.notice(rig.newest());
            JobException failure = rig.awaitFailure(run);
            assertThat(ends(failure.attempts())).containsExactly(End.RECLAIMED, End.DEADLINE);
            rig.passUntilEmpty();
        }
    }

    @Test
    void aJobThatIsCancelledGivesEverythingBack() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(endless());
            rig.untilSaid("begun");
            run.cancel(true);
            rig.passUntilEmpty();
            assertThat(rig.rig.event(JobAttemptEnded.class).attempt().end()).isEqualTo(End.CANCELLED);
        }
    }

    @Test
    void aJobThatIsCancelledWhileItBootsGivesEverythingBack() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(endless());
            rig.rig.firstMachine();
            run.cancel(true);
            rig.passUntilEmpty();
        }
    }

    @Test
    void anInterruptOfTheCallerGivesEverythingBack() throws Exception {
        try (JobRig rig = new JobRig()) {
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread caller = new Thread(
                    () -> {
                        try {
                            rig.rig.fleet.run(endless().build(), rig.log);
                        } catch (InterruptedException | RuntimeException e) {
                            thrown.set(e);
                        }
                    },
                    "test-caller");
            caller.start();
            rig.untilSaid("begun");
            caller.interrupt();
            caller.join(20_000);
            assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
            rig.passUntilEmpty();
        }
    }

    @Test
    void theEndOfTheFleetEndsTheJobAndNothingIsBegunAgain() {
        JobRig rig = new JobRig();
        CompletableFuture<JobResult> run = rig.run(endless());
        rig.untilSaid("begun");
        rig.close();
        assertThatThrownBy(run::join).hasCauseInstanceOf(BuilderLostException.class);
        assertThat(rig.rig.creates).hasSize(1);
        assertThat(rig.rig.cloud.machines()).isEmpty();
    }

    @Test
    void aSinkThatDoesNotTakeTheNewAttemptEndsTheJob() {
        try (JobRig rig = new JobRig()) {
            LogSink refusing = new LogSink() {
                @Override
                public void write(LogStream stream, byte[] bytes, int length) {
                    rig.log.write(stream, bytes, length);
                }

                @Override
                public void onNewAttempt(int attempt, JobAttempt last) throws IOException {
                    throw new IOException("no more");
                }
            };
            CompletableFuture<JobResult> run = rig.rig.fleet.runAsync(twice().build(), refusing);
            rig.untilSaid("begun");
            rig.notice(rig.newest());
            assertThat(rig.awaitFailure(run)).hasRootCauseMessage("no more");
            rig.passUntilEmpty();
        }
    }

    @Test
    void aSinkThatBlocksDoesNotHoldUpTheChangeOfMachines() {
        CountDownLatch open = new CountDownLatch(1);
        Path begun = folder.resolve("begun");
        try (JobRig rig = new JobRig()) {
            LogSink blocking = (stream, bytes, length) -> {
                try {
                    open.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            };
            // The sink that blocks must not stop the time.
            rig.rig.ticker.patience(Duration.ofMillis(20));
            CompletableFuture<JobResult> run = rig.rig.fleet.runAsync(twice().build(), blocking);
            rig.until("begun", () -> Files.exists(begun));
            String first = rig.newest();
            rig.notice(first);
            rig.until("a second machine works", () -> !rig.newest().equals(first));
            open.countDown();
            assertThat(ends(rig.await(run).attempts())).containsExactly(End.RECLAIMED, End.SUCCEEDED);
        }
    }

    /** Machines whose scripts end by themselves just before somebody cancels them. */
    private ForwardingProvider endsBeforeItIsCancelled(CloudProvider cloud, Path go) {
        return new ForwardingProvider(cloud) {
            @Override
            public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
                return new ForwardingShell(super.open(machine, keys)) {
                    @Override
                    public Channel open(String command) throws InterruptedException {
                        if (command.contains(" cancel ")) {
                            if (!Files.exists(go)) {
                                try {
                                    Files.createFile(go);
                                } catch (IOException e) {
                                    throw new AssertionError(e);
                                }
                            }
                            // The supervisor writes the end down within a second.
                            awaitEnd(command.replace(" cancel ", " await "));
                        }
                        return super.open(command);
                    }

                    private void awaitEnd(String command) throws InterruptedException {
                        try (Channel channel = super.open(command)) {
                            channel.ended().get(20, TimeUnit.SECONDS);
                        } catch (ExecutionException | TimeoutException e) {
                            throw new AssertionError(e);
                        }
                    }
                };
            }
        };
    }

    @Test
    void scriptsThatEndBeforeTheyAreCancelledAreTheResultAndTheNewMachineIsGivenBack() {
        Path go = folder.resolve("go");
        try (JobRig rig =
                new JobRig(cloud -> cloud, fleet -> fleet, provider -> endsBeforeItIsCancelled(provider, go))) {
            CompletableFuture<JobResult> run = rig.run(
                    job().script(script("echo begun; while [ ! -e '" + go + "' ]; do sleep 0.02; done; echo done >f"))
                            .download("f", folder.resolve("back")));
            rig.untilSaid("begun");
            rig.notice(rig.newest());
            JobResult result = rig.await(run);
            assertThat(result.success()).isTrue();
            assertThat(ends(result.attempts())).containsExactly(End.SUCCEEDED, End.CANCELLED);
            assertThat(folder.resolve("back/f")).hasContent("done");
            assertThat(rig.log.toString()).isEqualTo("begun\n");
            rig.passUntilEmpty();
        }
    }

    @Test
    void theMachineOfAFailedScriptIsKept() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run =
                    rig.run(job().script(script("exit 5")).keepOnFailure(Duration.ofMinutes(20)));
            JobResult result = rig.await(run);
            JobResult.Kept kept = result.kept().orElseThrow();
            assertThat(kept.until())
                    .isBetween(
                            rig.rig.ticker.now().plus(Duration.ofMinutes(19)),
                            rig.rig.ticker.now().plus(Duration.ofMinutes(21)));
            rig.rig.pass(Duration.ofMinutes(15));
            EphemeralBuilder builder = rig.rig.await(rig.rig.fleet.attachAsync(kept.machineId()));
            builder.close();
            rig.passUntilEmpty();
        }
    }

    @Test
    void theMachineOfASuccessIsNotKept() {
        try (JobRig rig = new JobRig()) {
            JobResult result = rig.await(rig.run(job().script(script("true")).keepOnFailure(Duration.ofMinutes(20))));
            assertThat(result.kept()).isEmpty();
            rig.passUntilEmpty();
        }
    }
}
