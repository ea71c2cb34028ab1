package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.MachineProcess;
import java.util.List;
import java.util.function.Supplier;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/**
 * Assertions about what there is in a pretended cloud at the moment of the question; none of them waits. A machine that is
 * being deleted is there until the cloud no longer shows it, see {@link dev.ephemeralbuilder.EphemeralBuilder#gone}.
 */
public final class CloudAssert extends AbstractAssert<CloudAssert, AutoCloseable> {
    private final Supplier<List<String>> machines;
    private final Supplier<List<MachineProcess>> processes;

    private CloudAssert(
            @Nullable AutoCloseable actual, Supplier<List<String>> machines, Supplier<List<MachineProcess>> processes) {
        super(actual, CloudAssert.class);
        this.machines = machines;
        this.processes = processes;
    }

    static CloudAssert of(AlibabaCloudSimulator simulator) {
        return new CloudAssert(
                simulator,
                () -> simulator.machines().stream()
                        .map(m -> m.id() + " (" + m.type() + ", " + m.state() + ")")
                        .toList(),
                simulator::processes);
    }

    static CloudAssert of(InMemoryProvider cloud) {
        return new CloudAssert(
                cloud,
                () -> cloud.inventory().stream()
                        .map(m -> m.id() + " (" + m.type() + ", " + m.state() + ")")
                        .toList(),
                cloud::processes);
    }

    /** Verifies that there is no machine, of whatever owner. */
    public CloudAssert hasNoMachines() {
        return hasMachines(0);
    }

    /** Verifies how many machines there are, of all owners together. */
    public CloudAssert hasMachines(int expected) {
        isNotNull();
        List<String> found = machines.get();
        if (found.size() != expected) {
            throw failure("expected %d machine(s), there are %d: %s", expected, found.size(), found);
        }
        return this;
    }

    /**
     * Verifies that no process runs on any machine.
     *
     * @throws UnsupportedOperationException if this host does not show whose processes are whose
     */
    public CloudAssert hasNoProcesses() {
        isNotNull();
        List<MachineProcess> found = processes.get();
        if (!found.isEmpty()) {
            throw failure("expected no processes, there are %s", found);
        }
        return this;
    }
}
