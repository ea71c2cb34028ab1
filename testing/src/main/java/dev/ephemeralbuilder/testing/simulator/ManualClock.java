package dev.ephemeralbuilder.testing.simulator;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A clock that only {@link #advance} moves. All its tickers share one queue, so that their tasks run in one order. */
final class ManualClock extends SimulatedClock {
    private static final Logger log = LoggerFactory.getLogger(ManualClock.class);

    private final PriorityQueue<Entry> queue =
            new PriorityQueue<>(Comparator.comparing(Entry::at).thenComparingLong(Entry::number));
    private final ReentrantLock advancing = new ReentrantLock();
    private Instant now;
    private long entries;

    ManualClock(Instant start) {
        this.now = requireNonNull(start, "start");
    }

    @Override
    public synchronized Instant now() {
        return now;
    }

    @Override
    public void advance(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("time does not run backwards");
        }
        advancing.lock();
        try {
            Instant target = now().plus(duration);
            for (Entry due = next(target); due != null; due = next(target)) {
                run(due);
            }
        } finally {
            advancing.unlock();
        }
    }

    @Override
    public boolean movedByHand() {
        return true;
    }

    @Override
    public Ticker newTicker(String threadName) {
        return new ManualTicker(threadName);
    }

    private synchronized @Nullable Entry next(Instant target) {
        Entry first = queue.peek();
        if (first == null || first.at().isAfter(target)) {
            now = target;
            return null;
        }
        if (first.at().isAfter(now)) {
            now = first.at();
        }
        return queue.poll();
    }

    private static void run(Entry due) {
        Future<?> future;
        try {
            future = due.ticker().executor.submit(due.task());
        } catch (RejectedExecutionException e) {
            log.debug("A ticker was closed while its task was due");
            return;
        }
        try {
            future.get(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the clock moved", e);
        } catch (TimeoutException | ExecutionException e) {
            throw new IllegalStateException("a task did not end", e);
        }
    }

    private synchronized Entry add(ManualTicker ticker, Duration delay, Runnable task) {
        Entry entry = new Entry(now.plus(delay), entries++, ticker, Threads.guarded(task));
        queue.add(entry);
        return entry;
    }

    private synchronized void remove(Entry entry) {
        queue.remove(entry);
    }

    private synchronized void removeAll(ManualTicker ticker) {
        queue.removeIf(entry -> entry.ticker() == ticker);
    }

    private record Entry(Instant at, long number, ManualTicker ticker, Runnable task) {}

    private final class ManualTicker implements Ticker {
        private final ExecutorService executor;

        ManualTicker(String threadName) {
            executor = Executors.newSingleThreadExecutor(Threads.named(threadName));
        }

        @Override
        public Instant now() {
            return ManualClock.this.now();
        }

        @Override
        public Scheduled schedule(Duration delay, Runnable task) {
            if (delay.isNegative() || delay.isZero()) {
                Future<?> future = executor.submit(Threads.guarded(task));
                return () -> future.cancel(false);
            }
            if (executor.isShutdown()) {
                throw new RejectedExecutionException("the ticker is closed");
            }
            Entry entry = add(this, delay, task);
            return () -> remove(entry);
        }

        @Override
        public void execute(Runnable task) {
            executor.execute(Threads.guarded(task));
        }

        @Override
        public void close() {
            executor.shutdownNow();
            removeAll(this);
        }
    }
}
