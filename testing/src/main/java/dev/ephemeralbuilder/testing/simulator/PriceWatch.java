package dev.ephemeralbuilder.testing.simulator;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * Which machines the market takes back (ecs-openapi, 2): those with a price limit below the price, once they are out of
 * the hour that {@code SpotDuration=1} protects. Those that follow the market never. That the notice may begin only
 * when the protected hour is over, and not end then, is [unconfirmed].
 */
final class PriceWatch {
    private static final Duration PROTECTION = Duration.ofHours(1);

    private final SpotMarket market;

    PriceWatch(SpotMarket market) {
        this.market = market;
    }

    /** Whether a machine may ever be taken back for its price. */
    boolean concerns(Instance instance) {
        return instance.request.priceLimit != null;
    }

    boolean isOutbid(Instance instance, Instant now) {
        RunRequest request = instance.request;
        return request.priceLimit != null
                && !now.isBefore(protectedUntil(instance))
                && market.price(request.type, request.zone, request.spotDuration, now)
                                .compareTo(request.priceLimit)
                        > 0;
    }

    /** Returns when to look at a machine again: when the price may change by itself, or the protection ends. */
    Instant next(Instance instance, Instant now) {
        Instant hour = now.truncatedTo(ChronoUnit.HOURS).plus(Duration.ofHours(1));
        Instant end = protectedUntil(instance);
        return end.isAfter(now) && end.isBefore(hour) ? end : hour;
    }

    private static Instant protectedUntil(Instance instance) {
        return instance.request.spotDuration == 1 ? instance.created.plus(PROTECTION) : instance.created;
    }
}
