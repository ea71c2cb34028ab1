package dev.ephemeralbuilder.selection;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * When which pool was last found empty, or was lost. Immutable: {@link #with} returns a changed copy.
 *
 * <p>A pool is {@link Offer#pool}. An empty pool is blocked for {@link #BLOCK}, which protects the API and no more:
 * outages last much longer (measured medians in {@code spot-economics}, section 5), so a policy weighs the age of the
 * last failure itself.
 */
public final class StockMemory {
    /** How long a pool is left out after it was found empty: two minutes. */
    public static final Duration BLOCK = Duration.ofMinutes(2);

    private static final Duration KEPT = Duration.ofHours(24);
    private static final StockMemory EMPTY = new StockMemory(Map.of());

    private final Map<String, Instant> failures;

    private StockMemory(Map<String, Instant> failures) {
        this.failures = failures;
    }

    /** Returns a memory of nothing. */
    public static StockMemory empty() {
        return EMPTY;
    }

    /** Returns this memory with one more failure; what is older than 24 hours is forgotten. */
    public StockMemory with(String pool, Instant failedAt) {
        requireNonNull(pool, "pool");
        Map<String, Instant> changed = new HashMap<>(failures);
        changed.values().removeIf(at -> at.isBefore(failedAt.minus(KEPT)));
        changed.put(pool, failedAt);
        return new StockMemory(Map.copyOf(changed));
    }

    /** Returns when a pool was last found empty or lost, if it was. */
    public Optional<Instant> lastFailure(String pool) {
        return Optional.ofNullable(failures.get(pool));
    }

    /** Returns until when a pool is left out, or empty if it is not. */
    public Optional<Instant> blockedUntil(String pool, Instant now) {
        return lastFailure(pool).map(at -> at.plus(BLOCK)).filter(now::isBefore);
    }
}
