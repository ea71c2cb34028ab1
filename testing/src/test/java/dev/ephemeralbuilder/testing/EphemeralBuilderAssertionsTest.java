package dev.ephemeralbuilder.testing;

import static dev.ephemeralbuilder.testing.EphemeralBuilderAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.testing.junit.EphemeralBuilderExtension;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class EphemeralBuilderAssertionsTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final MachineSpec SPEC =
            MachineSpec.builder().vcpus(2).memoryGib(4).machineImage("m-any").build();

    @RegisterExtension
    final EphemeralBuilderExtension extension = EphemeralBuilderExtension.inMemory();

    private static EphemeralBuilder acquire(BuildFleet fleet, TestTicker ticker) {
        return ticker.advanceUntil(fleet.acquireAsync(SPEC, AcquireRequest.defaults()), HOUR);
    }

    private static ScriptResult result(int exitCode, ScriptResult.Ending ending) {
        return new ScriptResult(exitCode, ending, Duration.ofSeconds(1), 0, 0);
    }

    @Test
    void machinesAreCountedAndNamed(BuildFleet fleet, InMemoryProvider cloud, TestTicker ticker) {
        assertThat(cloud).hasNoMachines();
        try (EphemeralBuilder builder = acquire(fleet, ticker)) {
            assertThat(cloud).hasMachines(1);
            assertThatThrownBy(() -> assertThat(cloud).hasNoMachines())
                    .isInstanceOf(AssertionError.class)
                    .hasMessage("expected 0 machine(s), there are 1: [" + builder.id() + " (mem.c1.large, RUNNING)]");
        }
    }

    @Test
    void processesAreNamedWithoutTheirArguments(BuildFleet fleet, InMemoryProvider cloud, TestTicker ticker) {
        try (EphemeralBuilder builder = acquire(fleet, ticker)) {
            RunningScript script = ticker.advanceUntil(builder.start(Script.of("exec sleep 4711.25")), HOUR);
            Awaitility.await()
                    .until(() -> cloud.processes().stream()
                            .anyMatch(process -> process.program().equals("sleep")));
            assertThat(script.result()).isNotDone();
            assertThatThrownBy(() -> assertThat(cloud).hasNoProcesses())
                    .isInstanceOf(AssertionError.class)
                    .hasMessageMatching("expected no processes, there are \\[.*\\d+ \\(sleep\\).*\\]")
                    .hasMessageNotContaining("4711.25");
        }
    }

    @Test
    void aBuilderIsGoneWhenTheCloudNoLongerShowsIt(BuildFleet fleet, InMemoryProvider cloud, TestTicker ticker) {
        EphemeralBuilder builder = acquire(fleet, ticker);
        builder.close();
        assertThatThrownBy(() -> assertThat(builder).isGone())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(builder.requestId());
        ticker.advanceUntil(builder.gone(), HOUR);
        assertThat(builder).isGone();
        assertThat(cloud).hasNoMachines();
    }

    @Test
    void aNoticeOfReclaimIsSeen(BuildFleet fleet, InMemoryProvider cloud, TestTicker ticker) {
        try (EphemeralBuilder builder = acquire(fleet, ticker)) {
            assertThat(builder).isNotReclaimed();
            assertThatThrownBy(() -> assertThat(builder).isReclaimed()).isInstanceOf(AssertionError.class);
            assertThat(builder.offer().market()).isEqualTo(Market.SPOT);
        }
    }

    @Test
    void theEndOfAScriptIsTold() {
        assertThat(result(0, ScriptResult.Ending.EXITED)).isSuccess();
        assertThat(result(3, ScriptResult.Ending.EXITED)).exitedWith(3);
        assertThat(result(143, ScriptResult.Ending.TIMED_OUT)).endedBy(ScriptResult.Ending.TIMED_OUT);
        assertThatThrownBy(() ->
                        assertThat(result(0, ScriptResult.Ending.CANCELLED)).isSuccess())
                .isInstanceOf(AssertionError.class)
                .hasMessage("expected the script to exit with 0, it ended with 0 (CANCELLED)");
    }

    @Test
    void aSimulatorWithoutMachinesHasNone() {
        try (AlibabaCloudSimulator simulator = AlibabaCloudSimulator.builder().start()) {
            assertThat(simulator).hasNoMachines().hasNoProcesses();
        }
    }
}
