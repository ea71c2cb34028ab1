package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A simulated cloud, and commands that reach it as they would reach the real one: by a file of settings, and by the keys
 * that the SDK finds in system properties. Whoever uses it needs those for itself alone.
 */
final class CloudRig implements AutoCloseable {
    private static final String ID = "alibabacloud.accessKeyId";
    private static final String SECRET = "alibabacloud.accessKeySecret";

    final AlibabaCloudSimulator cloud;
    final CommandRig commands;

    CloudRig(Path folder) throws IOException {
        cloud = AlibabaCloudSimulator.builder()
                .bootTime(Duration.ofMillis(200), Duration.ofMillis(200))
                .start();
        Files.writeString(folder.resolve("ephemeral.toml"), new SimulatorText(cloud).settings());
        System.setProperty(ID, cloud.accessKeyId());
        secret(cloud.accessKeySecret());
        commands = new CommandRig(folder, folder);
    }

    /** Lets the commands have another secret. */
    void secret(String secret) {
        System.setProperty(SECRET, secret);
    }

    @Override
    public void close() {
        System.clearProperty(ID);
        System.clearProperty(SECRET);
        commands.close();
        cloud.close();
    }
}
