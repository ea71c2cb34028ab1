package dev.ephemeralbuilder.testing.simulator;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * Which machines and container groups the market takes back (ecs-openapi, 2; eci-openapi, 7): those with a price limit below the price, once they are out of
 * the hours that {@code SpotDuration} protects. Those that follow the market never. That the notice may begin only
 * when the protected hour is over, and not end then, is [unconfirmed].
 */
final class PriceWatch {
    private final SpotMarket market;

    PriceWatch(SpotMarket market) {
        this.market = market;
    }

    /**
     * What a machine pays at most.
     *
     * @param limit CNY per hour
     * @param protectedHours from its creation
     */
    record Bid(Catalogue.Type type, String zone, BigDecimal limit, int protectedHours, Instant created) {
        private Instant protectedUntil() {
            return created.plus(Duration.ofHours(protectedHours));
        }
    }

    /** Returns what an instance bids, or null if it is never taken back for its price. */
    static @Nullable Bid bid(Instance instance) {
        RunRequest request = instance.request;
        return request.priceLimit == null
                ? null
                : new Bid(request.type, request.zone, request.priceLimit, request.spotDuration, instance.created);
    }

    /** Returns what a group bids, or null if it is never taken back for its price. */
    static @Nullable Bid bid(Group group) {
        BigDecimal limit = group.request.priceLimit;
        Catalogue.Type type = group.place.type();
        return limit == null || type == null
                ? null
                : new Bid(type, group.place.zone(), limit, group.request.spotDuration, group.created);
    }

    boolean isOutbid(Bid bid, Instant now) {
        return !now.isBefore(bid.protectedUntil())
                && market.price(bid.type(), bid.zone(), bid.protectedHours(), now)
                                .compareTo(bid.limit())
                        > 0;
    }

    /** Returns when to look at a machine again: when the price may change by itself, or the protection ends. */
    Instant next(Bid bid, Instant now) {
        Instant hour = now.truncatedTo(ChronoUnit.HOURS).plus(Duration.ofHours(1));
        Instant end = bid.protectedUntil();
        return end.isAfter(now) && end.isBefore(hour) ? end : hour;
    }
}
