package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.nio.file.Path;

/** Prepares the home folder of a simulated machine, like an image that was made with something in it. */
@FunctionalInterface
public interface MachineHook {
    /**
     * Called once per instance, before its SSH server opens, and once per container, before its first start, on a thread
     * of the simulator. Not for instances whose image was made from another one: they have what that one had.
     *
     * @param home the home folder, which exists and is empty; deleted with the machine, links in it are not followed
     * @throws IOException if the machine cannot be prepared; an instance then runs, but cannot be reached, and a container
     *     does not start
     */
    void prepare(Path home) throws IOException;
}
