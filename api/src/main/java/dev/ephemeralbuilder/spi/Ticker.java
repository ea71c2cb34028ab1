package dev.ephemeralbuilder.spi;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;

/**
 * Clock and scheduler in one: the only thing in the engine that knows the time. Tasks run one at a time, in the order
 * of their times and, for equal times, in the order in which they came. They must not block.
 *
 * <p>Safe for use by many threads.
 */
public interface Ticker extends Executor, AutoCloseable {
    /** Returns the time. */
    Instant now();

    /**
     * Runs a task after a delay.
     *
     * @param delay the delay by this ticker's time; zero or less means as soon as possible
     * @throws java.util.concurrent.RejectedExecutionException if the ticker is closed
     */
    Scheduled schedule(Duration delay, Runnable task);

    /**
     * Runs a task as soon as possible, after those that came before.
     *
     * @throws java.util.concurrent.RejectedExecutionException if the ticker is closed
     */
    @Override
    void execute(Runnable task);

    /**
     * Says that something is under way elsewhere that will come back to this ticker. A ticker whose time is moved by hand
     * lets no time pass meanwhile; others need not know, so this does nothing by default.
     *
     * @return what ends the hold, to be run once, from any thread
     */
    default Runnable hold() {
        return () -> {};
    }

    /** Drops what has not run. Does not wait. */
    @Override
    void close();

    /** A task that waits for its time. */
    @FunctionalInterface
    interface Scheduled {
        /** Drops the task if it has not begun. */
        void cancel();
    }

    /**
     * Returns a ticker on the system's clock with a daemon thread of its own, which ends with {@link #close}.
     *
     * @param threadName the name of the thread
     */
    static Ticker system(String threadName) {
        return new SystemTicker(threadName);
    }
}
