package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.selection.Offer;
import java.time.Duration;
import java.time.Instant;

/**
 * What a machine came from: the attempt that launched it, in this process or in another.
 *
 * @param requestId the request
 * @param token the client token, which is the key of the record
 * @param offer what was launched
 * @param intendedAt when the attempt was about to be made: the cost counts from here
 * @param cap the cap that the create call asked for
 */
record Origin(String requestId, String token, Offer offer, Instant intendedAt, Instant cap) {
    /** Returns the same for one machine of several that one create call has made: it has a record of its own. */
    Origin ofOneOfMany(String machineId) {
        return new Origin(requestId, Records.ofOneOfMany(token, machineId), offer, intendedAt, cap);
    }

    /** Returns what a machine of it has cost until a time. */
    CostEstimate cost(Instant until) {
        Duration billed = Duration.between(intendedAt, until);
        return CostEstimate.of(
                offer.hourlyPrice(), offer.hourlyOnDemandPrice(), billed.isNegative() ? Duration.ZERO : billed);
    }
}
