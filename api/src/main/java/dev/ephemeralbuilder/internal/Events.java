package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderListener;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands events to the listeners, one at a time and in their order, on the users' pool. Safe for use by many threads. */
final class Events {
    private static final Logger log = LoggerFactory.getLogger(Events.class);

    private final List<BuilderListener> listeners;
    private final Executor inOrder;

    Events(List<BuilderListener> listeners, Executor users) {
        this.listeners = listeners;
        this.inOrder = new SerialExecutor(users);
    }

    void publish(BuilderEvent event) {
        for (BuilderListener listener : listeners) {
            try {
                inOrder.execute(() -> listener.onEvent(event));
            } catch (RejectedExecutionException closed) {
                log.debug("The fleet is closed; an event is dropped");
            }
        }
    }
}
