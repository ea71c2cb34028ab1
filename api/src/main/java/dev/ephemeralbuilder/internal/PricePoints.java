package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.cost.PricePoint;
import dev.ephemeralbuilder.selection.Offer;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The market prices that were heard of while a machine lived. A spot machine pays the price at its purchase while it is
 * protected, and then the market's (ecs-openapi, 2): the sum over all points of price and seconds. Before the first point
 * the price of the offer holds. Immutable.
 */
record PricePoints(Map<Instant, BigDecimal> later) {
    static final PricePoints NONE = new PricePoints(Map.of());

    /** Copies the points. */
    PricePoints {
        later = Map.copyOf(later);
    }

    /** Returns this and what the market asked for the machine at a time; what says nothing new is left out. */
    PricePoints with(Origin origin, Instant at, Money hourly) {
        Offer offer = origin.offer();
        boolean sameCurrency = hourly.currency().equals(offer.hourlyPrice().currency());
        if (offer.market() != Market.SPOT || !sameCurrency || at.isBefore(origin.intendedAt())) {
            return this;
        }
        Instant free = origin.intendedAt().plus(offer.protection());
        Instant from = Instant.ofEpochMilli((at.isBefore(free) ? free : at).toEpochMilli());
        TreeMap<Instant, BigDecimal> sorted = new TreeMap<>(later);
        // Of what was heard while the machine was protected, the last counts from then on.
        sorted.remove(from);
        Map.Entry<Instant, BigDecimal> before = sorted.lowerEntry(from);
        BigDecimal present = before == null ? offer.hourlyPrice().amount() : before.getValue();
        if (present.compareTo(hourly.amount()) != 0) {
            sorted.put(from, hourly.amount());
        }
        return new PricePoints(sorted);
    }

    /** Returns what either has heard. */
    PricePoints with(PricePoints other) {
        Map<Instant, BigDecimal> both = new TreeMap<>(later);
        both.putAll(other.later);
        return new PricePoints(both);
    }

    /** Returns all prices until a time, that of the offer first. */
    List<PricePoint> of(Origin origin, Instant until) {
        List<PricePoint> points = new ArrayList<>();
        Money first = origin.offer().hourlyPrice();
        points.add(new PricePoint(origin.intendedAt(), first));
        new TreeMap<>(later).forEach((from, price) -> {
            if (from.isBefore(until)) {
                points.add(new PricePoint(from, new Money(price, first.currency())));
            }
        });
        return points;
    }

    /** Returns it as text; empty if there is nothing in it. */
    String encode() {
        return new TreeMap<>(later)
                .entrySet().stream()
                        .map(point -> point.getKey().toEpochMilli() + "="
                                + point.getValue().toPlainString())
                        .collect(Collectors.joining(" "));
    }

    /**
     * Reads what {@link #encode} has written.
     *
     * @throws IllegalArgumentException if it is not that
     */
    static PricePoints decode(String text) {
        Map<Instant, BigDecimal> points = new TreeMap<>();
        if (!text.isEmpty()) {
            for (String point : text.split(" ", -1)) {
                int equals = point.indexOf('=');
                if (equals < 0) {
                    throw new IllegalArgumentException("a price point has no price");
                }
                points.put(
                        Instant.ofEpochMilli(Long.parseLong(point.substring(0, equals))),
                        new BigDecimal(point.substring(equals + 1)));
            }
        }
        return new PricePoints(points);
    }
}
