package dev.ephemeralbuilder.selection;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The ranking of the offers for a spec, with every term of the score and every rejection.
 *
 * @param ranked what to try, best first
 * @param rejections what was left out, and why
 */
public record Selection(List<RankedOffer> ranked, List<Rejection> rejections) {
    /** A spot price of this share of the same pool's own on-demand price or more is not worth the risk. */
    private static final BigDecimal SPOT_CEILING = new BigDecimal("0.95");

    /** Copies the lists. */
    public Selection {
        ranked = List.copyOf(ranked);
        rejections = List.copyOf(rejections);
    }

    /**
     * Leaves out what must not be launched (wrong market, over the price cap, spot at 95 % of its own on-demand price
     * or more, pool just found empty) and has the policy rank the rest.
     */
    public static Selection of(SelectionPolicy policy, SelectionRequest request) {
        List<Offer> kept = new ArrayList<>();
        List<Rejection> rejections = new ArrayList<>(request.rejections());
        for (Offer offer : request.offers()) {
            Optional<Rejection> rejection = rejection(offer, request);
            if (rejection.isPresent()) {
                rejections.add(rejection.get());
            } else {
                kept.add(offer);
            }
        }
        return new Selection(policy.rank(request.toBuilder().offers(kept).build()), rejections);
    }

    /** Returns how often each reason rejected something, by reason. */
    public Map<String, Long> rejectionsByReason() {
        Map<String, Long> counts = new TreeMap<>();
        rejections.forEach(r -> counts.merge(r.reason(), 1L, Long::sum));
        return counts;
    }

    private static Optional<Rejection> rejection(Offer offer, SelectionRequest request) {
        MachineSpec spec = request.spec();
        if (!spec.markets().contains(offer.market())) {
            return forever(offer, offer.market() + " is not among the spec's markets");
        }
        Optional<Money> cap = spec.maxHourlyPrice();
        if (cap.isPresent() && !cap.get().currency().equals(offer.hourlyPrice().currency())) {
            return forever(
                    offer,
                    "the price cap is in " + cap.get().currency() + ", the price in "
                            + offer.hourlyPrice().currency());
        }
        if (cap.isPresent() && offer.hourlyPrice().compareTo(cap.get()) > 0) {
            return forever(offer, "above the price cap of " + cap.get() + " per hour");
        }
        if (offer.market() == Market.SPOT
                && offer.hourlyPrice().compareTo(offer.hourlyOnDemandPrice().times(SPOT_CEILING)) >= 0) {
            return forever(offer, "spot price is 95 % of its on-demand price or more");
        }
        return request.stockMemory()
                .blockedUntil(offer.pool(), request.now())
                .map(until -> new Rejection(
                        offer.describe(),
                        "was out of stock less than " + StockMemory.BLOCK.toMinutes() + " minutes ago",
                        true));
    }

    private static Optional<Rejection> forever(Offer offer, String reason) {
        return Optional.of(new Rejection(offer.describe(), reason));
    }
}
