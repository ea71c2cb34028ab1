package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.event.BuilderListener;
import dev.ephemeralbuilder.event.FleetEvent;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Hands events to the listeners: each has its own order, its own bound and, as there are as many threads as listeners,
 * its own thread while it is busy. Safe for use by many threads.
 */
final class Events {
    private final ExecutorService pool;
    private final List<EventQueue> queues;

    /** @param most how many events may wait for one listener */
    Events(List<BuilderListener> listeners, Ticker ticker, int most) {
        this.pool = Calls.pool("ephemeral-builder-listener-", Math.max(1, listeners.size()));
        this.queues = listeners.stream()
                .map(listener -> new EventQueue(listener, Calls.holding(ticker, pool), most))
                .toList();
    }

    void publish(FleetEvent event) {
        queues.forEach(queue -> queue.add(event));
    }

    /** Takes no more events and waits until the listeners have heard what is left; false if they have not. */
    boolean close(Duration most) throws InterruptedException {
        pool.shutdown();
        return pool.awaitTermination(most.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Interrupts the listeners that are not done. */
    void stop() {
        pool.shutdownNow();
    }
}
