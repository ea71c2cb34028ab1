package dev.ephemeralbuilder.event;

/**
 * Hears what happens in a fleet. Each listener is called on a thread of its own, for one event at a time and in their
 * order: one that blocks holds up nobody else, one that throws is logged at WARN and hears the next event.
 *
 * <p>Up to 10,000 events wait for a listener that is slower than the fleet; what comes after that is dropped, told to
 * {@link #onDropped} and, once, to the log at WARN. When the fleet is closed a listener has five seconds to hear the
 * events that are left; then its thread is interrupted.
 */
@FunctionalInterface
public interface BuilderListener {
    /** Takes an event of a request or its machine. */
    void onEvent(BuilderEvent event);

    /** Takes an event between the fleet and a cloud. Does nothing by default. */
    default void onCloudEvent(CloudEvent event) {}

    /**
     * Learns that events were dropped, between the one before and the one after this call. Does nothing by default.
     *
     * @param count how many of either kind, at least 1
     */
    default void onDropped(long count) {}
}
