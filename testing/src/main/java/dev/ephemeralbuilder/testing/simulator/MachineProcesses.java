package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * The processes of all machines of one pretended cloud, known by a variable in their environment; so that a process is
 * found also when nobody knows its machine any more.
 *
 * <p>Safe for use by many threads.
 */
public final class MachineProcesses {
    private static final String VARIABLE = "EPHEMERAL_CLOUD_KEY";

    private final String key = UUID.randomUUID().toString();

    private MachineProcesses() {}

    /** Returns what knows the processes of a new cloud. */
    public static MachineProcesses create() {
        return new MachineProcesses();
    }

    /** Returns the variable that every {@link LocalMachine} of this cloud must give to its processes; unmodifiable. */
    public Map<String, String> environment() {
        return Map.of(VARIABLE, key);
    }

    /** Returns whether this host shows whose processes are whose: whether it has a {@code /proc} with environments. */
    public static boolean visible() {
        return ProcessTable.available();
    }

    /**
     * Looks for the living processes of the cloud's machines, sorted by id. Reads the host's table of processes; blocks
     * for some milliseconds.
     *
     * @throws UnsupportedOperationException if this host has no {@code /proc} that shows environments
     * @throws UncheckedIOException if it cannot be read
     */
    public List<MachineProcess> list() {
        if (!visible()) {
            throw new UnsupportedOperationException("this host does not show the environment of processes");
        }
        try {
            return ProcessTable.read().describe(Set.of(VARIABLE + "=" + key), LocalMachine.MACHINE_VARIABLE);
        } catch (IOException e) {
            throw new UncheckedIOException("the table of processes cannot be read", e);
        }
    }
}
