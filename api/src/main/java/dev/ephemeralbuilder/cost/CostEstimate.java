package dev.ephemeralbuilder.cost;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.Money;
import java.time.Duration;

/**
 * What a machine cost, from the price of its offer and the seconds that it existed. An estimate: disks, public traffic
 * and changes of the market price are not in it, and the bill is the cloud's.
 *
 * @param amount the estimate
 * @param onDemand what the same machine would have cost for the same time on demand
 * @param billed how long it existed: from the create call until it was given back
 */
public record CostEstimate(Money amount, Money onDemand, Duration billed) {
    /** Checks the parts. */
    public CostEstimate {
        requireNonNull(amount, "amount");
        requireNonNull(onDemand, "onDemand");
        requireNonNull(billed, "billed");
    }

    /** Returns the estimate for a machine of these prices per hour that existed this long. */
    public static CostEstimate of(Money hourlyPrice, Money hourlyOnDemandPrice, Duration billed) {
        return new CostEstimate(hourlyPrice.forDuration(billed), hourlyOnDemandPrice.forDuration(billed), billed);
    }
}
