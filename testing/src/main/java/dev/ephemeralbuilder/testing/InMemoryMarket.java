package dev.ephemeralbuilder.testing;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.selection.Rejection;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;

/** Types, prices and stock of a region in memory. Safe for use by many threads. */
final class InMemoryMarket {
    /** The protection times that are sold, as on ECS (ecs-openapi, 2: none or one hour). */
    private static final Set<Duration> PROTECTIONS = Set.of(Duration.ZERO, Duration.ofHours(1));

    private static final BigDecimal SPOT = new BigDecimal("0.20");
    private static final BigDecimal PROTECTED_SPOT = new BigDecimal("0.22");

    /** What stock is kept by. */
    record Pool(String type, String zone, Market market) {}

    /** A type with its price per hour on demand. */
    record Priced(MachineType type, Money onDemand) {}

    /** How many can still be launched, since when, and whether there were any before. */
    private record Stock(int left, Instant since, boolean before) {}

    private final String provider;
    private final String region;
    private final List<String> zones;
    private final Map<String, Priced> types;
    private final Duration stockLag;
    private final Map<Pool, Stock> stock = new HashMap<>();
    private final Map<Pool, Money> prices = new HashMap<>();
    private final Map<String, Double> releaseRates = new HashMap<>();

    InMemoryMarket(String provider, String region, List<String> zones, Map<String, Priced> types, Duration stockLag) {
        this.provider = provider;
        this.region = region;
        this.zones = List.copyOf(zones);
        this.types = new LinkedHashMap<>(types);
        this.stockLag = stockLag;
    }

    Optional<MachineType> type(String id) {
        return Optional.ofNullable(types.get(id)).map(Priced::type);
    }

    boolean hasZone(String zone) {
        return zones.contains(zone);
    }

    List<String> zones() {
        return zones;
    }

    synchronized void price(Pool pool, Money hourly) {
        prices.put(known(pool), hourly);
    }

    synchronized void releaseRate(String type, String zone, double share) {
        known(new Pool(type, zone, Market.SPOT));
        releaseRates.put(type + '/' + zone, share);
    }

    /** Sets how many can still be launched; the market's word on it changes only later. */
    synchronized void stock(Pool pool, int left, Instant now) {
        stock.put(known(pool), new Stock(left, now, announced(pool, now)));
    }

    synchronized void restock(Pool pool) {
        stock.remove(known(pool));
    }

    /** Takes what there is, or nothing if that is less than the minimum. */
    synchronized int take(Pool pool, int minimum, int count) {
        Stock there = stock.get(pool);
        if (there == null) {
            return count;
        }
        int taken = Math.min(there.left(), count);
        if (taken < minimum) {
            return 0;
        }
        stock.put(pool, new Stock(there.left() - taken, there.since(), there.before()));
        return taken;
    }

    /** Returns the price now, whatever an offer says. */
    synchronized Money price(Pool pool, Duration protection) {
        Money set = prices.get(pool);
        if (set != null) {
            return set;
        }
        Money onDemand =
                requireNonNull(types.get(pool.type()), "the type is known").onDemand();
        if (pool.market() == Market.ON_DEMAND) {
            return onDemand;
        }
        return onDemand.times(protection.isZero() ? SPOT : PROTECTED_SPOT);
    }

    synchronized MarketSnapshot snapshot(MarketQuery query, Instant now) {
        List<MachineType> catalog = new ArrayList<>();
        List<MarketSnapshot.Price> priceList = new ArrayList<>();
        List<MarketSnapshot.Stock> stockList = new ArrayList<>();
        List<MarketSnapshot.ReleaseRate> rates = new ArrayList<>();
        if (query.parts().contains(Part.CATALOG)) {
            types.values().forEach(priced -> catalog.add(priced.type()));
        }
        for (MachineType type : query.types()) {
            if (!types.containsKey(type.id())) {
                continue;
            }
            for (String zone : zones) {
                if (query.parts().contains(Part.PRICES)) {
                    addPrices(type.id(), zone, query.protections(), priceList);
                }
                for (Market market : Market.values()) {
                    if (query.parts().contains(Part.STOCK)) {
                        boolean available = announced(new Pool(type.id(), zone, market), now);
                        stockList.add(new MarketSnapshot.Stock(type.id(), zone, market, available));
                    }
                }
                Double rate = releaseRates.get(type.id() + '/' + zone);
                if (rate != null && query.parts().contains(Part.RELEASE_RATES)) {
                    rates.add(new MarketSnapshot.ReleaseRate(type.id(), zone, rate));
                }
            }
        }
        return new MarketSnapshot(catalog, priceList, stockList, rates);
    }

