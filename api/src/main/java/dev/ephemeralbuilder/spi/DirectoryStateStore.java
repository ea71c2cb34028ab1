package dev.ephemeralbuilder.spi;

import static java.util.Objects.requireNonNull;

import java.io.StreamCorruptedException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A file for each document, replaced whole under a lock; see {@link StateStore#directory}. */
final class DirectoryStateStore implements StateStore {
    static final Duration LOCK_BOUND = Duration.ofSeconds(30);
    static final long SEGMENT_BYTES = 1 << 20;

    private static final String SUFFIX = ".doc";

    private final CountDownLatch closed = new CountDownLatch(1);
    private final StateWaits waits;
    private final StateFolder folder;
    private final FolderLocks locks;
    private final Map<Log, StateLog> logs = new EnumMap<>(Log.class);
    private boolean released;

    /**
     * @param lockBound how long to wait for a lock
     * @param segmentBytes from which size on a file of a log is followed by another
     */
    DirectoryStateStore(Path root, String owner, Duration lockBound, long segmentBytes) {
        this.waits = new StateWaits(lockBound, closed);
        this.folder = StateFolder.open(root, requireNonNull(owner, "owner"), waits);
        this.locks = folder.locks();
        for (Log log : Log.values()) {
            logs.put(log, new StateLog(folder.folder(log), locks, waits, segmentBytes));
        }
    }

    @Override
    public Optional<Map<String, String>> read(Kind kind, String key) {
        requireOpen();
        return present(kind, key, file(kind, key));
    }

    @Override
    public Map<String, Map<String, String>> readAll(Kind kind) {
        requireOpen();
        Map<String, Map<String, String>> all = new TreeMap<>();
        for (Path file : StateFolder.files(folder.folder(kind))) {
            StateFiles.read(file).ifPresent(bytes -> {
                String key = keyOf(kind, file, bytes);
                all.put(key, parse(kind, key, file, bytes));
            });
        }
        locks.check();
        return Collections.unmodifiableMap(all);
    }

    @Override
    public Optional<Map<String, String>> update(
            Kind kind, String key, Function<@Nullable Map<String, String>, @Nullable Map<String, String>> change) {
        requireOpen();
        Path file = file(kind, key);
        int stripe = FolderLocks.stripe(kind + "/" + key);
        return locks.locked(stripe, waits.bound(), closed, () -> {
            Map<String, String> old = present(kind, key, file).orElse(null);
            Map<String, String> changed = change.apply(old);
            Map<String, String> copy = changed == null ? null : Map.copyOf(changed);
            if (copy == null) {
                if (old != null) {
                    StateFiles.remove(file, durability(kind));
                }
            } else if (!copy.equals(old)) {
                Path temporary = folder.folder(kind).resolve(StateNames.temporary(stripe));
                StateFiles.replace(temporary, file, StateText.document(kind, key, copy), durability(kind));
            }
            return Optional.ofNullable(copy);
        });
    }

    @Override
    public void append(Log log, Instant at, Map<String, String> line) {
        requireOpen();
        log(log).append(requireNonNull(at, "at"), Map.copyOf(line));
    }

    @Override
    public List<Map<String, String>> lines(Log log, Instant since) {
        requireOpen();
        return log(log).lines(requireNonNull(since, "since"));
    }

    @Override
    public void close() {
        closed.countDown();
        synchronized (this) {
            if (released) {
                return;
            }
            released = true;
        }
        folder.close();
    }

    @Override
    public String toString() {
        return "StateStore[" + folder.path() + "]";
    }

    /** What is lost of the others with the machine is found out anew, so they need not wait for the disk. */
    private static StateFiles.Durability durability(Kind kind) {
        return switch (kind) {
            case BUILDER, PERMIT, REQUEST -> StateFiles.Durability.MACHINE;
            case MARKET, STOCK, BUCKET -> StateFiles.Durability.PROCESS;
        };
    }

    private Path file(Kind kind, String key) {
        return folder.folder(kind).resolve(StateNames.of(key) + SUFFIX);
    }

    private StateLog log(Log log) {
        return requireNonNull(logs.get(log), "log");
    }

    private Optional<Map<String, String>> present(Kind kind, String key, Path file) {
        Optional<byte[]> bytes = StateFiles.read(file);
        if (bytes.isEmpty()) {
            locks.check();
            return Optional.empty();
        }
        return Optional.of(parse(kind, key, file, bytes.get()));
    }

    private static Map<String, String> parse(Kind kind, String key, Path file, byte[] bytes) {
        try {
            return StateText.content(bytes, kind, key);
        } catch (StreamCorruptedException e) {
            throw StateFiles.unreadable(file, e);
        }
    }

    private String keyOf(Kind kind, Path file, byte[] bytes) {
        try {
            String key = StateText.key(bytes, kind);
            if (!file.equals(file(kind, key))) {
                throw new StreamCorruptedException("its name is not that of its document");
            }
            return key;
        } catch (StreamCorruptedException e) {
            throw StateFiles.unreadable(file, e);
        }
    }

    private void requireOpen() {
        if (closed.getCount() == 0) {
            throw new IllegalStateException("the state store is closed");
        }
    }
}
