package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.ecs.EcsProvider;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.jspecify.annotations.Nullable;

/**
 * A real SSH server in the place of a simulated machine's: the cloud's create call brings its keys, and OpenSSH's own
 * client has one too. Safe for use by many threads.
 */
final class SshdHost implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Ticker wall;
    private final KeyPair clientKey = Keys.ecdsa();
    private final Path folder = Files.createTempDirectory("ephemeral-bench-ssh");
    private volatile @Nullable Sshd server;

    SshdHost(Ticker wall) throws IOException {
        this.wall = wall;
        Sshd.writeKey(folder.resolve("key"), clientKey);
    }

    /** Returns a provider of a cloud whose one machine is reached at this server. */
    CloudProvider provider(Cloud cloud) {
        EcsProvider ecs = CloudClients.ecs(cloud.facts())
                .user(Sshd.user())
                .addressResolver(machine -> {
                    Sshd running = server;
                    return running == null ? null : running.address();
                })
                .build();
        return new SshdCloud(ecs, this::start);
    }

    private synchronized void start(KeyPair hostKey, PublicKey allowed) throws InterruptedException {
        if (server != null) {
            return;
        }
        try {
            Sshd started = Sshd.start(wall, hostKey, List.of(allowed, clientKey.getPublic()));
            Files.writeString(
                    folder.resolve("known_hosts"),
                    "[127.0.0.1]:" + started.address().getPort() + " " + PublicKeyEntry.toString(hostKey.getPublic())
                            + "\n");
            server = started;
        } catch (IOException e) {
            throw new UncheckedIOException("sshd cannot be started", e);
        }
    }

    /** Runs a command by OpenSSH's client and throws its output away. */
    void ssh(String command) throws IOException, InterruptedException {
        Sshd running = server;
        if (running == null) {
            throw new IOException("there is no server");
        }
        Process client = new ProcessBuilder(
                        String.valueOf(Sshd.program("ssh")),
                        "-F",
                        "none",
                        "-p",
                        Integer.toString(running.address().getPort()),
                        "-i",
                        folder.resolve("key").toString(),
                        "-o",
                        "IdentitiesOnly=yes",
                        "-o",
                        "BatchMode=yes",
                        "-o",
                        "StrictHostKeyChecking=yes",
                        "-o",
                        "UserKnownHostsFile=" + folder.resolve("known_hosts"),
                        // The cipher that the library takes: OpenSSH's own first choice is slower.
                        "-c",
                        "aes128-gcm@openssh.com",
                        Sshd.user() + "@127.0.0.1",
                        command)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(folder.resolve("said").toFile())
                .start();
        try {
            if (!client.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || client.exitValue() != 0) {
                throw new IOException("ssh failed: " + Files.readString(folder.resolve("said")));
            }
        } finally {
            client.destroyForcibly();
        }
    }

    @Override
    public void close() throws IOException {
        Sshd running = server;
        if (running != null) {
            running.close();
        }
        Leftovers.delete(folder);
    }
}
