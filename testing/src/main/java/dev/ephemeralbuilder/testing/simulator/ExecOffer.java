package dev.ephemeralbuilder.testing.simulator;

import java.time.Instant;
import java.util.List;

/**
 * A command that whoever has its token may run once.
 *
 * @param tty whether it runs on a terminal
 * @param until when it is too late
 */
record ExecOffer(
        GroupRuntime runtime, String container, List<String> command, boolean stdin, boolean tty, Instant until) {
    ExecOffer {
        command = List.copyOf(command);
    }

    /** Leaves out the command, which may hold secrets. */
    @Override
    public String toString() {
        return "ExecOffer[" + runtime.id() + ", " + container + "]";
    }
}
