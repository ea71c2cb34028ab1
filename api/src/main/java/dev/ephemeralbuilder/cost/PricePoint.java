package dev.ephemeralbuilder.cost;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.Money;
import java.time.Instant;

/**
 * A price that a machine was counted at.
 *
 * @param from since when: the create call, or when the fleet heard of the price
 * @param hourly the price per hour
 */
public record PricePoint(Instant from, Money hourly) {
    /** Checks the parts. */
    public PricePoint {
        requireNonNull(from, "from");
        requireNonNull(hourly, "hourly");
    }
}
