package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderListener;
import dev.ephemeralbuilder.event.CloudEvent;
import dev.ephemeralbuilder.event.FleetEvent;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events that one listener has not heard yet, up to a bound: what does not fit is dropped and counted. Safe for use
 * by many threads.
 */
final class EventQueue {
    private static final Logger log = LoggerFactory.getLogger(EventQueue.class);

    private final BuilderListener listener;
    private final SerialExecutor inOrder;
    private final int most;
    private int waiting;
    private boolean warned;

    /** Since the last event that fitted; while it is not 0 the word on it waits behind that event. */
    private long dropped;

    EventQueue(BuilderListener listener, Executor executor, int most) {
        this.listener = listener;
        this.inOrder = new SerialExecutor(executor);
        this.most = most;
    }

    void add(FleetEvent event) {
        if (fits()) {
            tell(() -> hear(event));
        } else if (isFirstDropped()) {
            tell(this::hearOfDropped);
        }
    }

    private synchronized boolean fits() {
        // Nothing may come before the word that something is missing.
        boolean fits = waiting < most && dropped == 0;
        if (fits) {
            waiting++;
        }
        return fits;
    }

    private boolean isFirstDropped() {
        boolean first;
        boolean warn;
        synchronized (this) {
            first = dropped == 0;
            warn = !warned;
            dropped++;
            warned = true;
        }
        if (warn) {
            log.warn(
                    "Listener {} is slower than the fleet: {} events wait for it, and what comes now is dropped. It is"
                            + " told how many; this is not logged again",
                    listener.getClass().getName(),
                    most);
        }
        return first;
    }

    private void tell(Runnable task) {
        try {
            inOrder.execute(task);
        } catch (RejectedExecutionException closed) {
            log.debug("The fleet is closed; an event is dropped");
        }
    }

    private void hear(FleetEvent event) {
        synchronized (this) {
            waiting--;
        }
        if (event instanceof BuilderEvent e) {
            listener.onEvent(e);
        } else if (event instanceof CloudEvent e) {
            listener.onCloudEvent(e);
        }
    }

    private void hearOfDropped() {
        long count;
        synchronized (this) {
            count = dropped;
            dropped = 0;
        }
        listener.onDropped(count);
    }
}
