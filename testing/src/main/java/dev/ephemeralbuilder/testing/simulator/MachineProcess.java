package dev.ephemeralbuilder.testing.simulator;

import org.jspecify.annotations.Nullable;

/**
 * A process of this host that runs on a pretended machine. Immutable.
 *
 * @param pid its id on this host
 * @param program the name of its program, at most 15 characters; never its arguments, which may hold secrets
 * @param machine the id of its machine; null if it has cleared its environment
 */
public record MachineProcess(
        long pid, String program, @Nullable String machine) {
    @Override
    public String toString() {
        return pid + " (" + program + ")";
    }
}