    /** Uses nothing of this market that can change. */
    Offers offers(MachineSpec spec, MarketSnapshot market) {
        List<Offer> offers = new ArrayList<>();
        List<Rejection> rejections = new ArrayList<>();
        boolean image = spec.machineImage().isPresent() || spec.containerImage().isPresent();
        for (MachineType type : market.types()) {
            Optional<String> reason =
                    image ? type.misfit(spec) : Optional.of("the spec names neither machine nor container image");
            if (reason.isPresent()) {
                rejections.add(new Rejection(type.id(), reason.get()));
                continue;
            }
            for (String zone : zones) {
                addOffers(type, zone, market, offers, rejections);
            }
        }
        return new Offers(offers, rejections);
    }

    private void addOffers(
            MachineType type, String zone, MarketSnapshot market, List<Offer> offers, List<Rejection> rejections) {
        List<MarketSnapshot.Price> here = market.prices().stream()
                .filter(price -> price.type().equals(type.id()) && price.zone().equals(zone))
                .toList();
        Optional<Money> onDemand = here.stream()
                .filter(price -> price.market() == Market.ON_DEMAND)
                .map(MarketSnapshot.Price::hourly)
                .findFirst();
        if (onDemand.isEmpty()) {
            rejections.add(new Rejection(type.id() + " in " + zone, "no price is known"));
            return;
        }
        OptionalDouble rate = market.releaseRates().stream()
                .filter(r -> r.type().equals(type.id()) && r.zone().equals(zone))
                .mapToDouble(MarketSnapshot.ReleaseRate::share)
                .findFirst();
        for (MarketSnapshot.Price price : here) {
            Offer.Builder offer = Offer.builder()
                    .provider(provider)
                    .region(region)
                    .zone(zone)
                    .type(type)
                    .market(price.market())
                    .protection(price.protection())
                    .hourlyPrice(price.hourly())
                    .hourlyOnDemandPrice(onDemand.get());
            if (price.market() == Market.SPOT && rate.isPresent()) {
                offer.releaseRate(rate.getAsDouble());
            }
            Offer built = offer.build();
            boolean soldOut = market.stock().stream()
                    .anyMatch(s -> s.type().equals(type.id())
                            && s.zone().equals(zone)
                            && s.market() == price.market()
                            && !s.available());
            if (soldOut) {
                rejections.add(new Rejection(built.describe(), "the cloud says that it is sold out"));
            } else {
                offers.add(built);
            }
        }
    }

    private void addPrices(String type, String zone, Set<Duration> protections, List<MarketSnapshot.Price> list) {
        Money onDemand = price(new Pool(type, zone, Market.ON_DEMAND), Duration.ZERO);
        list.add(new MarketSnapshot.Price(type, zone, Market.ON_DEMAND, Duration.ZERO, onDemand));
        for (Duration protection : new TreeSet<>(protections)) {
            if (PROTECTIONS.contains(protection)) {
                Money spot = price(new Pool(type, zone, Market.SPOT), protection);
                list.add(new MarketSnapshot.Price(type, zone, Market.SPOT, protection, spot));
            }
        }
    }

    private boolean announced(Pool pool, Instant now) {
        Stock there = stock.get(pool);
        if (there == null) {
            return true;
        }
        return now.isBefore(there.since().plus(stockLag)) ? there.before() : there.left() > 0;
    }

    private Pool known(Pool pool) {
        if (!types.containsKey(pool.type()) || !zones.contains(pool.zone())) {
            throw new IllegalArgumentException("there is no " + pool.type() + " in " + pool.zone());
        }
        return pool;
    }
}
