package dev.ephemeralbuilder.ecs;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.awaitility.Awaitility;

/**
 * A real OpenSSH server of one login, with everything of its own in a temporary folder: configuration, two host keys,
 * the home folder. Root's server sees its own {@code /etc/passwd}, {@code /etc/ssh} and {@code /run} (a mount namespace that only this
 * server is in); nothing of the host is changed. Closing it ends the server and all that was started through it.
 */
final class OpenSshServer implements AutoCloseable {
    /** What the configuration leaves as OpenSSH has it. */
    static final int MAX_SESSIONS = 10;

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int PORT_TRIES = 5;
    private static final KeyPair SECOND_HOST_KEY = rsa();

    private static final boolean HAS_PENALTIES = hasPenalties();

    /** Arguments: folder, sshd. The last line keeps the process id. */
    private static final String HIDE = """
            set -e
            mount --bind "$1/passwd" /etc/passwd
            mount --bind "$1/shadow" /etc/shadow
            mount --bind "$1/etc-ssh" /etc/ssh
            if [ ! -d /run/sshd ]; then mount -t tmpfs none /run; mkdir -m 755 /run/sshd; fi
            exec "$2" -D -E "$1/log" -f "$1/sshd_config"
            """;

    private final OpenSshLogin login;
    private final String marker = "EPHEMERAL_SSHD=" + UUID.randomUUID();
    private final Path folder;
    private final Path home;
    private final Path log;
    private final Process process;
    private final int port;
    // A run that is broken off must not leave a server behind.
    private final Thread exitHook = new Thread(this::end, "ephemeral-test-sshd-exit");

