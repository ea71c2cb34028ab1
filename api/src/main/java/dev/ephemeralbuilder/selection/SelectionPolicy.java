package dev.ephemeralbuilder.selection;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Ranks offers. A pure function: the same request gives the same ranking, nothing is read but the request. Safe for use
 * by many threads; must not block.
 */
@FunctionalInterface
public interface SelectionPolicy {
    /**
     * Ranks the offers of a request.
     *
     * @param request offers that have passed the filters of {@link Selection}
     * @return the offers to try, best first, each with its score; may leave offers out
     */
    List<RankedOffer> rank(SelectionRequest request);

    /**
     * Returns the protection times whose spot prices the policy wants to see; the cloud prices each apart. Default: one
     * hour, in which a short job is not taken back (ECS RunInstances, {@code SpotDuration}).
     */
    default Set<Duration> protections() {
        return Set.of(Duration.ofHours(1));
    }

    /** Returns the policy that takes the lowest price per hour; equal prices in the order of their pool names. */
    static SelectionPolicy cheapestFirst() {
        return CheapestFirst.INSTANCE;
    }
}
