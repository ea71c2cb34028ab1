package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.spi.CloudProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;

/** A home-made executor, whole: what a team writes to build on machines that live no longer than the build. */
final class Embedding {
    /** The exit code for "try again later", as in {@code sysexits.h}. */
    private static final int TRY_AGAIN = 75;

    private Embedding() {}

    // README begin
    static int build(CloudProvider cloud, String image, Path checkout, Path jars, OutputStream log)
            throws IOException, InterruptedException {
        MachineSpec spec =
                MachineSpec.builder().vcpus(4).memoryGib(8).machineImage(image).build();
        Script script = Script.of("./mvnw -B verify").timeout(Duration.ofMinutes(30));

        try (BuildFleet fleet = BuildFleet.builder()
                        .owner("ci-hangzhou")
                        .provider(cloud)
                        .build();
                EphemeralBuilder builder = fleet.acquire(spec)) {
            builder.upload(checkout, ".");
            ScriptResult result = builder.run(script, LogSink.to(log));
            for (String jar : builder.glob("target/*.jar")) {
                builder.download(jar, jars.resolve(Path.of(jar).getFileName()));
            }
            System.err.println(builder.offer() + ": about " + builder.cost().amount());
            return result.exitCode();
        } catch (CapacityException e) {
            System.err.println("No stock in " + e.tried().size() + " places: " + e.getMessage());
            return TRY_AGAIN;
        } catch (BuilderException e) {
            System.err.println(e.getMessage());
            return e.retryable() ? TRY_AGAIN : 1;
        }
    }
    // README end
}
