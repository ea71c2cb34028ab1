package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.JobRig.ends;
import static dev.ephemeralbuilder.testing.fleet.JobRig.job;
import static dev.ephemeralbuilder.testing.fleet.JobRig.script;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.JobAttempt.End;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.RecoveryPolicy;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.MachineCopies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Scripts that fail on machines that go: whose fault it is. */
@Timeout(120)
@Tag("once")
class JobBlameTest {
    @TempDir
    Path folder;

    /** A script that, in its first attempt only, ends when its file is there, with an exit code. */
    private String endsTheFirstTime(int code) {
        Path begun = folder.resolve("begun");
        return "if [ -e '" + begun + "' ]; then exit 0; fi; touch '" + begun + "'; echo begun; while [ ! -e '" + go()
                + "' ]; do sleep 0.02; done; exit " + code;
    }

    private Path go() {
        return folder.resolve("go");
    }

    private void letGo() {
        try {
            Files.createFile(go());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anEndBySignalOnAMachineThatIsGoneSecondsLaterIsTheMachines() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(job().script(script(endsTheFirstTime(143))));
            rig.untilSaid("begun");
            String first = rig.newest();
            int looks = rig.rig.cloud.calls(Call.DESCRIBE);
            letGo();
            rig.until("looked at", () -> rig.rig.cloud.calls(Call.DESCRIBE) > looks);
            rig.rig.cloud.vanish(first);
            JobResult result = rig.await(run);
            assertThat(result.success()).isTrue();
            assertThat(ends(result.attempts())).containsExactly(End.LOST, End.SUCCEEDED);
        }
    }

    @Test
    void anEndBySignalOnAMachineThatRunsOnIsTheScriptsAlsoAfterANotice() {
        try (JobRig rig = new JobRig()) {
            CompletableFuture<JobResult> run = rig.run(job().script(script(endsTheFirstTime(137)))
                    .recovery(RecoveryPolicy.defaults().spotAttempts(1).onDemandAttempts(1))
                    .request(AcquireRequest.builder()
                            .expectedDuration(Duration.ofMinutes(2))
                            .build()));
            rig.untilSaid("begun");
            rig.notice(rig.newest());
            rig.rig.pass(Duration.ofMinutes(1));
            letGo();
            JobResult result = rig.await(run);
            assertThat(result.exitCode()).isEqualTo(137);
            assertThat(ends(result.attempts())).containsExactly(End.SCRIPT_FAILED);
        }
    }

    @Test
    void aNoticeThatTheLookAfterTheFailureBringsMakesForASecondLook() {
        AtomicBoolean noticed = new AtomicBoolean();
        AtomicInteger looks = new AtomicInteger();
        try (JobRig rig = new JobRig(cloud -> cloud, fleet -> fleet, provider -> new ForwardingProvider(provider) {
            @Override
            public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                if (noticed.get()) {
                    looks.incrementAndGet();
                }
                return super.describe(ids);
            }
        })) {
            CompletableFuture<JobResult> run = rig.run(job().script(script(endsTheFirstTime(1)))
                    .request(AcquireRequest.builder()
                            .expectedDuration(Duration.ofMinutes(1))
                            .build()));
            rig.untilSaid("begun");
            String first = rig.newest();
            rig.notice(first);
            noticed.set(true);
            letGo();
            rig.until("looked at", () -> looks.get() > 0);
            rig.rig.cloud.vanish(first);
            JobResult result = rig.await(run);
            assertThat(result.success()).isTrue();
            assertThat(ends(result.attempts())).containsExactly(End.RECLAIMED, End.SUCCEEDED);
        }
    }

    @Test
    void anyFailureOnAMachineThatStopsIsTheMachines() {
        AtomicBoolean stopping = new AtomicBoolean();
        try (JobRig rig = new JobRig(cloud -> cloud, fleet -> fleet, provider -> new ForwardingProvider(provider) {
            @Override
            public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                Map<String, Machine> all = new TreeMap<>(super.describe(ids));
                if (stopping.get()) {
                    all.computeIfPresent("i-memory-000001", (id, machine) -> stopping(machine));
                }
                return all;
            }
        })) {
            CompletableFuture<JobResult> run = rig.run(job().script(script(endsTheFirstTime(1))));
            rig.untilSaid("begun");
            stopping.set(true);
            letGo();
            JobResult result = rig.await(run);
            assertThat(result.success()).isTrue();
            assertThat(ends(result.attempts())).containsExactly(End.LOST, End.SUCCEEDED);
            assertThat(result.attempts().get(0).reason()).contains("STOPPING");
        }
    }

    private static Machine stopping(Machine machine) {
        return MachineCopies.of(machine).state(MachineState.STOPPING).build();
    }
}
