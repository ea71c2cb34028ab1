package dev.ephemeralbuilder.event;

import java.time.Instant;

/**
 * Something that happened in a fleet: to a request or its machine, or between the fleet and a cloud. A listener that
 * wants all of it in one place hands both kinds to a method that takes this type. Later versions add events, so a
 * {@code switch} over them has a default branch.
 */
public sealed interface FleetEvent permits BuilderEvent, CloudEvent {
    /** Returns when it happened, by the fleet's clock. */
    Instant at();
}
