package dev.ephemeralbuilder.testing.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.ContainerResult;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.ReapReport;
import dev.ephemeralbuilder.ReapReport.Reason;
import dev.ephemeralbuilder.spi.StateStore;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Commands of containers whose process dies: whoever asks for the same goes on, and what nobody asks for goes. */
@Timeout(120)
class RunOnceDeathTest {
    private static final MachineSpec SPEC = MachineSpec.builder()
            .vcpus(2)
            .memoryGib(4)
            .containerImage("registry.example/job:1")
            .build();

    private static final String WAITING = "echo begun; while [ ! -f go ]; do sleep 0.05; done; ";

    private static final AcquireRequest REQUEST =
            AcquireRequest.builder().requestId("job-7").build();

    private final StateStore store = StateStore.inMemory();
    private final AtomicReference<SilencedProvider> dying = new AtomicReference<>();
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();

    private FleetRig rig() {
        return new FleetRig(
                cloud -> cloud, fleet -> fleet.stateStore(store).host("b").noReaper());
    }

    private BuildFleet mortal(FleetRig rig) {
        return rig.another(
                settings -> settings.stateStore(store).host("b").noReaper().closeTimeout(Duration.ofSeconds(2)),
                next -> {
                    dying.set(new SilencedProvider(next));
                    return dying.get();
                });
    }

    private CompletableFuture<ContainerResult> begin(BuildFleet fleet, String script) {
        return fleet.runOnceAsync(SPEC, REQUEST, ContainerCommand.of("sh", "-c", script), LogSink.to(output));
    }

    /** Lets a process die while its command runs; returns the machine. */
    private String dieInTheMiddle(FleetRig rig, String script) {
        BuildFleet mortal = mortal(rig);
        CompletableFuture<ContainerResult> lost = begin(mortal, script);
        String id = rig.firstMachine();
        for (int i = 0; i < 100 && !output.toString(UTF_8).contains("begun"); i++) {
            rig.pass(Duration.ofSeconds(1));
        }
        dying.get().silence();
        rig.close(mortal);
        assertThat(lost).isCompletedExceptionally();
        output.reset();
        return id;
    }

    @Test
    void whatADeadProcessHadRunningIsFollowedFromTheBeginning() {
        try (FleetRig rig = rig()) {
            String script = WAITING + "echo done; exit 3";
            String id = dieInTheMiddle(rig, script);
            RunOnceTest.go(rig, id);
            ContainerResult result = rig.await(begin(rig.fleet, script));
            assertThat(result.machineId()).isEqualTo(id);
            assertThat(result.exitCode()).isEqualTo(3);
            assertThat(output.toString(UTF_8)).isEqualTo("begun\ndone\n");
            assertThat(rig.creates).as("create calls of the second process").isEmpty();
            rig.passUntilEmpty(Duration.ofMinutes(1));
        }
    }

    @Test
    void aCreateCallWithoutAnAnswerIsRepeatedUnchanged() {
        try (FleetRig rig = rig()) {
            BuildFleet mortal = mortal(rig);
            dying.get().silenceAtLaunch();
            CompletableFuture<ContainerResult> lost = begin(mortal, "echo once; exit 4");
            String id = rig.firstMachine();
            rig.close(mortal);
            assertThat(lost).isCompletedExceptionally();
            ContainerResult result = rig.await(begin(rig.fleet, "echo once; exit 4"));
            assertThat(result.machineId()).isEqualTo(id);
            assertThat(result.exitCode()).isEqualTo(4);
            assertThat(output.toString(UTF_8)).isEqualTo("once\n");
        }
    }

    @Test
    void anotherCommandForTheCreateCallOfADeadProcessIsRefused() {
        try (FleetRig rig = rig()) {
            BuildFleet mortal = mortal(rig);
            dying.get().silenceAtLaunch();
            CompletableFuture<ContainerResult> lost = begin(mortal, "echo one");
            String id = rig.firstMachine();
            rig.close(mortal);
            assertThat(lost).isCompletedExceptionally();
            CompletableFuture<ContainerResult> other = begin(rig.fleet, "echo another");
            assertThatThrownBy(() -> rig.await(other))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("another command");
            assertThat(rig.cloud.machines()).containsExactly(id);
        }
    }

    @Test
    void anotherCommandForTheMachineOfADeadProcessIsRefusedAndTheMachineGivenBack() {
        try (FleetRig rig = rig()) {
            dieInTheMiddle(rig, "echo begun; exec sleep 600");
            CompletableFuture<ContainerResult> other = begin(rig.fleet, "echo another");
            assertThatThrownBy(() -> rig.await(other))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("another command");
            rig.passUntilEmpty(Duration.ofMinutes(1));
        }
    }

    @Test
    void noScriptsRunOnTheMachineOfADeadProcess() {
        try (FleetRig rig = rig()) {
            dieInTheMiddle(rig, "echo begun; exec sleep 600");
            CompletableFuture<EphemeralBuilder> builder = rig.fleet.acquireAsync(SPEC, REQUEST);
            assertThatThrownBy(() -> rig.await(builder))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("runs a command of its own");
        }
    }

    @Test
    void theResultOfADeadProcessWaitsUntilItsLeaseHasPassedAndIsReapedThen() {
        try (FleetRig rig = rig()) {
            String id = dieInTheMiddle(rig, WAITING + "exit 3");
            RunOnceTest.go(rig, id);
            rig.pass(Duration.ofMinutes(5));
            ReapReport early = rig.blocking(() -> rig.fleet.reap());
            assertThat(early.left())
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.reason()).isEqualTo(Reason.LEASE_RUNS));
            rig.pass(Duration.ofMinutes(10));
            ReapReport late = rig.blocking(() -> rig.fleet.reap());
            assertThat(late.deleted())
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.reason()).isEqualTo(Reason.LEASE_PASSED));
            rig.passUntilEmpty(Duration.ofMinutes(1));
            assertThat(store.lines(StateStore.Log.LEDGER, Instant.EPOCH))
                    .extracting(line -> line.get("machine"))
                    .containsExactly(id);
        }
    }

    @Test
    void whatADeadProcessHasLeftCanBeReleasedById() {
        try (FleetRig rig = rig()) {
            String id = dieInTheMiddle(rig, WAITING + "exit 3");
            RunOnceTest.go(rig, id);
            rig.release(rig.fleet, id);
            assertThat(rig.cloud.machines()).isEmpty();
        }
    }
}
