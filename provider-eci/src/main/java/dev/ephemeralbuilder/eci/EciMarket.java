package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.alibaba.SpotMarket;
import dev.ephemeralbuilder.alibaba.TypeFilter;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.MarketSnapshot.Price;
import dev.ephemeralbuilder.spi.MarketSnapshot.ReleaseRate;
import dev.ephemeralbuilder.spi.MarketSnapshot.Stock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The market of ECI in one region: its own sizes at its own prices, and instance types at the prices of ECS, by which
 * groups of them are billed (eci-openapi, section 7; spot-economics, 1.9). Stock is what ECI says.
 */
final class EciMarket {
    private static final Logger log = LoggerFactory.getLogger(EciMarket.class);

    private final EciApi api;
    private final SpotMarket ecs;
    private final TypeFilter instanceTypes;
    private final Set<String> zones;

    EciMarket(EciApi api, SpotMarket ecs, TypeFilter instanceTypes, Set<String> zones) {
        this.api = api;
        this.ecs = ecs;
        this.instanceTypes = instanceTypes;
        this.zones = zones;
    }

    /** Returns whether an instance type is offered; unlike on ECS, none is unless it is named. */
    boolean isOffered(MachineType type) {
        return !instanceTypes.isEmpty() && !EciSizes.isSize(type) && instanceTypes.test(type);
    }

    MarketSnapshot read(MarketQuery query) throws InterruptedException {
        Set<Part> parts = query.parts();
        List<MachineType> sizes =
                query.types().stream().filter(EciSizes::isSize).toList();
        List<MachineType> types = query.types().stream().filter(this::isOffered).toList();
        return new MarketSnapshot(
                parts.contains(Part.CATALOG) ? catalog() : List.of(),
                parts.contains(Part.PRICES) ? prices(sizes, types, query.protections()) : List.of(),
                parts.contains(Part.STOCK) ? stock(sizes, types, query.protections()) : List.of(),
                parts.contains(Part.RELEASE_RATES) ? releaseRates(types) : List.of());
    }

    private List<MachineType> catalog() throws InterruptedException {
        List<MachineType> all = new ArrayList<>(EciSizes.all());
        if (!instanceTypes.isEmpty()) {
            all.addAll(ecs.types(instanceTypes));
        }
        return all;
    }

    private List<Price> prices(List<MachineType> sizes, List<MachineType> types, Set<Duration> protections)
            throws InterruptedException {
        List<Price> prices = new ArrayList<>();
        for (MachineType size : sizes) {
            Optional<Money> hourly = price(size);
            for (String zone : zones) {
                hourly.ifPresent(
                        price -> prices.add(new Price(size.id(), zone, Market.ON_DEMAND, Duration.ZERO, price)));
            }
        }
        ecs.prices(types, protections).stream()
                .filter(price -> zones.contains(price.zone()))
                .forEach(prices::add);
        return prices;
    }

    private Optional<Money> price(MachineType size) throws InterruptedException {
        try {
            return api.price(size);
        } catch (CapacityException e) {
            log.debug("Size {} has no price: {}", size.id(), e.getMessage());
            return Optional.empty();
        }
    }

    private List<Stock> stock(List<MachineType> sizes, List<MachineType> types, Set<Duration> protections)
            throws InterruptedException {
        int spotDuration = protections.equals(Set.of(SpotMarket.PROTECTION)) ? 1 : 0;
        List<Stock> stock = new ArrayList<>();
        for (MachineType size : sizes) {
            addStock(size, Market.ON_DEMAND, 0, stock);
        }
        for (MachineType type : types) {
            for (Market way : Market.values()) {
                addStock(type, way, spotDuration, stock);
            }
        }
        return stock;
    }

    private void addStock(MachineType type, Market way, int spotDuration, List<Stock> stock)
            throws InterruptedException {
        api.stock(type, way, spotDuration).forEach((zone, available) -> {
            if (zones.contains(zone)) {
                stock.add(new Stock(type.id(), zone, way, available));
            }
        });
    }

    private List<ReleaseRate> releaseRates(List<MachineType> types) throws InterruptedException {
        return ecs.releaseRates(types).stream()
                .filter(rate -> zones.contains(rate.zone()))
                .toList();
    }
}
