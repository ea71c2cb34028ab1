package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.ShellKeys;
import java.security.KeyPair;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The keys of one machine, and the step that may be left before it is handed out: a machine that shares its host key with
 * others of its create call gets one of its own over the first verified connection.
 *
 * @param shell what its connections are opened with
 * @param next the host key that it is to get, which {@code shell} accepts already; null if there is nothing to be done
 * @param written completes when the record says so: not before that may the machine have the next key
 */
record MachineKeys(ShellKeys shell, @Nullable KeyPair next, CompletableFuture<Void> written) {
    /** Returns the keys of a new machine. */
    static MachineKeys ofNew(ShellKeys created, @Nullable KeyPair next, CompletableFuture<Void> written) {
        return new MachineKeys(next == null ? created : expecting(created, next), next, written);
    }

    /** Returns the keys of a machine that a record tells of. */
    static MachineKeys of(BuilderRecord record) {
        return new MachineKeys(record.keys(), record.nextHostKey(), CompletableFuture.completedFuture(null));
    }

    private static ShellKeys expecting(ShellKeys keys, KeyPair next) {
        Set<String> either = new LinkedHashSet<>(keys.hostKeyFingerprints());
        either.add(HostKeys.fingerprint(next));
        return new ShellKeys(keys.client(), either);
    }

    /** Returns what connections are opened with once the machine has taken the next host key, or keeps the shared one. */
    ShellKeys settled(boolean taken) {
        if (next == null) {
            return shell;
        }
        String own = HostKeys.fingerprint(next);
        if (taken) {
            return new ShellKeys(shell.client(), own);
        }
        Set<String> shared = new LinkedHashSet<>(shell.hostKeyFingerprints());
        shared.remove(own);
        return new ShellKeys(shell.client(), shared);
    }

    @Override
    public String toString() {
        return "MachineKeys[" + shell + "]";
    }
}
