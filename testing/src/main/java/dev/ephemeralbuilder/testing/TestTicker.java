package dev.ephemeralbuilder.testing;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A ticker whose time stands still until a test moves it. Tasks run on the thread that moves the time, one at a time,
 * in the order of their times and, for equal times, in the order in which they came.
 *
 * <p>Where the tested code also does real work on other threads (processes, a pool), {@link #advanceUntil} has to know
 * when to let that happen before it moves on. Such work says so with a {@link #hold}; {@link InMemoryProvider} does it by
 * itself when its ticker is of this class.
 *
 * <p>Safe for use by many threads: any may schedule, one at a time moves the time.
 */
public final class TestTicker implements Ticker {
    private static final Instant DEFAULT_START = Instant.parse("2026-01-01T00:00:00Z");

    /** The longest wait on the wall clock for something to happen. */
    private static final Duration WALL_BOUND = Duration.ofSeconds(30);

    /** How long the task that follows a released hold may be under way from one thread to the ticker. */
    private static final Duration HANDOVER = Duration.ofMillis(50);

    /** How long a task may take to show up as outside work, where there is any: the wake-up of a pool thread. */
    private static final Duration DEFAULT_GRACE = Duration.ofMillis(20);

    /** More tasks than this without a step of time are a loop. */
    private static final int MAX_TASKS_PER_INSTANT = 1_000_000;

    /** Says that something outside the ticker is at work; to be closed when it is done. */
    public final class Hold implements AutoCloseable {
        private final long patienceNanos;
        private final boolean handsOver;

        private Hold(long patienceNanos, boolean handsOver) {
            this.patienceNanos = patienceNanos;
            this.handsOver = handsOver;
        }

        /** Says that the work is done, just before its result is handed over. Does nothing when called again. */
        @Override
        public void close() {
            lock.lock();
            try {
                if (holds.remove(this)) {
                    handovers += handsOver ? 1 : 0;
                    changed.signalAll();
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private final class Task implements Scheduled {
        private final Instant at;
        private final long number;
        private final Runnable body;

        private Task(Instant at, long number, Runnable body) {
            this.at = at;
            this.number = number;
            this.body = body;
        }

        @Override
        public void cancel() {
            lock.lock();
            try {
                tasks.remove(this);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Held by the thread that moves the time and runs tasks. */
    private final ReentrantLock turn = new ReentrantLock();

    /** Guards all fields below; never held while a task runs. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    private final TreeSet<Task> tasks =
            new TreeSet<>(Comparator.comparing((Task task) -> task.at).thenComparingLong(task -> task.number));
    private final Set<Hold> holds = new HashSet<>();
    private Instant now;
    private long numbers;
    private int handovers;
    private boolean outside;
    private long graceNanos = DEFAULT_GRACE.toNanos();
    private long patienceNanos = WALL_BOUND.toNanos();
    private boolean closed;

    private TestTicker(Instant start) {
        this.now = requireNonNull(start, "start");
    }

    /** Returns a ticker that stands at 2026-01-01T00:00:00Z. */
    public static TestTicker create() {
        return new TestTicker(DEFAULT_START);
    }

    /** Returns a ticker that stands at a time. */
    public static TestTicker startingAt(Instant start) {
        return new TestTicker(start);
    }

    @Override
    public Instant now() {
        lock.lock();
        try {
            return now;
        } finally {
            lock.unlock();
        }
    }

    /** {@inheritDoc} Does not run the task by itself, not even for a delay of zero. */
    @Override
    public Scheduled schedule(Duration delay, Runnable task) {
        requireNonNull(task, "task");
        lock.lock();
        try {
            if (closed) {
                throw new RejectedExecutionException("the ticker is closed");
            }
            Task added = new Task(delay.isNegative() ? now : now.plus(delay), numbers++, task);
            tasks.add(added);
            if (!turn.isHeldByCurrentThread() && handovers > 0) {
                handovers--;
            }
            changed.signalAll();
            return added;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void execute(Runnable task) {
        schedule(Duration.ZERO, task);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            tasks.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns how many tasks wait for their time. */
    public int pending() {
        lock.lock();
        try {
            return tasks.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * {@inheritDoc} The time stands still for at most {@link #patience} per step. Whoever ends this hold has handed its
     * result over already.
     */
    @Override
    public Runnable hold() {
        lock.lock();
        try {
            Hold hold = new Hold(patienceNanos, false);
            holds.add(hold);
            return hold::close;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sets for how long of the wall clock a step waits for work that a fleet has under way; for tests in which such work
     * hangs. Default: 30 seconds.
     *
     * @throws IllegalArgumentException if negative
     */
    public void patience(Duration patience) {
        if (patience.isNegative()) {
            throw new IllegalArgumentException("patience must not be negative, was " + patience);
        }
        lock.lock();
        try {
            patienceNanos = patience.toNanos();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Says that something outside this ticker is at work, so that {@link #advanceUntil} waits for it before each step.
     *
     * @param patience how long to wait before one step, by the wall clock: much for a call that will certainly come
     *     back soon, little for something that may itself depend on time moving on
     */
    public Hold hold(Duration patience) {
        Hold hold = new Hold(patience.toNanos(), true);
        lock.lock();
        try {
            holds.add(hold);
            outside = true;
        } finally {
            lock.unlock();
        }
        return hold;
    }

    /**
     * Sets how long {@link #advanceUntil} waits before each step for outside work to begin or to report, by the wall
     * clock. It does so only once a hold was ever opened, because a task that hands work to a pool returns before the
     * pool has opened a hold. Longer is safer on a busy host and slower in tests with many steps. Default: 20 ms.
     *
     * @throws IllegalArgumentException if negative
     */
    public void grace(Duration grace) {
        if (grace.isNegative()) {
            throw new IllegalArgumentException("grace must not be negative, was " + grace);
        }
        lock.lock();
        try {
            graceNanos = grace.toNanos();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Runs what is due now on the calling thread.
     *
     * @throws AssertionError if a task threw; all others have run
     */
    public void runDue() {
        advance(Duration.ZERO);
    }

    /**
     * Moves the time forward and runs everything that gets due meanwhile, each at its own time, on the calling thread.
     * Waits for nothing.
     *
     * @throws AssertionError if a task threw; all others have run
     * @throws IllegalArgumentException if the time is negative
     * @throws IllegalStateException if called by a task
     */
    public void advance(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time must not be negative, was " + time);
        }
        takeTurn();
        try {
            runUntil(now().plus(time));
        } finally {
            turn.unlock();
        }
    }

    /**
     * Moves the time forward, from task to task, until a stage is complete. Before each step it waits for open
     * {@linkplain #hold holds}; when no task is left it waits up to 30 seconds of the wall clock for one to come from
     * another thread.
     *
     * @param stage what to wait for
     * @param most how much time may pass on this ticker; reached only if the stage is not complete before
     * @return the result of the stage
     * @throws AssertionError if the time has passed, if nothing happens any more, if a task threw, or on interruption,
     *     which leaves the thread's flag set
     * @throws RuntimeException the stage's own failure, as it is; a checked one as the cause of a
     *     {@link CompletionException}
     * @throws IllegalStateException if called by a task
     */
    public <T extends @Nullable Object> T advanceUntil(CompletionStage<T> stage, Duration most) {
        CompletableFuture<T> future = stage.toCompletableFuture();
        var unused = future.whenComplete((result, failure) -> signal());
        takeTurn();
        try {
            Instant start = now();
            Instant end = start.plus(most);
            while (true) {
                runUntil(now());
                if (!future.isDone()) {
                    awaitOutside(future);
                }
                if (future.isDone()) {
                    return resultOf(future);
                }
                Instant next = nextAt();
                if (next == null) {
                    awaitTask(future);
                } else if (next.isAfter(end)) {
                    runUntil(end);
                    throw new AssertionError("not complete after " + most + ", from " + start + " on; " + describe());
                } else {
                    runUntil(next);
                }
            }
        } finally {
            turn.unlock();
        }
    }

    /**
     * Runs blocking code on a thread of its own and moves the time meanwhile, as {@link #advanceUntil} does, until it has
     * ended. What the code does between its calls to the fleet is not waited for unless it {@linkplain #hold holds} the
     * time.
     *
     * @param work the code; interrupted if this method ends before it
     * @param most how much time may pass on this ticker
     * @return the result of the code
     * @throws Exception what the code threw, as it is
     * @throws AssertionError as {@link #advanceUntil} says
     * @throws IllegalStateException if called by a task
     */
    public <T extends @Nullable Object> T advanceWhile(Callable<T> work, Duration most) throws Exception {
        FutureTask<T> task = new FutureTask<>(work);
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    task.run();
                    ended.complete(true);
                },
                "ephemeral-test-work");
        thread.setDaemon(true);
        thread.start();
        try {
            advanceUntil(ended, most);
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e;
        } finally {
            task.cancel(true);
        }
    }

    @Override
    public String toString() {
        return "TestTicker[" + describe() + "]";
    }

    int openHolds() {
        lock.lock();
        try {
            return holds.size();
        } finally {
            lock.unlock();
        }
    }

    private void takeTurn() {
        if (turn.isHeldByCurrentThread()) {
            throw new IllegalStateException("a task must not move the time");
        }
        try {
            if (!turn.tryLock(WALL_BOUND.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new AssertionError("another thread has been moving the time for " + WALL_BOUND);
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private void runUntil(Instant end) {
        List<Throwable> failures = new ArrayList<>();
        Instant reached = now();
        int tasksHere = 0;
        for (Task task = take(end); task != null; task = take(end)) {
            tasksHere = task.at.isAfter(reached) ? 1 : tasksHere + 1;
            reached = now();
            if (tasksHere > MAX_TASKS_PER_INSTANT) {
                throw new AssertionError("tasks call for each other without end; " + describe());
            }
            try {
                task.body.run();
            } catch (RuntimeException | Error e) {
                failures.add(e);
            }
        }
        lock.lock();
        try {
            now = end.isAfter(now) ? end : now;
        } finally {
            lock.unlock();
        }
        if (!failures.isEmpty()) {
            AssertionError error =
                    new AssertionError(failures.size() + " task(s) failed, first: " + failures.get(0), failures.get(0));
            failures.stream().skip(1).forEach(error::addSuppressed);
            throw error;
        }
    }

    private @Nullable Task take(Instant end) {
        lock.lock();
        try {
            if (tasks.isEmpty() || tasks.first().at.isAfter(end)) {
                return null;
            }
            Task task = tasks.first();
            tasks.remove(task);
            now = task.at.isAfter(now) ? task.at : now;
            return task;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Instant nextAt() {
        lock.lock();
        try {
            return tasks.isEmpty() ? null : tasks.first().at;
        } finally {
            lock.unlock();
        }
    }

    /** Waits while something outside is at work, until a task is due, the future is done, or patience is at its end. */
    private void awaitOutside(CompletableFuture<?> future) {
        lock.lock();
        try {
            long waited = 0;
            while (!future.isDone() && !due()) {
                long patience = outside ? graceNanos : 0;
                if (handovers > 0) {
                    patience = Math.max(patience, HANDOVER.toNanos());
                }
                for (Hold hold : holds) {
                    patience = Math.max(patience, hold.patienceNanos);
                }
                long left = patience - waited;
                if (left <= 0) {
                    // Whoever let go has nothing to hand over.
                    handovers = 0;
                    return;
                }
                waited += left - changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        } finally {
            lock.unlock();
        }
    }

    private void awaitTask(CompletableFuture<?> future) {
        lock.lock();
        try {
            long left = WALL_BOUND.toNanos();
            while (!future.isDone() && tasks.isEmpty()) {
                if (left <= 0) {
                    throw new AssertionError(
                            "not complete, and nothing happened for " + WALL_BOUND + " of wall time; " + describe());
                }
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        } finally {
            lock.unlock();
        }
    }

    private boolean due() {
        return !tasks.isEmpty() && !tasks.first().at.isAfter(now);
    }

    private void signal() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private String describe() {
        lock.lock();
        try {
            return "it is " + now + ", " + tasks.size() + " task(s) pending"
                    + (tasks.isEmpty() ? "" : ", the next at " + tasks.first().at) + ", " + holds.size()
                    + " hold(s) open" + (closed ? ", closed" : "");
        } finally {
            lock.unlock();
        }
    }

    private static AssertionError interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new AssertionError("interrupted while waiting", e);
    }

    private static <T extends @Nullable Object> T resultOf(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e;
        }
    }
}
