package dev.ephemeralbuilder.spi;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.selection.MachineType;
import java.time.Duration;
import java.util.List;

/**
 * What a provider read of the market of its region. A part that was not asked for is empty.
 *
 * @param types the catalogue
 * @param prices the latest prices
 * @param stock what the cloud says about stock; what it does not mention is unknown, not sold out
 * @param releaseRates what the cloud says about reclaims
 */
public record MarketSnapshot(
        List<MachineType> types, List<Price> prices, List<Stock> stock, List<ReleaseRate> releaseRates) {
    /**
     * A price.
     *
     * @param type id of the type
     * @param zone the zone
     * @param market the market
     * @param protection the protection time that the spot price goes with; zero on demand
     * @param hourly the price per hour
     */
    public record Price(String type, String zone, Market market, Duration protection, Money hourly) {
        /** Checks the parts. */
        public Price {
            requireNonNull(type, "type");
            requireNonNull(zone, "zone");
            requireNonNull(market, "market");
            requireNonNull(protection, "protection");
            requireNonNull(hourly, "hourly");
        }
    }

    /**
     * A word on stock.
     *
     * @param type id of the type
     * @param zone the zone
     * @param market the market
     * @param available whether there is any
     */
    public record Stock(String type, String zone, Market market, boolean available) {
        /** Checks the parts. */
        public Stock {
            requireNonNull(type, "type");
            requireNonNull(zone, "zone");
            requireNonNull(market, "market");
        }
    }

    /**
     * How often the cloud took spot machines back.
     *
     * @param type id of the type
     * @param zone the zone
     * @param share share of the machines, 0 to 1
     */
    public record ReleaseRate(String type, String zone, double share) {
        /** Checks the parts. */
        public ReleaseRate {
            requireNonNull(type, "type");
            requireNonNull(zone, "zone");
        }
    }

    /** Copies the lists. */
    public MarketSnapshot {
        types = List.copyOf(types);
        prices = List.copyOf(prices);
        stock = List.copyOf(stock);
        releaseRates = List.copyOf(releaseRates);
    }
}
