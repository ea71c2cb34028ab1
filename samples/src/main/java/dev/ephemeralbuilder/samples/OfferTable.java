package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.RankedOffer;
import dev.ephemeralbuilder.selection.Selection;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The ranking of offers as lines of text. */
final class OfferTable {
    private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);

    private OfferTable() {}

    /** Returns a header and a line for each of the best offers; empty without offers. */
    static List<String> lines(Selection selection, int best) {
        List<String> lines = new ArrayList<>();
        if (selection.ranked().isEmpty()) {
            return lines;
        }
        lines.add(row("product", "type", "zone", "market", "price/h", "on demand/h", "saved"));
        selection.ranked().stream()
                .limit(best)
                .map(RankedOffer::offer)
                .forEach(o -> lines.add(row(
                        o.provider(),
                        o.type().id(),
                        o.zone(),
                        market(o),
                        o.hourlyPrice().toString(),
                        o.hourlyOnDemandPrice().toString(),
                        saved(o.hourlyPrice(), o.hourlyOnDemandPrice()) + " %")));
        return lines;
    }

    static String market(Offer offer) {
        return offer.market() == Market.SPOT ? "spot" : "on demand";
    }

    /** Returns by how many percent a price is below another; negative if it is above. */
    static String saved(Money price, Money onDemand) {
        if (onDemand.amount().signum() == 0) {
            return "0";
        }
        return onDemand.minus(price)
                .amount()
                .multiply(HUNDRED)
                .divide(onDemand.amount(), 0, RoundingMode.HALF_UP)
                .toPlainString();
    }

    private static String row(Object... cells) {
        return String.format(Locale.ROOT, "  %-8s %-22s %-18s %-10s %14s %14s %8s", cells)
                .stripTrailing();
    }
}
