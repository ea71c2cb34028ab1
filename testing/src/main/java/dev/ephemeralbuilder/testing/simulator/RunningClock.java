package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A clock that runs by itself, at a multiple of the wall clock's speed. */
final class RunningClock extends SimulatedClock {
    private final Clock wall = Clock.systemUTC();
    private final Instant wallStart = wall.instant();
    private final Instant start;
    private final double factor;

    /** @param start what it shows first; null for the wall clock's time */
    RunningClock(double factor, @Nullable Instant start) {
        if (!(factor > 0) || Double.isInfinite(factor)) {
            throw new IllegalArgumentException("factor must be above 0");
        }
        this.factor = factor;
        this.start = start == null ? wallStart : start;
    }

    @Override
    public Instant now() {
        Instant now = wall.instant();
        if (factor == 1 && start.equals(wallStart)) {
            return now;
        }
        return start.plusNanos((long) (Duration.between(wallStart, now).toNanos() * factor));
    }

    @Override
    public Ticker newTicker(String threadName) {
        return new RunningTicker(threadName);
    }

    private final class RunningTicker implements Ticker {
        private final ScheduledThreadPoolExecutor executor;

        RunningTicker(String threadName) {
            executor = new ScheduledThreadPoolExecutor(1, Threads.named(threadName));
            executor.setRemoveOnCancelPolicy(true);
            executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        }

        @Override
        public Instant now() {
            return RunningClock.this.now();
        }

        @Override
        public Scheduled schedule(Duration delay, Runnable task) {
            long nanos = Math.max(0, (long) (delay.toNanos() / factor));
            Future<?> future = executor.schedule(Threads.guarded(task), nanos, TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        }

        @Override
        public void execute(Runnable task) {
            executor.execute(Threads.guarded(task));
        }

        @Override
        public void close() {
            executor.shutdownNow();
        }
    }
}
