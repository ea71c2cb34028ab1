package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The part of a machine that is real: its folder, its processes and its place on the SSH server. */
final class MachineRuntime {
    private static final Logger log = LoggerFactory.getLogger(MachineRuntime.class);

    private final String address;
    private final UserData userData;
    private final LocalMachine processes;
    private final Disk disk;
    private final Images.@Nullable Image image;
    private final AtomicBoolean imageRead = new AtomicBoolean();
    private final MachineHook hook;
    private final SshFront ssh;
    private final HostKeyFolder hostKeys;
    private final CompletableFuture<Void> filled = new CompletableFuture<>();
    private volatile boolean booting;
    private volatile boolean ended;
    private volatile int port;
    private volatile String said = "";

    /**
     * @param image what the folder is made from, held for this machine until it has booted or ended; null for the
     *     region's own image, which is empty
     */
    MachineRuntime(
            String id,
            String address,
            Path home,
            byte[] rawUserData,
            Images.@Nullable Image image,
            Map<String, String> environment,
            @Nullable Namespaces namespaces,
            MachineHook hook,
            SshFront ssh) {
        this.address = address;
        this.userData = UserData.parse(rawUserData);
        this.hostKeys = new HostKeyFolder(home.toAbsolutePath().resolve(".ssh-server"));
        Map<String, String> variables = new HashMap<>(environment);
        variables.put(HostKeyFolder.VARIABLE, hostKeys.path().toString());
        this.processes = new LocalMachine(home, id, userData.mainUser(), variables, namespaces);
        this.disk = new Disk(home);
        this.image = image;
        this.hook = hook;
        this.ssh = ssh;
    }

    String id() {
        return processes.id();
    }

    String address() {
        return address;
    }

    /** Returns the port of the SSH server, or 0 while that is not open. */
    int port() {
        return port;
    }

    LocalMachine processes() {
        return processes;
    }

    Disk disk() {
        return disk;
    }

    /** Completes when the disk holds what the machine begins with, or never will. */
    CompletableFuture<Void> filled() {
        return filled;
    }

    /** Returns the host keys that a new connection is shown. */
    List<KeyPair> hostKeys() {
        return hostKeys.hostKeys();
    }

    List<PublicKey> keysOf(String user) {
        return userData.keysOf(user);
    }

    /** Says something more on the console. */
    synchronized void say(String text) {
        said += text;
    }

    /** Returns what the console shows. */
    String console() {
        String booted = port == 0 ? "" : "cloud-init: finished\nsshd: listening on " + address + "\n";
        return "Simulated Linux is booting\n" + booted + said;
    }

    /** Makes the folder and opens SSH. A machine that cannot do so runs, but cannot be reached. */
    void boot() {
        booting = true;
        // Nobody may delete what is being written.
        if (ended || !disk.hold()) {
            letImageGo();
            return;
        }
        try {
            fillDisk();
            hostKeys.write(userData.hostKeys().isEmpty() ? List.of(newHostKey()) : userData.hostKeys());
            port = ssh.open(this);
            log.debug("{} accepts SSH", id());
        } catch (IOException | RuntimeException e) {
            log.warn("{} runs, but cannot be reached", id(), e);
        } finally {
            disk.release();
        }
        if (ended) {
            end();
        }
    }

    private void fillDisk() throws IOException {
        Path home = processes.home();
        try {
            Files.createDirectories(home);
            if (image == null) {
                hook.prepare(home);
            } else {
                image.disk.copyTo(home, image.home, home);
            }
        } finally {
            letImageGo();
            filled.complete(null);
        }
    }

    private void letImageGo() {
        if (image != null && imageRead.compareAndSet(false, true)) {
            image.disk.release();
        }
    }

    /** Ends connections and processes and deletes the folder, if no image is made from it. May be called again. */
    void end() {
        ended = true;
        ssh.close(this);
        processes.kill();
        disk.condemn();
        filled.complete(null);
        if (!booting) {
            letImageGo();
        }
        log.debug("{} is gone", id());
    }

    /** A key on P-256 that nobody knows: cloud-init's way out where user data brings none. */
    static KeyPair newHostKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has P-256", e);
        }
    }

    /** Deletes a folder and what is in it; links are deleted, not followed. */
    static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
                    if (!Files.isWritable(dir) && !dir.toFile().setWritable(true)) {
                        log.debug("Cannot make a folder of a machine that is gone writable");
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                    if (e instanceof NoSuchFileException) {
                        return FileVisitResult.CONTINUE;
                    }
                    throw e;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path dir, IOException e) throws IOException {
                    Files.deleteIfExists(dir);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            log.warn("The folder of a machine that is gone cannot be deleted: {}", folder, e);
        }
    }
}
