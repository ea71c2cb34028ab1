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
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is known of one provider's market, with an age for each part: what is young enough is not asked again, and what
 * is being asked is not asked twice. A part that cannot be read, or takes longer than the others, is left out, or taken as
 * it was known before; nobody waits for it. Confined to the ticker.
 */
final class MarketBook {
    private static final Logger log = LoggerFactory.getLogger(MarketBook.class);

    /** Ages after ecs-openapi, 6.1. */
    private static final Map<Part, Duration> MAX_AGE = Map.of(
            Part.CATALOG, Duration.ofHours(24),
            Part.PRICES, Duration.ofMinutes(10),
            Part.STOCK, Duration.ofMinutes(5));

    /** Prices cost a call per type, so only the smallest types that fit are looked at. */
    private static final int MAX_TYPES = 24;

    /** A price takes several calls of the cloud's, and each may fail. */
    private static final Map<Part, Integer> TYPES_PER_CALL = Map.of(Part.PRICES, 1, Part.STOCK, 6);

    /** How long slow answers are waited for once there has been one. */
    private static final Duration LATECOMERS = Duration.ofSeconds(5);

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String ALL = "";

    private record Key(Part part, String type) {}

    private final Ticker ticker;
    private final CloudCalls cloud;
    private final Set<Duration> protections;
    private final Consumer<List<MarketSnapshot.Price>> readers;
    private final Map<Key, Instant> readAt = new HashMap<>();

    /** What calls are under way for. */
    private final Set<Key> asking = new HashSet<>();

    private List<MachineType> types = List.of();
    private final Map<String, List<MarketSnapshot.Price>> prices = new HashMap<>();
    private final Map<String, List<MarketSnapshot.Stock>> stock = new HashMap<>();
    private @Nullable CompletableFuture<Void> refreshing;

    /**
     * @param readers gets prices as they are read
     */
    MarketBook(
            Ticker ticker, CloudCalls cloud, Set<Duration> protections, Consumer<List<MarketSnapshot.Price>> readers) {
        this.ticker = ticker;
        this.cloud = cloud;
        this.protections = protections;
        this.readers = readers;
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

    /** Completes when the part is young enough for the types, as far as the cloud tells; fails if it tells nothing. */
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
            int size = TYPES_PER_CALL.getOrDefault(part, 1);
            for (int i = 0; i < stale.size(); i += size) {
                List<MachineType> some = stale.subList(i, Math.min(stale.size(), i + size));
                asked.add(ask(new MarketQuery(Set.of(part), some, protections)));
            }
        }
        if (asked.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        CompletableFuture<Void> mine = enough(asked, part, wanted);
        refreshing = mine;
        return mine.whenComplete((v, failure) -> refreshing = null);
    }

    private CompletableFuture<Void> enough(List<CompletableFuture<?>> asked, Part part, List<MachineType> wanted) {
        CompletableFuture<Void> enough = new CompletableFuture<>();
        for (CompletableFuture<?> one : asked) {
            Stages.whenDone(one, (v, failure) -> {
                if (failure == null && !enough.isDone()) {
                    Stages.whenDone(Stages.after(ticker, LATECOMERS), (w, f) -> enough.complete(null));
                }
            });
        }
        Stages.whenDone(CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new)), (v, failure) -> {
            if (failure == null || isKnown(part, wanted)) {
                enough.complete(null);
            } else {
                enough.completeExceptionally(Failures.unwrap(failure));
            }
        });
        return enough;
    }

    private boolean isKnown(Part part, List<MachineType> wanted) {
        return part == Part.CATALOG
                ? readAt.containsKey(new Key(part, ALL))
                : wanted.stream().anyMatch(type -> readAt.containsKey(new Key(part, type.id())));
    }

    private boolean stale(Key key) {
        Instant at = readAt.get(key);
        Duration maxAge = MAX_AGE.get(key.part());
        return !asking.contains(key)
                && (at == null || maxAge == null || at.plus(maxAge).isBefore(ticker.now()));
    }

    private CompletableFuture<Void> ask(MarketQuery query) {
        List<Key> keys = keys(query);
        asking.addAll(keys);
        CompletableFuture<MarketSnapshot> answer = cloud.repeat(
                CloudAction.MARKET,
                ticker.now().plus(PATIENCE),
                () -> cloud.provider().market(query));
        return Stages.then(answer, (market, failure) -> {
            keys.forEach(asking::remove);
            if (failure != null) {
                log.debug(
                        "A part of the market could not be read [what={}, reason={}]",
                        keys,
                        Failures.unwrap(failure).toString());
                return CompletableFuture.failedFuture(Failures.unwrap(failure));
            }
            merge(query, market);
            return CompletableFuture.completedFuture(null);
        });
    }

    private static List<Key> keys(MarketQuery query) {
        List<Key> keys = new ArrayList<>();
        for (Part part : query.parts()) {
            if (part == Part.CATALOG) {
                keys.add(new Key(part, ALL));
            } else {
                query.types().forEach(type -> keys.add(new Key(part, type.id())));
            }
        }
        return keys;
    }

    private void merge(MarketQuery query, MarketSnapshot answer) {
        Instant now = ticker.now();
        if (query.parts().contains(Part.CATALOG)) {
            types = answer.types();
            readAt.put(new Key(Part.CATALOG, ALL), now);
        }
        readers.accept(answer.prices());
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
