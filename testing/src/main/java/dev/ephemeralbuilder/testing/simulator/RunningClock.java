package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A clock that runs by itself, at a multiple of the wall clock's speed. */
final class RunningClock extends SimulatedClock {
    private final Clock wall = Clock.systemUTC();
    private final Instant start = wall.instant();
    private final double factor;

    RunningClock(double factor) {
        if (!(factor > 0) || Double.isInfinite(factor)) {
            throw new IllegalArgumentException("factor must be above 0");
        }
        this.factor = factor;
    }

    @Override
    public Instant now() {
        Instant now = wall.instant();
        if (factor == 1) {
            return now;
        }
        return start.plusNanos((long) (Duration.between(start, now).toNanos() * factor));
    }

    @Override
    Ticker newTicker(String threadName) {
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