    OpenSshServer(OpenSshLogin login, KeyPair hostKey, PublicKey allowed) {
        this.login = login;
        try {
            this.folder = Files.createTempDirectory("eb-sshd");
            this.home = Files.createDirectory(folder.resolve("home"));
            this.log = folder.resolve("log");
            write(hostKey, allowed);
            int tried = 0;
            while (true) {
                int free = freePort();
                Process started = start(free);
                if (listens(started)) {
                    this.process = started;
                    this.port = free;
                    Runtime.getRuntime().addShutdownHook(exitHook);
                    return;
                }
                // Only somebody else's use of the port is worth another try.
                if (!log().contains("Address already in use") || ++tried == PORT_TRIES) {
                    throw new AssertionError(
                            "sshd did not start:\n" + Files.readString(folder.resolve("said")) + log());
                }
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError("sshd cannot be set up", e);
        }
    }

    private static KeyPair rsa() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private void write(KeyPair hostKey, PublicKey allowed) throws IOException, GeneralSecurityException {
        mode(folder, "rwx--x--x");
        mode(home, "rwx------");
        Path hostKeys = Files.createDirectory(hostKeys());
        mode(hostKeys, "rwx------");
        Path known = hostKeys.resolve("ssh_host_ecdsa_key");
        Path other = hostKeys.resolve("ssh_host_rsa_key");
        Files.writeString(known, OpenSshKeys.privateText(hostKey) + "\n");
        Files.writeString(
                hostKeys.resolve("ssh_host_ecdsa_key.pub"), OpenSshKeys.publicLine(hostKey.getPublic()) + "\n");
        ByteArrayOutputStream second = new ByteArrayOutputStream();
        OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(SECOND_HOST_KEY, "", null, second);
        Files.write(other, second.toByteArray());
        mode(known, "rw-------");
        mode(other, "rw-------");
        Files.writeString(folder.resolve("authorized_keys"), OpenSshKeys.publicLine(allowed) + "\n");
        mode(folder.resolve("authorized_keys"), "rw-r--r--");
        Path shell = login.shell();
        if (login == OpenSshLogin.BUSYBOX) {
            shell = applets(shell).resolve("sh");
        }
        if (login.hidden()) {
            String user = login.user() + ":*:" + login.uid() + ":" + login.uid() + "::" + home + ":" + shell + "\n";
            Files.writeString(folder.resolve("passwd"), user + others(Path.of("/etc/passwd")));
            Files.writeString(folder.resolve("shadow"), login.user() + ":*:19000:0:99999:7:::\n");
            mode(folder.resolve("passwd"), "rw-r--r--");
            mode(folder.resolve("shadow"), "rw-------");
            Files.setAttribute(home, "unix:uid", login.uid());
            Files.setAttribute(home, "unix:gid", login.uid());
        }
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private String others(Path passwd) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (String line : Files.readAllLines(passwd)) {
            if (!line.startsWith(login.user() + ":")) {
                lines.append(line).append('\n');
            }
        }
        return lines.toString();
    }

    private Path applets(Path busybox) throws IOException {
        Path bin = Files.createDirectory(folder.resolve("bin"));
        mode(bin, "rwxr-xr-x");
        Process list = new ProcessBuilder(busybox.toString(), "--list").start();
        for (String applet :
                new String(list.getInputStream().readAllBytes(), UTF_8).lines().toList()) {
            Files.createSymbolicLink(bin.resolve(applet), busybox);
        }
        return bin;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private Process start(int free) throws IOException {
        Path sshd = OpenSshLogin.program("sshd").orElseThrow();
        Path config = folder.resolve("sshd_config");
        String path = login == OpenSshLogin.BUSYBOX ? " PATH=" + folder.resolve("bin") : "";
        String keys = login.hidden() ? "" : " EPHEMERAL_SSH_DIR=" + hostKeys();
        // The last lines are what a connection of hours would meet.
        String settings = """
                Port %1$d
                ListenAddress 127.0.0.1
                HostKey %5$s/ssh_host_rsa_key
                HostKey %5$s/ssh_host_ecdsa_key
                AuthorizedKeysFile %2$s/authorized_keys
                PidFile %5$s/sshd.pid
                StrictModes no
                LogLevel DEBUG1
                SetEnv HOME=%3$s %4$s
                Banner %2$s/passwd
                ClientAliveInterval 1
                RekeyLimit 2M
                """.formatted(free, folder, home, marker + path + keys, hostKeys());
        Files.writeString(config, settings + (HAS_PENALTIES ? "PerSourcePenalties no\n" : ""));
        List<String> command = login.hidden()
                ? List.of("unshare", "--mount", "sh", "-c", HIDE, "sh", folder.toString(), sshd.toString())
                : List.of(sshd.toString(), "-D", "-E", log.toString(), "-f", config.toString());
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile())
                .start();
    }

    /** Since 9.8 a server holds off who fails or drops too often, and failing and dropping is what tests do. */
    private static boolean hasPenalties() {
        try {
            Process check = new ProcessBuilder(
                            OpenSshLogin.program("sshd").orElseThrow().toString(),
                            "-t",
                            "-f",
                            "/dev/null",
                            "-o",
                            "PerSourcePenalties=no")
                    .redirectErrorStream(true)
                    .start();
            return !new String(check.getInputStream().readAllBytes(), UTF_8).contains("PerSourcePenalties");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean listens(Process started) {
        Awaitility.await("sshd")
                .pollInterval(Duration.ofMillis(10))
                .atMost(PATIENCE)
                .until(() -> !started.isAlive() || log().contains("Server listening on"));
        return started.isAlive();
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /** Returns the login's home folder, as the server's commands see it. */
    Path home() {
        return home;
    }

    String user() {
        return login.user();
    }

    /** Returns the folder of the server's host keys; its commands have it in /etc/ssh or in EPHEMERAL_SSH_DIR. */
    Path hostKeys() {
        return folder.resolve("etc-ssh");
    }

    /** Returns all that the server has said. */
    String log() {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the server's processes that hold connections; one or, for a user other than root, two of each. */
    List<ProcessHandle> connections() {
        return process.descendants().filter(OpenSshServer::isSshd).toList();
    }

    private static boolean isSshd(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc", String.valueOf(process.pid()), "comm"))
                    .startsWith("sshd");
        } catch (IOException ended) {
            return false;
        }
    }

    /** Ends the processes of all connections at once, as a machine's network may. What they started runs on. */
    void cutAll() {
        connections().forEach(ProcessHandle::destroyForcibly);
    }

    /** Holds the processes of all connections, so that the other side only sees silence. They stay so to their end. */
    void freezeAll() {
        for (ProcessHandle connection : connections()) {
            signal("STOP", connection);
        }
    }

    private static void signal(String name, ProcessHandle target) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + name, String.valueOf(target.pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!kill.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("kill does not end");
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns the processes that were started through this server, as far as they are alive. */
    List<ProcessHandle> started() {
        List<ProcessHandle> found = new ArrayList<>();
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            all.filter(this::isMine).forEach(found::add);
        }
        return found;
    }

    private boolean isMine(ProcessHandle candidate) {
        try {
            byte[] environment = Files.readAllBytes(Path.of("/proc", String.valueOf(candidate.pid()), "environ"));
            return new String(environment, UTF_8).contains(marker);
        } catch (IOException endedOrNotOurs) {
            return false;
        }
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(exitHook);
        end();
    }

    private void end() {
        // It must not take in one more while they are counted.
        signal("STOP", process.toHandle());
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        Awaitility.await("the end of what was started by SSH")
                .pollInterval(Duration.ofMillis(10))
                .atMost(PATIENCE)
                .until(() -> {
                    List<ProcessHandle> left = started();
                    left.forEach(ProcessHandle::destroyForcibly);
                    return left.isEmpty() && !process.isAlive();
                });
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
