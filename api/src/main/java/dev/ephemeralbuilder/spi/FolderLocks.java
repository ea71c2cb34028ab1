package dev.ephemeralbuilder.spi;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The locks of one folder among all threads of all processes: byte ranges of one lock file, and in front of each a lock
 * among the threads of this JVM.
 *
 * <p>What the system does makes the shape: a record lock belongs to the process, and closing any descriptor of the file
 * drops all that the process holds on it. So a JVM has one channel per lock file, whichever stores use it, and closes it
 * when nobody uses it any more; nothing else ever opens the file, and nobody deletes it. A blocking lock would be
 * refused as a deadlock where two processes merely use two threads each, and an interrupt would close the channel; so a
 * busy lock is tried again, after growing pauses that end early when the store is closed.
 */
final class FolderLocks {
    /** How many there are; what shares one by chance waits for the other. */
    static final int STRIPES = 256;

    private static final Duration FIRST_PAUSE = Duration.ofNanos(200_000);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(4);

    /** By the identity of the lock file, not its path: it may be reached by several. */
    private static final Map<Object, FolderLocks> OPEN = new HashMap<>();

    private final Path file;
    private final Object identity;
    private final FileChannel channel;
    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];
    private int users;

    private FolderLocks(Path file, Object identity, FileChannel channel) {
        this.file = file;
        this.identity = identity;
        this.channel = channel;
        Arrays.setAll(stripes, i -> new ReentrantLock());
    }

    /** Returns the locks of a lock file, which exists; each one that is opened must be {@linkplain #release released}. */
    static FolderLocks open(Path file) throws IOException {
        synchronized (OPEN) {
            Object identity = identity(file);
            FolderLocks locks = OPEN.get(identity);
            if (locks == null) {
                FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                locks = new FolderLocks(file, identity, channel);
                OPEN.put(identity, locks);
            }
            locks.users++;
            return locks;
        }
    }

    private boolean retain() {
        synchronized (OPEN) {
            if (users == 0) {
                return false;
            }
            users++;
            return true;
        }
    }

    void release() throws IOException {
        synchronized (OPEN) {
            if (--users == 0) {
                OPEN.remove(identity);
                channel.close();
            }
        }
    }

    static int stripe(String name) {
        return Math.floorMod(name.hashCode(), STRIPES);
    }

    /**
     * Runs something while nobody else does so under the same stripe.
     *
     * @param bound how long to wait for threads of this JVM, and again for other processes
     * @param closed ends the waiting
     * @throws ProviderException if the wait was too long or interrupted, which leaves the flag set
     * @throws ConfigurationException if the lock file is not what it was, or cannot be locked
     * @throws IllegalStateException if the store is closed, or this thread is inside of such a run already
     */
    <T> T locked(int stripe, Duration bound, CountDownLatch closed, Supplier<T> action) {
        for (ReentrantLock lock : stripes) {
            if (lock.isHeldByCurrentThread()) {
                throw new IllegalStateException("the change of a document must not use the store");
            }
        }
        if (closed.getCount() == 0 || !retain()) {
            throw closed();
        }
        ReentrantLock lock = stripes[stripe];
        boolean mine = false;
        try {
            mine = lock.tryLock() || lock.tryLock(bound.toNanos(), TimeUnit.NANOSECONDS);
            if (!mine) {
                throw busy("another thread of this process holds it for more than " + bound, null);
            }
            FileLock held = await(stripe, bound, closed);
            try {
                check();
                return action.get();
            } finally {
                held.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw busy("the wait for it was interrupted", e);
        } catch (IOException e) {
            throw failed(e);
        } finally {
            if (mine) {
                lock.unlock();
            }
            letGo();
        }
    }

    /** Runs something if nobody is at work under the stripe now. */
    void ifFree(int stripe, Runnable action) {
        ReentrantLock lock = stripes[stripe];
        if (!lock.tryLock()) {
            return;
        }
        try {
            FileLock held = tryLock(stripe);
            if (held == null) {
                return;
            }
            try {
                action.run();
            } finally {
                held.release();
            }
        } catch (IOException e) {
            throw failed(e);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Checks that the lock file is still the one that other processes find, so that "not there" is never said of a
     * folder that is gone.
     */
    void check() {
        Object found;
        try {
            found = identity(file);
        } catch (NoSuchFileException e) {
            found = null;
        } catch (IOException e) {
            throw StateFiles.failed("look at", file, e);
        }
        if (!identity.equals(found)) {
            throw new ConfigurationException(
                    "The state folder " + StateFiles.parent(file) + " was removed or replaced while in use: end the"
                            + " processes that use it and start them again.",
                    null,
                    null,
                    null);
        }
    }

    private FileLock await(int stripe, Duration bound, CountDownLatch closed) throws IOException, InterruptedException {
        long left = bound.toNanos();
        long most = FIRST_PAUSE.toNanos();
        while (true) {
            FileLock held = tryLock(stripe);
            if (held != null) {
                return held;
            }
            if (left <= 0) {
                throw busy(
                        "another process holds it for more than " + bound + " (`fuser -v` or `lslocks` name it)", null);
            }
            // Not all at once, or those who wait meet again each time.
            long pause = Math.min(left, most / 2 + ThreadLocalRandom.current().nextLong(most / 2 + 1));
            if (closed.await(pause, TimeUnit.NANOSECONDS)) {
                throw closed();
            }
            left -= pause;
            most = Math.min(LONGEST_PAUSE.toNanos(), most * 2);
        }
    }

    private @Nullable FileLock tryLock(int stripe) throws IOException {
        try {
            return channel.tryLock(stripe, 1, false);
        } catch (OverlappingFileLockException e) {
            // A copy of this library under another class loader of this JVM.
            return null;
        }
    }

    private void letGo() {
        try {
            release();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private static Object identity(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return Objects.requireNonNullElse(attributes.fileKey(), file);
    }

    private ProviderException busy(String why, @Nullable Exception cause) {
        return new ProviderException(
                "Could not get the lock " + file + ": " + why + ". Nothing was changed.",
                ProviderException.Effect.NONE,
                true,
                null,
                null,
                cause);
    }

    private ConfigurationException failed(IOException e) {
        return new ConfigurationException(
                "Cannot lock " + file + ": " + e.getMessage()
                        + ". Put the state folder on a local file system with locks.",
                null,
                null,
                e);
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("the state store is closed");
    }
}
