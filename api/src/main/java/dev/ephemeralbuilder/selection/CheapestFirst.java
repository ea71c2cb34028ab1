package dev.ephemeralbuilder.selection;

import java.util.Comparator;
import java.util.List;

/** Lowest price per hour first. */
enum CheapestFirst implements SelectionPolicy {
    INSTANCE;

    @Override
    public List<RankedOffer> rank(SelectionRequest request) {
        return request.offers().stream()
                .sorted(Comparator.comparing(Offer::hourlyPrice).thenComparing(Offer::pool))
                .map(offer -> new RankedOffer(
                        offer,
                        offer.hourlyPrice().amount(),
                        List.of(new RankedOffer.Term(
                                "price per hour", offer.hourlyPrice().amount()))))
                .toList();
    }

    @Override
    public String toString() {
        return "cheapest first";
    }
}
