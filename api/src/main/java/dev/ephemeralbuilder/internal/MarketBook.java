package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one provider's market, with an age for each part: what is young enough is not asked again, and what
 * is being asked is not asked twice. Confined to the ticker.
 */
final class MarketBook {
    /** Ages after ecs-openapi, 6.1. */
    private static final Map<Part, Duration> MAX_AGE = Map.of(
            Part.CATALOG, Duration.ofHours(24),
            Part.PRICES, Duration.ofMinutes(10),
            Part.STOCK, Duration.ofMinutes(5));

    /** Prices cost a call per type, so only the smallest types that fit are looked at. */
    private static final int MAX_TYPES = 24;

    private static final int TYPES_PER_CALL = 6;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String ALL = "";

    private record Key(Part part, String type) {}

    private final Ticker ticker;
    private final CloudCalls cloud;
    private final Set<Duration> protections;
    private final Map<Key, Instant> readAt = new HashMap<>();
    private List<MachineType> types = List.of();
    private final Map<String, List<MarketSnapshot.Price>> prices = new HashMap<>();
    private final Map<String, List<MarketSnapshot.Stock>> stock = new HashMap<>();
    private @Nullable CompletableFuture<Void> refreshing;

    MarketBook(Ticker ticker, CloudCalls cloud, Set<Duration> protections) {
        this.ticker = ticker;
        this.cloud = cloud;
        this.protections = protections;
    }

    /** Returns all that is needed to make offers for a spec, read anew where it is too old. */
    CompletableFuture<MarketSnapshot> forSpec(MachineSpec spec) {
        return current(Part.CATALOG, List.of()).thenCompose(v -> {
            List<MachineType> fitting = fitting(spec);
            return current(Part.PRICES, fitting)
                    .thenCompose(w -> current(Part.STOCK, fitting))
                    .thenApply(w -> snapshot(fitting));
        });
    }

    private List<MachineType> fitting(MachineSpec spec) {
        return types.stream()
                .filter(type -> type.misfit(spec).isEmpty())
                .sorted(Comparator.comparingInt(MachineType::millicpus)
                        .thenComparingInt(MachineType::memoryMib)
                        .thenComparing(MachineType::id))
                .limit(MAX_TYPES)
                .toList();
    }

    private MarketSnapshot snapshot(List<MachineType> wanted) {
        List<MarketSnapshot.Price> p = new ArrayList<>();
        List<MarketSnapshot.Stock> s = new ArrayList<>();
        for (MachineType type : wanted) {
            p.addAll(prices.getOrDefault(type.id(), List.of()));
            s.addAll(stock.getOrDefault(type.id(), List.of()));
        }
        return new MarketSnapshot(types, p, s, List.of());
    }

    /** Completes when the part is young enough for all of the types. */
    private CompletableFuture<Void> current(Part part, List<MachineType> wanted) {
        CompletableFuture<Void> other = refreshing;
        if (other != null && !other.isDone()) {
            // Then look again, and ask for what is still missing. A cloud that just failed is not asked by each in
            // turn.
            return other.thenCompose(v -> current(part, wanted));
        }
        List<CompletableFuture<?>> asked = new ArrayList<>();
        if (part == Part.CATALOG) {
            if (stale(new Key(part, ALL))) {
                asked.add(ask(MarketQuery.catalog()));
            }
        } else {
            List<MachineType> stale = wanted.stream()
                    .filter(type -> stale(new Key(part, type.id())))
                    .toList();
            for (int i = 0; i < stale.size(); i += TYPES_PER_CALL) {
                List<MachineType> some = stale.subList(i, Math.min(stale.size(), i + TYPES_PER_CALL));
                asked.add(ask(new MarketQuery(Set.of(part), some, protections)));
            }
        }
        if (asked.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        CompletableFuture<Void> mine = CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new));
        refreshing = mine;
        return mine.whenComplete((v, failure) -> refreshing = null);
    }

    private boolean stale(Key key) {
        Instant at = readAt.get(key);
        Duration maxAge = MAX_AGE.get(key.part());
        return at == null || maxAge == null || at.plus(maxAge).isBefore(ticker.now());
    }

    private CompletableFuture<Void> ask(MarketQuery query) {
        return cloud.repeat(
                        CloudAction.MARKET,
                        ticker.now().plus(PATIENCE),
                        () -> cloud.provider().market(query))
                .thenAccept(answer -> merge(query, answer));
    }

    private void merge(MarketQuery query, MarketSnapshot answer) {
        Instant now = ticker.now();
        if (query.parts().contains(Part.CATALOG)) {
            types = answer.types();
            readAt.put(new Key(Part.CATALOG, ALL), now);
        }
        Set<String> asked = new LinkedHashSet<>();
        query.types().forEach(type -> asked.add(type.id()));
        for (String type : asked) {
            if (query.parts().contains(Part.PRICES)) {
                prices.put(
                        type,
                        answer.prices().stream()
                                .filter(p -> p.type().equals(type))
                                .toList());
                readAt.put(new Key(Part.PRICES, type), now);
            }
            if (query.parts().contains(Part.STOCK)) {
                stock.put(
                        type,
                        answer.stock().stream()
                                .filter(s -> s.type().equals(type))
                                .toList());
                readAt.put(new Key(Part.STOCK, type), now);
            }
        }
    }
}
