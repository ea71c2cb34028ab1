package dev.ephemeralbuilder.spi;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a fleet remembers beyond one process: small documents with atomic change, and append-only logs. Documents and
 * log lines are flat maps of text, so that a store needs no schema and no JSON.
 *
 * <p>Safe for use by many threads and, unless in memory, by many processes. Methods may block on I/O and end within a
 * bound of their own; they throw {@link dev.ephemeralbuilder.ConfigurationException} when the store cannot be used (a
 * full disk, a missing right) and {@link dev.ephemeralbuilder.ProviderException} when it cannot be used now.
 *
 * <p>Builder records contain private keys of machines: a store keeps them from everyone but its owner.
 */
public interface StateStore extends AutoCloseable {
    /** The kinds of documents. */
    enum Kind {
        /** One record per attempt to make a builder, by its client token. */
        BUILDER,
        /** The market book, by provider and part. */
        MARKET,
        /** Stock memory, by pool. */
        STOCK,
        /** Rate-limit buckets, by account, region and action. */
        BUCKET,
        /** Permits for machines and spend, by their name. */
        PERMIT
    }

    /** The append-only logs. */
    enum Log {
        /** The cost ledger: a line per machine. */
        LEDGER
    }

    /** Returns a document, or empty if there is none. */
    Optional<Map<String, String>> read(Kind kind, String key);

    /** Returns all documents of a kind, by key; what changes meanwhile may be seen or not, but never in part. */
    Map<String, Map<String, String>> readAll(Kind kind);

    /**
     * Changes a document atomically among all users of the store.
     *
     * @param change gets the present document, or null if there is none, and returns the new one, or null to remove
     *     it; may be called more than once and must have no other effect
     * @return the document after the change, or empty if there is none
     */
    Optional<Map<String, String>> update(
            Kind kind, String key, Function<@Nullable Map<String, String>, @Nullable Map<String, String>> change);

    /** Appends a line to a log; when this returns, the line survives the process. */
    void append(Log log, Instant at, Map<String, String> line);

    /** Returns the lines of a log from a time on, in the order in which they were appended. */
    List<Map<String, String>> lines(Log log, Instant since);

    /** Frees what the store holds; does not throw. */
    @Override
    void close();

    /** Returns a new store that lives and dies with this process. */
    static StateStore inMemory() {
        return new InMemoryStateStore();
    }
}
