package dev.ephemeralbuilder.event;

/**
 * Hears what happens in a fleet. Called on the fleet's pool for users' code, for one event at a time and in their
 * order; a listener that blocks holds up later events only, one that throws is logged.
 */
@FunctionalInterface
public interface BuilderListener {
    /** Takes an event. */
    void onEvent(BuilderEvent event);
}
