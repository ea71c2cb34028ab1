package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.simulator.LocalMachine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.digest.BuiltinDigests;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The inside of one machine: its keys, its processes and the shells that are open to it. */
final class InMemoryHost {
    /** A machine and its cloud may end at the same time, and each removes what it knows of. */
    private static final int DELETIONS = 10;

    private static final Logger log = LoggerFactory.getLogger(InMemoryHost.class);
    private static final String PREFIX = "SHA256:";

    private final LocalMachine machine;
    private final PublicKey clientKey;
    private final @Nullable InMemoryCommand command;
    private final Set<ProcessShell> shells = new HashSet<>();
    private String fingerprint;
    private boolean refusing;
    private boolean used;
    private boolean ended;

    /** @param command what it runs by itself, null if it waits for shells */
    InMemoryHost(LocalMachine machine, Launch launch, @Nullable InMemoryCommand command) {
        this.machine = machine;
        this.command = command;
        this.fingerprint = fingerprint(launch.hostKey().getPublic());
        this.clientKey = launch.clientKey();
    }

    private static String fingerprint(PublicKey key) {
        String print = KeyUtils.getFingerPrint(BuiltinDigests.sha256, key);
        return print.startsWith(PREFIX) ? print.substring(PREFIX.length()) : print;
    }

    /** Shows another host key from now on. */
    synchronized void show(PublicKey hostKey) {
        fingerprint = fingerprint(hostKey);
    }

    synchronized void refuse(boolean refuse) {
        refusing = refuse;
    }

    /** Lets in who expects this host key and holds the right client key. */
    ProcessShell open(ShellKeys keys, Function<LocalMachine, ProcessShell> connect) {
        String shown;
        synchronized (this) {
            if (refusing || ended || command != null) {
                throw silent(machine.id());
            }
            shown = fingerprint;
        }
        // docs begin: host-key
        if (!keys.accept(shown)) {
            throw new ProviderException(
                    "machine " + machine.id() + " shows host key " + shown + ", not the one of " + keys,
                    Effect.NONE,
                    false,
                    "HostKeyMismatch",
                    null,
                    null);
        }
        // docs end: host-key
        if (!proves(keys.client())) {
            throw new ProviderException(
                    "machine " + machine.id() + " does not let this client key in",
                    Effect.NONE,
                    false,
                    "PublicKeyRefused",
                    null,
                    null);
        }
        synchronized (this) {
            used = true;
        }
        ProcessShell shell = connect.apply(machine);
        synchronized (this) {
            if (!ended) {
                shells.add(shell);
                return shell;
            }
        }
        shell.close();
        throw silent(machine.id());
    }

    synchronized void forget(ProcessShell shell) {
        shells.remove(shell);
    }

    /** Starts what the machine runs by itself, unless it has ended already. */
    void start(Executor io, Runnable whenOver) {
        synchronized (this) {
            if (ended || command == null) {
                whenOver.run();
                return;
            }
            used = true;
        }
        command.start(machine, io, whenOver);
    }

    /** Closes all shells; the processes go on. */
    void cut() {
        List<ProcessShell> open;
        synchronized (this) {
            open = List.copyOf(shells);
            shells.clear();
        }
        open.forEach(ProcessShell::close);
    }

    /** Lets nobody in any more and closes all shells. */
    void seal() {
        synchronized (this) {
            ended = true;
        }
        if (command != null) {
            command.seal();
        }
        cut();
    }

    /** Ends all processes and removes their files, the first time; blocks. To be called after {@link #seal}. */
    void destroy() {
        synchronized (this) {
            if (!used) {
                return;
            }
            used = false;
        }
        machine.kill();
        deleteTree(machine.home());
    }

    // docs begin: silent
    /** What a client sees of a machine that is not there, or not yet, or not listening. */
    static ProviderException silent(String id) {
        return new ProviderException("machine " + id + " does not answer", Effect.NONE, true, null, null, null);
    }
    // docs end: silent

    /** Removes a folder; what others remove at the same time is no failure. */
    static void deleteTree(Path root) {
        IOException failure = null;
        for (int tries = 0; tries < DELETIONS && Files.exists(root); tries++) {
            try (Stream<Path> paths = Files.walk(root)) {
                for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(path);
                }
                return;
            } catch (IOException e) {
                failure = e;
            } catch (UncheckedIOException e) {
                failure = e.getCause();
            }
        }
        if (Files.exists(root)) {
            log.warn("Files of a machine in memory are left in {}", root, failure);
        }
    }

    private boolean proves(KeyPair client) {
        if (!KeyUtils.compareKeys(client.getPublic(), clientKey)) {
            return false;
        }
        byte[] challenge = UUID.randomUUID().toString().getBytes(StandardCharsets.US_ASCII);
        try {
            Signature signer = Signature.getInstance("SHA256withECDSA");
            signer.initSign(client.getPrivate());
            signer.update(challenge);
            byte[] answer = signer.sign();
            Signature verifier = Signature.getInstance("SHA256withECDSA");
            verifier.initVerify(clientKey);
            verifier.update(challenge);
            return verifier.verify(answer);
        } catch (GeneralSecurityException e) {
            log.debug("A client key cannot sign", e);
            return false;
        }
    }
}
