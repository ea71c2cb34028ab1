package dev.ephemeralbuilder.spi;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The system's clock and one daemon thread. */
final class SystemTicker implements Ticker {
    private static final Logger log = LoggerFactory.getLogger(SystemTicker.class);

    private final Clock clock = Clock.systemUTC();
    private final ScheduledThreadPoolExecutor executor;

    SystemTicker(String threadName) {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        this.executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(group, task, threadName);
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public Instant now() {
        return clock.instant();
    }

    @Override
    public Scheduled schedule(Duration delay, Runnable task) {
        // A time long past may be more nanoseconds ago than can be counted.
        long nanos = delay.isNegative() ? 0 : delay.toNanos();
        Future<?> future = executor.schedule(() -> run(task), nanos, TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
    }

    @Override
    public void execute(Runnable task) {
        executor.execute(() -> run(task));
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            // A task that throws is a defect; the ticker must outlive it, or every machine of the fleet is stranded.
            log.error("A task of the fleet failed", e);
        }
    }
}
