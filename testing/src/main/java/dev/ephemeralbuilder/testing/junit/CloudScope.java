package dev.ephemeralbuilder.testing.junit;

import dev.ephemeralbuilder.testing.simulator.MachineProcess;
import dev.ephemeralbuilder.testing.simulator.MachineProcesses;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A cloud for as long as one test or one class lasts; made when it is first needed. Safe for use by many threads. */
final class CloudScope {
    private static final int KILL_ROUNDS = 10;

    private final TestCloud.Kind kind;
    private final OwnThreads threads = new OwnThreads();
    private final Set<String> reported = new HashSet<>();
    private @Nullable TestCloud cloud;

    CloudScope(TestCloud.Kind kind) {
        this.kind = kind;
    }

    /** Returns the cloud; the first call makes it, and blocks. */
    synchronized TestCloud cloud() {
        if (cloud == null) {
            cloud = threads.make(kind::start);
        }
        return cloud;
    }

    /** Returns the threads of the cloud. */
    OwnThreads threads() {
        return threads;
    }

    /**
     * Adds the machines that are still there, and that no test was told of.
     *
     * @param owner whose; null for everybody's
     */
    void reportMachines(@Nullable String owner, Leaks leaks) {
        TestCloud made = made();
        if (made == null) {
            return;
        }
        List<TestCloud.Left> left;
        synchronized (this) {
            left = made.machines().stream()
                    .filter(m -> owner == null || owner.equals(m.owner()))
                    .filter(m -> reported.add(m.id()))
                    .toList();
        }
        leaks.addMachines(left, left.isEmpty() || !MachineProcesses.visible() ? List.of() : made.processes());
    }

    /** Adds what still runs of machines that are gone. */
    void reportProcesses(Leaks leaks) {
        TestCloud made = made();
        if (made != null && MachineProcesses.visible()) {
            leaks.addProcesses(
                    made, made.machines().stream().map(TestCloud.Left::id).collect(Collectors.toSet()));
        }
    }

    /** Ends the cloud, if there is one, and all its processes; blocks. */
    void close() {
        TestCloud made = made();
        if (made == null) {
            return;
        }
        threads.end(made::close, () -> {});
        // A cloud in memory goes on while a test has not closed a client of it.
        for (int round = 0; round < KILL_ROUNDS && MachineProcesses.visible(); round++) {
            List<MachineProcess> left = made.processes();
            if (left.isEmpty()) {
                return;
            }
            left.forEach(process -> ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroyForcibly));
            Leaks.awaitEnd(left);
        }
    }

    private synchronized @Nullable TestCloud made() {
        return cloud;
    }
}
