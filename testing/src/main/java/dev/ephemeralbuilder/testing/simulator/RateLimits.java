package dev.ephemeralbuilder.testing.simulator;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts calls per operation of each product and new instances in whole minutes of the cloud's clock (ecs-openapi, 1.4;
 * that ECI's minutes are whole ones as well is [unconfirmed]): who is refused in one minute is served in the next. Safe
 * for use by many threads.
 */
final class RateLimits {
    private static final int INSTANCES = 5_000;

    private final Supplier<Instant> now;
    private final Map<String, Integer> ordered = new HashMap<>();
    private final Map<Product, Map<String, Window>> calls = new EnumMap<>(Product.class);
    private final Window instances = new Window(INSTANCES);

    RateLimits(Supplier<Instant> now) {
        this.now = now;
    }

    synchronized void setCalls(String action, int limit) {
        ordered.put(action, limit);
    }

    synchronized void setInstances(int limit) {
        instances.limit = limit;
    }

    /**
     * Counts a call.
     *
     * @throws ApiError if the limit of the minute is reached
     */
    synchronized void call(Product product, String action) {
        Window window = window(product, action);
        if (window != null && !window.take(1, minute())) {
            throw ApiError.of("Throttling.User", "Request was denied due to user flow control.");
        }
    }

    /**
     * Counts new instances, all or none.
     *
     * @throws ApiError if fewer are left in this minute
     */
    synchronized void create(int count) {
        if (!instances.take(count, minute())) {
            throw ApiError.of("Throttling.Resource", "The request was denied: too many instances in one minute.");
        }
    }

    /**
     * Returns what the header {@code X-RateLimit-User-API} says of an operation: how many calls are left and how many
     * milliseconds of the cloud's clock this minute still has. Null for an operation without a limit; whether the
     * header comes then too, and the unit, are [unconfirmed].
     */
    synchronized @Nullable String header(Product product, String action) {
        Window window = window(product, action);
        if (window == null) {
            return null;
        }
        Instant minute = minute();
        long left =
                Duration.between(now.get(), minute.plus(Duration.ofMinutes(1))).toMillis();
        return "Remain:" + window.left(minute) + ",TimeLeft:" + left;
    }

    private @Nullable Window window(Product product, String action) {
        Integer limit = ordered.get(action);
        if (limit == null) {
            limit = product.callsPerMinute(action);
        }
        if (limit == null) {
            return null;
        }
        Window window = calls.computeIfAbsent(product, absent -> new HashMap<>())
                .computeIfAbsent(action, absent -> new Window(0));
        window.limit = limit;
        return window;
    }

    private Instant minute() {
        return now.get().truncatedTo(ChronoUnit.MINUTES);
    }

    private static final class Window {
        private int limit;
        private int used;
        private Instant minute = Instant.MIN;

        Window(int limit) {
            this.limit = limit;
        }

        boolean take(int count, Instant current) {
            if (count > left(current)) {
                return false;
            }
            used += count;
            return true;
        }

        int left(Instant current) {
            if (!current.equals(minute)) {
                minute = current;
                used = 0;
            }
            return Math.max(0, limit - used);
        }
    }
}
