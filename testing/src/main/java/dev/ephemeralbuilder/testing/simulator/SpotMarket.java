package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.Market;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

/**
 * Prices and stock per zone and type. A price is a pure function of seed, zone, type and hour: a factor of the list
 * price, mostly 0.12 to 0.32, about one pair in ten 0.6 to 1.0, moved by a few per cent each hour. Without protection
 * ({@code SpotDuration=0}) it is 8 % lower; that it is lower is documented (ecs-openapi, 2), how much is made up. One
 * price point per hour is [unconfirmed].
 *
 * <p>A test may order another price from some time on. Stock has no end until a test says so: that of both markets
 * together, or that of one. Safe for use by many threads.
 */
final class SpotMarket {
    private static final int UNLIMITED = Integer.MAX_VALUE;

    private final long seed;
    private final Map<String, Integer> stock = new HashMap<>();
    private final Map<String, NavigableMap<Instant, BigDecimal>> orders = new ConcurrentHashMap<>();

    SpotMarket(long seed) {
        this.seed = seed;
    }

    /** Returns the market that a {@code SpotStrategy} stands for. */
    static Market of(String strategy) {
        return strategy.equals("NoSpot") ? Market.ON_DEMAND : Market.SPOT;
    }

    /** A price at a time. */
    record Point(Instant time, BigDecimal price) {}

    /** Returns the price of an hour in CNY, with three decimals, never above the list price. */
    BigDecimal price(Catalogue.Type type, String zone, int duration, Instant at) {
        NavigableMap<Instant, BigDecimal> ordered = orders.get(key(type.name(), zone));
        Map.Entry<Instant, BigDecimal> inForce = ordered == null ? null : ordered.floorEntry(at);
        return inForce == null ? ownPrice(type, zone, duration, at) : inForce.getValue();
    }

    private BigDecimal ownPrice(Catalogue.Type type, String zone, int duration, Instant at) {
        Instant hour = at.truncatedTo(ChronoUnit.HOURS);
        double wave = 1 + 0.08 * (Draw.unit(seed, "wave", zone, type.name(), hour.getEpochSecond()) - 0.5);
        double factor = Math.min(1, base(type, zone) * wave * (duration == 0 ? 0.92 : 1));
        return type.price()
                .multiply(BigDecimal.valueOf(factor))
                .setScale(3, RoundingMode.UP)
                .min(type.price());
    }

    /**
     * Orders the price from a time on, with protection and without.
     *
     * @throws IllegalArgumentException if it is not above zero, or above the list price
     */
    void setPrice(Catalogue.Type type, String zone, BigDecimal price, Instant from) {
        if (price.signum() <= 0 || price.compareTo(type.price()) > 0) {
            throw new IllegalArgumentException("price must be above 0 and at most " + type.price());
        }
        orders.computeIfAbsent(key(type.name(), zone), absent -> new ConcurrentSkipListMap<>())
                .put(from, price);
    }

    /**
     * Returns the points of a window, oldest first: the one in force at its start, one per full hour, and one for each
     * price that was ordered.
     */
    List<Point> history(Catalogue.Type type, String zone, int duration, Instant from, Instant to) {
        NavigableSet<Instant> times = new TreeSet<>();
        for (Instant hour = from.truncatedTo(ChronoUnit.HOURS);
                !hour.isAfter(to);
                hour = hour.plus(Duration.ofHours(1))) {
            times.add(hour);
        }
        NavigableMap<Instant, BigDecimal> ordered = orders.get(key(type.name(), zone));
        if (ordered != null && !ordered.isEmpty()) {
            times.addAll(ordered.subMap(times.first(), true, to, true).keySet());
        }
        return times.stream()
                .map(time -> new Point(time, price(type, zone, duration, time)))
                .toList();
    }

    /** Returns the lower end of the advice band, in per cent of machines taken back within 30 days. */
    int interruptionBand(Catalogue.Type type, String zone) {
        double draw = Draw.unit(seed, "interruption", zone, type.name());
        return draw < 0.7 ? 0 : draw < 0.85 ? 3 : draw < 0.95 ? 5 : 10;
    }

    /** Returns the typical price in per cent of the list price. */
    int discount(Catalogue.Type type, String zone) {
        return (int) Math.round(base(type, zone) * 100);
    }

    private double base(Catalogue.Type type, String zone) {
        double draw = Draw.unit(seed, "factor", zone, type.name());
        boolean pricey = Draw.unit(seed, "pricey", zone, type.name()) < 0.1;
        return pricey ? 0.6 + 0.4 * draw : 0.12 + 0.2 * draw;
    }

    /** Sets how many there are for both markets together. */
    synchronized void setStock(String type, String zone, int machines) {
        stock.put(key(type, zone), machines);
    }

    /** Sets how many of those may be of one market. */
    synchronized void setStock(String type, String zone, Market market, int machines) {
        stock.put(key(type, zone, market), machines);
    }

    synchronized boolean inStock(String type, String zone, Market market) {
        return left(type, zone, market) > 0;
    }

    /** Takes as many as there are, up to the maximum; none if they are fewer than the minimum. */
    synchronized int take(String type, String zone, Market market, int minimum, int maximum) {
        int left = left(type, zone, market);
        int taken = left >= minimum ? Math.min(left, maximum) : 0;
        keys(type, zone, market).forEach(key -> stock.computeIfPresent(key, (k, number) -> number - taken));
        return taken;
    }

    private int left(String type, String zone, Market market) {
        return keys(type, zone, market)
                .mapToInt(key -> stock.getOrDefault(key, UNLIMITED))
                .min()
                .orElse(UNLIMITED);
    }

    /** Returns what the stock of a market is part of, and what it is. */
    private static Stream<String> keys(String type, String zone, Market market) {
        return Stream.of(key(type, zone), key(type, zone, market));
    }

    private static String key(String type, String zone, Market market) {
        return key(type, zone) + " " + market;
    }

    private static String key(String type, String zone) {
        return type + " " + zone;
    }
}
