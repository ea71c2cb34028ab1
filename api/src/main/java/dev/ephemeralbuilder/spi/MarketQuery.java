package dev.ephemeralbuilder.spi;

import dev.ephemeralbuilder.selection.MachineType;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What to read of the market.
 *
 * @param parts the parts; not empty
 * @param types the types for which prices, stock and release rates are wanted; not used for the catalogue
 * @param protections the protection times for which spot prices are wanted
 */
public record MarketQuery(Set<Part> parts, List<MachineType> types, Set<Duration> protections) {
    /** A part of the market, each with an age of its own. */
    public enum Part {
        /** The types that the provider is set up to use. */
        CATALOG,
        /** Prices per type and zone. */
        PRICES,
        /** Whether there is stock, per type, zone and market, as far as the cloud says so. */
        STOCK,
        /** The share of spot machines that the cloud took back of late. */
        RELEASE_RATES
    }

    /** Copies and checks the parts. */
    public MarketQuery {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("parts must not be empty");
        }
        parts = Set.copyOf(EnumSet.copyOf(parts));
        types = List.copyOf(types);
        protections = Set.copyOf(protections);
    }

    /** Returns a query for the catalogue. */
    public static MarketQuery catalog() {
        return new MarketQuery(EnumSet.of(Part.CATALOG), List.of(), Set.of());
    }
}
