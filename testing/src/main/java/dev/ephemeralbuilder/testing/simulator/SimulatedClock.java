package dev.ephemeralbuilder.testing.simulator;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;

/**
 * The clock of a simulated cloud: life cycles, caps, prices and notices run by it. Signatures, sockets and processes
 * always run by the wall clock.
 *
 * <p>Safe for use by many threads.
 */
public abstract sealed class SimulatedClock permits RunningClock, ManualClock {
    SimulatedClock() {}

    /** Returns a clock that shows the system's time. */
    public static SimulatedClock wall() {
        return new RunningClock(1, null);
    }

    /**
     * Returns a clock that starts at the system's time and runs faster or slower than it.
     *
     * @param factor seconds of the cloud per second of the wall; above 0
     * @throws IllegalArgumentException if it is not
     */
    public static SimulatedClock scaled(double factor) {
        return new RunningClock(factor, null);
    }

    /**
     * Returns a clock that starts at a time and runs faster or slower than the system's: two clouds of the same seed then
     * have the same prices.
     *
     * @param factor seconds of the cloud per second of the wall; above 0
     * @param start what it shows first
     * @throws IllegalArgumentException if the factor is not above 0
     */
    public static SimulatedClock scaled(double factor, Instant start) {
        return new RunningClock(factor, requireNonNull(start, "start"));
    }

    /**
     * Returns a clock that stands until {@link #advance} moves it.
     *
     * @param start what it shows first
     */
    public static SimulatedClock manual(Instant start) {
        return new ManualClock(start);
    }

    /** Returns the time of the cloud. */
    public abstract Instant now();

    /**
     * Moves a manual clock forward, from one waiting task to the next; returns when all that are due have run. What
     * they set off on other threads (a machine's SSH server, the end of its processes) may still be under way.
     *
     * @param duration how far, zero or more
     * @throws UnsupportedOperationException if this clock runs by itself
     * @throws IllegalStateException if a task does not end within a minute, or the thread is interrupted
     */
    public void advance(Duration duration) {
        throw new UnsupportedOperationException("only a manual clock is moved by hand");
    }

    /** Returns whether this clock stands until {@link #advance} moves it. */
    public boolean movedByHand() {
        return false;
    }

    /**
     * Returns a ticker on this clock with a daemon thread of its own, for a program that talks to a simulator in another
     * process; beside a simulator, {@link AlibabaCloudSimulator#ticker} is the one to take. To be closed.
     *
     * @param threadName the name of its thread
     */
    public abstract Ticker newTicker(String threadName);
}
