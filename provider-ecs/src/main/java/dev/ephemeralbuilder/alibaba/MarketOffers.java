package dev.ephemeralbuilder.alibaba;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.selection.Rejection;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.MarketSnapshot.Price;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What of a market fits a spec: each type that is large enough, in each zone, on each market that it is sold on, for each
 * price. A pure function, the same for all products. Immutable.
 */
public final class MarketOffers {
    private record Pool(String type, String zone, Market market) {}

    private record Place(String type, String zone) {}

    private final String provider;
    private final String region;
    private final Set<String> zones;
    private final BiPredicate<MachineType, Market> sold;

    /**
     * Creates the function.
     *
     * @param provider the name of the provider
     * @param region its region
     * @param zones the zones that it can launch in
     * @param sold whether a type is offered on a market; one that is offered on none is not mentioned at all
     */
    public MarketOffers(String provider, String region, Set<String> zones, BiPredicate<MachineType, Market> sold) {
        this.provider = provider;
        this.region = region;
        this.zones = zones;
        this.sold = sold;
    }

    /** Returns what fits, and why the rest does not. */
    public Offers select(MachineSpec spec, MarketSnapshot market) {
        return new Selector(spec, market).select();
    }

    /** One selection: the snapshot by key, and what was found so far. */
    private final class Selector {
        private final MachineSpec spec;
        private final MarketSnapshot market;
        private final Map<Pool, List<Price>> prices = new HashMap<>();
        private final Map<Pool, Boolean> stock = new HashMap<>();
        private final Map<Place, Double> releaseRates = new HashMap<>();
        private final List<Offer> offers = new ArrayList<>();
        private final List<Rejection> rejections = new ArrayList<>();

        Selector(MachineSpec spec, MarketSnapshot market) {
            this.spec = spec;
            this.market = market;
            for (Price p : market.prices()) {
                prices.computeIfAbsent(new Pool(p.type(), p.zone(), p.market()), k -> new ArrayList<>())
                        .add(p);
            }
            market.stock().forEach(s -> stock.put(new Pool(s.type(), s.zone(), s.market()), s.available()));
            market.releaseRates().forEach(r -> releaseRates.put(new Place(r.type(), r.zone()), r.share()));
        }

        Offers select() {
            for (MachineType type : market.types()) {
                List<Market> ways = Stream.of(Market.values())
                        .filter(way -> sold.test(type, way))
                        .toList();
                if (ways.isEmpty()) {
                    continue;
                }
                String misfit = type.misfit(spec).orElse(null);
                if (misfit != null) {
                    rejections.add(new Rejection(type.id(), misfit));
                    continue;
                }
                for (String zone : zones) {
                    for (Market way : ways) {
                        if (spec.markets().contains(way)) {
                            offer(type, zone, way);
                        }
                    }
                }
            }
            return new Offers(offers, rejections);
        }

        private void offer(MachineType type, String zone, Market way) {
            Pool pool = new Pool(type.id(), zone, way);
            String subject = type.id() + " in " + zone + ", " + (way == Market.SPOT ? "spot" : "on demand");
            if (Boolean.FALSE.equals(stock.get(pool))) {
                rejections.add(new Rejection(subject, "sold out", true));
                return;
            }
            Money onDemand = onDemandPrice(type, zone);
            List<Price> known = prices.get(pool);
            if (known == null || onDemand == null) {
                rejections.add(
                        new Rejection(subject, known == null ? "no price is known" : "no on-demand price is known"));
                return;
            }
            for (Price price : known) {
                Offer.Builder offer = Offer.builder()
                        .provider(provider)
                        .region(region)
                        .zone(zone)
                        .type(type)
                        .market(way)
                        .protection(price.protection())
                        .hourlyPrice(price.hourly())
                        .hourlyOnDemandPrice(onDemand);
                Double rate = releaseRates.get(new Place(type.id(), zone));
                if (rate != null && way == Market.SPOT) {
                    offer.releaseRate(rate);
                }
                offers.add(offer.build());
            }
        }

        private @Nullable Money onDemandPrice(MachineType type, String zone) {
            List<Price> known = prices.get(new Pool(type.id(), zone, Market.ON_DEMAND));
            return known == null ? null : known.get(0).hourly();
        }
    }
}
