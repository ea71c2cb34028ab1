package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.ShellKeys;
import java.security.KeyPair;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;

/**
 * The last step of a machine that shares its host key with others of its create call: a host key of its own. The record
 * has held the new key since before the step, so whoever comes to the machine after a crash knows both keys, and ends the
 * step. Confined to the ticker.
 */
final class OwnHostKey {
    private final Records records;
    private final Held held;
    private final Link link;

    OwnHostKey(Records records, Held held, Link link) {
        this.records = records;
        this.held = held;
        this.link = link;
    }

    /** Completes when link and record know the one host key that the machine shows from now on. */
    CompletableFuture<Void> settle(MachineKeys keys, Instant deadline) {
        KeyPair next = keys.next();
        if (next == null) {
            return CompletableFuture.completedFuture(null);
        }
        return keys.written()
                .thenCompose(v -> link.replaceHostKey(next, deadline))
                .thenCompose(taken -> {
                    ShellKeys settled = keys.settled(taken);
                    link.pin(settled);
                    return records.hostKeySettled(held.origin().token(), settled.hostKeyFingerprints());
                });
    }
}
