package com.example.ci;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Script;
import java.io.IOException;
import java.io.OutputStream;

/** What a team writes on top of the library, and wants to test. */
public final class BuildRunner {
    /** The exit code of a build that the CI is to start again. */
    public static final int TRY_AGAIN = 75;

    private final BuildFleet fleet;
    private final MachineSpec spec;

    public BuildRunner(BuildFleet fleet, String image) {
        this.fleet = fleet;
        this.spec = MachineSpec.builder().vcpus(2).memoryGib(4).machineImage(image).build();
    }

    /** Runs a build on a machine of its own and returns its exit code. */
    public int build(String script, OutputStream log) throws IOException, InterruptedException {
        try (EphemeralBuilder builder = fleet.acquire(spec)) {
            return builder.run(Script.of(script), LogSink.to(log)).exitCode();
        } catch (BuilderException e) {
            return e.retryable() ? TRY_AGAIN : 1;
        }
    }
}
