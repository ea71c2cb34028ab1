package dev.ephemeralbuilder.spi;

import java.nio.file.Path;
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
    /** The kinds of documents. A change of any of them survives the process; some also survive the machine. */
    enum Kind {
        /** One record per attempt to make a builder, by its client token. Survives the machine. */
        BUILDER,
        /** The market book, by provider and part. */
        MARKET,
        /** Stock memory, by pool. */
        STOCK,
        /** Rate-limit buckets, by account, region and action. */
        BUCKET,
        /** Permits for machines and spend, by their name. Survives the machine. */
        PERMIT,
        /** Who has a machine for a named request, or is about to, by a hash of owner and request id. */
        REQUEST
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
     *     it; may be called more than once, must have no other effect, and must not use the store, since others wait for
     *     it. What it throws comes through, and nothing is changed
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

    /**
     * Opens the store in a folder that the processes of one user on one host share. Makes what is missing (folders with
     * mode 0700, files with 0600) and takes away the unfinished files of writers that died. Any number of processes and
     * of stores in one process may have the same folder open; it needs no other care than that.
     *
     * <p>What it promises: a document is read as it was before or after a change, never in part, even if its writer is
     * killed or the disk is full; what a killed writer left of a log line is cut off with a WARN before the next line is
     * written or any is read; lines of several writers do not mix. {@link Kind#BUILDER}, {@link Kind#PERMIT}, {@link Kind#REQUEST} and logs are
     * on the disk when a call returns. The other kinds are only handed to the operating system: their newest changes are
     * lost with a machine that loses power, and a file system may then leave a file that a call refuses to read and names.
     *
     * <p>A call waits for another thread for at most 30 seconds, and as long again for another process; then, or if
     * interrupted (the flag stays set), it fails with a retryable {@link dev.ephemeralbuilder.ProviderException} that says
     * that nothing was changed. A disk that does not answer is waited for as the operating system does. What is full,
     * read-only, removed, forbidden or cannot be understood is a {@link dev.ephemeralbuilder.ConfigurationException} with
     * the path and what to do; nothing is deleted for that. After {@link #close} calls fail with an {@link
     * IllegalStateException}; those under way end as they would have, but no longer wait.
     *
     * <p>The folder must be on a local file system with POSIX modes and locks. Logs grow without end; the oldest files of
     * a log may be moved away.
     *
     * <p>In one JVM, copies of this library under several class loaders must not open the same folder: the operating
     * system would take the locks of all when one of them closes its last store.
     *
     * @param root where the folders of owners are; made if it is missing. Nobody else may write to it, unless it is sticky
     *     as {@code /tmp} is
     * @param owner the owner, as given to the fleet
     * @return a store to be closed by the caller; a fleet does not close it
     * @throws dev.ephemeralbuilder.ConfigurationException if the folder cannot be made or used, others may read or write
     *     it, it belongs to another user, or the file system has no POSIX modes
     * @throws dev.ephemeralbuilder.ProviderException if another process holds the folder's lock for too long
     */
    static StateStore directory(Path root, String owner) {
        return new DirectoryStateStore(root, owner, DirectoryStateStore.LOCK_BOUND, DirectoryStateStore.SEGMENT_BYTES);
    }
}
