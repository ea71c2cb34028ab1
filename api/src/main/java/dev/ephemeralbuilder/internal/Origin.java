package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.cost.PricePoint;
import dev.ephemeralbuilder.selection.Offer;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What a machine came from: the attempt that launched it, in this process or in another.
 *
 * @param requestId the request
 * @param token the client token, which is the key of the record
 * @param offer what was launched
 * @param intendedAt when the attempt was about to be made: the cost counts from here
 * @param cap the cap that the create call asked for
 * @param particulars what else the ledger says of it
 */
record Origin(String requestId, String token, Offer offer, Instant intendedAt, Instant cap, Particulars particulars) {
    /** Returns the same for one machine of several that one create call has made: it has a record of its own. */
    Origin ofOneOfMany(String machineId) {
        return new Origin(requestId, Records.ofOneOfMany(token, machineId), offer, intendedAt, cap, particulars);
    }

    /** Returns what a machine of it has cost until a time, at the prices that were heard of. */
    CostEstimate cost(Instant until, PricePoints prices) {
        Duration billed = between(intendedAt, until);
        Money amount = new Money(BigDecimal.ZERO, offer.hourlyPrice().currency());
        List<PricePoint> points = prices.of(this, until);
        for (int i = 0; i < points.size(); i++) {
            PricePoint point = points.get(i);
            Instant end = i + 1 < points.size() ? points.get(i + 1).from() : until;
            amount = amount.plus(point.hourly().forDuration(between(point.from(), end)));
        }
        CostEstimate cost = new CostEstimate(amount, offer.hourlyOnDemandPrice().forDuration(billed), billed);
        return particulars
                .hourlyDiskPrice(amount.currency())
                .map(price -> cost.withDisk(price.forDuration(billed)))
                .orElse(cost);
    }

    private static Duration between(Instant from, Instant until) {
        return until.isBefore(from) ? Duration.ZERO : Duration.between(from, until);
    }
}
