package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.spi.Ticker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.jspecify.annotations.Nullable;

/**
 * OpenSSH's server on the loopback address, with a configuration, a host key and a login of its own in a temporary folder.
 * Only root can make a login; it is seen by this server alone, which has a mount namespace of its own. Anybody else logs in
 * as oneself. Closing it ends the server and what was started through it.
 */
final class Sshd implements AutoCloseable {
    private static final List<Path> FOLDERS = Stream.of("/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin")
            .map(Path::of)
            .toList();
    private static final String OWN_USER = "eb-bench";
    private static final int OWN_ID = 64_331;
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int MOST_LOOKS = 200;

    /** Arguments: the folder, the server. The last command keeps the process id. */
    private static final String IN_NAMESPACE = """
            mount --bind "$1/passwd" /etc/passwd && { [ -d /run/sshd ] || { mount -t tmpfs none /run && mkdir /run/sshd; }; } &&
            exec "$2" -D -e -f "$1/config"
            """;

    private final Path folder;
    private final Process process;
    private final int port;

    private Sshd(Path folder, Process process, int port) {
        this.folder = folder;
        this.process = process;
        this.port = port;
    }

    /** Returns what this host lacks for a server and a client; empty if nothing. */
    static Optional<String> missing() throws IOException, InterruptedException {
        if (!Files.isDirectory(Path.of("/proc/self"))) {
            return Optional.of("it needs Linux");
        }
        for (String name : List.of("sshd", "ssh")) {
            if (program(name) == null) {
                return Optional.of("there is no " + name + " (Debian and Ubuntu: openssh-server and openssh-client)");
            }
        }
        if (isRoot() && !succeeds("unshare", "--mount", "true")) {
            return Optional.of("root needs unshare --mount (util-linux; CAP_SYS_ADMIN) to make a login");
        }
        return Optional.empty();
    }

    /** Returns the user that logs in. */
    static String user() {
        return isRoot() ? OWN_USER : System.getProperty("user.name");
    }

    static @Nullable Path program(String name) {
        return FOLDERS.stream()
                .map(folder -> folder.resolve(name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    /** Starts a server and waits until it listens. */
    static Sshd start(Ticker wall, KeyPair hostKey, List<PublicKey> allowed) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("ephemeral-bench-sshd");
        try {
            int port = freePort();
            Sshd server = new Sshd(folder, process(folder, port, hostKey, allowed), port);
            for (int looks = 0; looks < MOST_LOOKS && server.process.isAlive(); looks++) {
                if (server.listens()) {
                    return server;
                }
                Pause.on(wall, Duration.ofMillis(50));
            }
            server.close();
            throw new IOException("sshd does not listen");
        } catch (IOException | InterruptedException | RuntimeException e) {
            Leftovers.end(folder);
            throw e;
        }
    }

    private static Process process(Path folder, int port, KeyPair hostKey, List<PublicKey> allowed) throws IOException {
        mode(folder, "rwx--x--x");
        Path home = Files.createDirectory(folder.resolve("home"));
        writeKey(folder.resolve("host"), hostKey);
        Files.write(
                folder.resolve("allowed"),
                allowed.stream().map(PublicKeyEntry::toString).toList());
        mode(folder.resolve("allowed"), "rw-r--r--");
        Files.writeString(folder.resolve("config"), """
                Port %d
                ListenAddress 127.0.0.1
                HostKey %2$s/host
                AuthorizedKeysFile %2$s/allowed
                PidFile none
                StrictModes no
                SetEnv HOME=%2$s/home
                """.formatted(port, folder));
        String sshd = String.valueOf(program("sshd"));
        List<String> command =
                List.of(sshd, "-D", "-e", "-f", folder.resolve("config").toString());
        if (isRoot()) {
            Files.setAttribute(home, "unix:uid", OWN_ID);
            Files.writeString(
                    folder.resolve("passwd"),
                    OWN_USER + ":*:" + OWN_ID + ":" + OWN_ID + "::" + home + ":/bin/sh\n"
                            + Files.readString(Path.of("/etc/passwd")));
            mode(folder.resolve("passwd"), "rw-r--r--");
            command = List.of("unshare", "--mount", "sh", "-c", IN_NAMESPACE, "sh", folder.toString(), sshd);
        }
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile())
                .start();
    }

    /** Writes a private key as OpenSSH's programs want it. */
    static void writeKey(Path file, KeyPair key) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try {
            OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(key, "", null, text);
        } catch (GeneralSecurityException e) {
            throw new IOException("the key cannot be written", e);
        }
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(file, text.toByteArray());
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private boolean listens() {
        try (Socket socket = new Socket()) {
            socket.connect(address(), 1_000);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static boolean succeeds(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) && process.exitValue() == 0;
    }

    @Override
    public void close() throws IOException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        // What the login has started has its home folder in the environment.
        Leftovers.end(folder);
    }
}
