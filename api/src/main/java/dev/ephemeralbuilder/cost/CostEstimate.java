package dev.ephemeralbuilder.cost;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.Money;
import java.time.Duration;
import java.util.Optional;

/**
 * What a machine cost, from the prices that the fleet knew and the seconds that it existed. An estimate, and not rounded:
 * public traffic is not in it, nor a change of the market price that the fleet has not heard of, and the bill is the
 * cloud's.
 *
 * @param amount the estimate, with the disk where its price is known
 * @param onDemand what the same machine would have cost for the same time on demand, with the same disk
 * @param billed how long it existed: from the create call until it was given back
 * @param disk the part of both that the disk is, zero if all of it is free; empty if nobody has said what a disk costs
 */
public record CostEstimate(Money amount, Money onDemand, Duration billed, Optional<Money> disk) {
    /** Checks the parts. */
    public CostEstimate {
        requireNonNull(amount, "amount");
        requireNonNull(onDemand, "onDemand");
        requireNonNull(billed, "billed");
        requireNonNull(disk, "disk");
    }

    /** Returns the estimate for a machine whose disk has no known price. */
    public CostEstimate(Money amount, Money onDemand, Duration billed) {
        this(amount, onDemand, billed, Optional.empty());
    }

    /** Returns the estimate for a machine of these prices per hour that existed this long; without its disk. */
    public static CostEstimate of(Money hourlyPrice, Money hourlyOnDemandPrice, Duration billed) {
        return new CostEstimate(hourlyPrice.forDuration(billed), hourlyOnDemandPrice.forDuration(billed), billed);
    }

    /**
     * Returns the same with a disk of this cost in both amounts.
     *
     * @throws IllegalArgumentException if its currency is another one
     * @throws IllegalStateException if there is a disk in it already
     */
    public CostEstimate withDisk(Money cost) {
        if (disk.isPresent()) {
            throw new IllegalStateException("the disk is in it already");
        }
        return new CostEstimate(amount.plus(cost), onDemand.plus(cost), billed, Optional.of(cost));
    }

    /** Returns how much less it was than on demand; negative if it was more. */
    public Money saved() {
        return onDemand.minus(amount);
    }
}
