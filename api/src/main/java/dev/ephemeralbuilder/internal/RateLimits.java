package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may call the cloud when: one queue per limit of the cloud, the most urgent first, fed by a bucket in the state
 * store that all processes of the owner share. Confined to the ticker.
 */
final class RateLimits {
    private static final Logger log = LoggerFactory.getLogger(RateLimits.class);

    /** Tokens are taken for several calls at once, so that a burst does not cost the store a change per call. */
    private static final int MOST_AT_ONCE = 10;

    private static final long MOST_JITTER_MILLIS = 3_000;

    /**
     * A limit of the cloud.
     *
     * @param name unique among all accounts, regions and actions
     * @param perMinute how many calls a minute are allowed
     */
    record Limit(String name, int perMinute) {}

    private record Waiter(CloudAction action, long number, CompletableFuture<Void> turn) {}

    private static final class Line {
        final Limit limit;
        final PriorityQueue<Waiter> waiting =
                new PriorityQueue<>(Comparator.comparing(Waiter::action).thenComparingLong(Waiter::number));
        boolean asking;
        boolean storeFailed;
        // As last seen; goes on by itself while the store cannot be used.
        @Nullable TokenBucket last;
        // Calls that were made meanwhile and that the store has not heard of.
        int owed;

        Line(Limit limit) {
            this.limit = limit;
        }
    }

    private final Ticker ticker;
    private final Calls calls;
    private final StateStore store;
    private final Map<String, Line> lines = new HashMap<>();
    private long number;

    /**
     * @param calls for the store
     */
    RateLimits(Ticker ticker, Calls calls, StateStore store) {
        this.ticker = ticker;
        this.calls = calls;
        this.store = store;
    }

    /** Completes when a call may be made; fails only when the fleet is closed. */
    CompletableFuture<Void> turn(Limit limit, CloudAction action) {
        Line line = lines.computeIfAbsent(limit.name(), name -> new Line(limit));
        Waiter waiter = new Waiter(action, number++, new CompletableFuture<>());
        line.waiting.add(waiter);
        serve(line);
        return waiter.turn();
    }

    /** The cloud refused a call since there were too many. */
    void throttled(Limit limit) {
        Line line = lines.computeIfAbsent(limit.name(), name -> new Line(limit));
        Instant now = ticker.now();
        Duration jitter = Duration.ofMillis(ThreadLocalRandom.current().nextLong(MOST_JITTER_MILLIS));
        Stages.leave(change(line, 0, bucket -> bucket.throttled(limit.perMinute(), now, jitter)));
    }

    private void serve(Line line) {
        if (line.asking || line.waiting.isEmpty()) {
            return;
        }
        line.asking = true;
        int wanted = Math.min(MOST_AT_ONCE, line.waiting.size());
        Instant now = ticker.now();
        TokenBucket.Taken[] taken = new TokenBucket.Taken[1];
        int owed = line.owed;
        CompletableFuture<Boolean> asked = change(line, owed, bucket -> {
            // The store may ask more than once: the last answer is the one that it has kept.
            taken[0] = bucket.take(wanted, line.limit.perMinute(), now);
            return taken[0].after();
        });
        Stages.whenDone(asked, (stored, failure) -> {
            line.asking = false;
            if (failure != null) {
                line.waiting.forEach(waiter -> waiter.turn().completeExceptionally(Calls.stopped()));
                line.waiting.clear();
                return;
            }
            line.owed = stored ? line.owed - owed : line.owed + taken[0].granted();
            for (int i = 0; i < taken[0].granted() && !line.waiting.isEmpty(); i++) {
                line.waiting.remove().turn().complete(null);
            }
            if (taken[0].granted() < wanted) {
                line.asking = true;
                Ticker.Scheduled unused = ticker.schedule(taken[0].pause(), () -> {
                    line.asking = false;
                    serve(line);
                });
            } else {
                serve(line);
            }
        });
    }

    /**
     * Changes the shared bucket; what was last seen of it while the store cannot be used. Fails only when the fleet is
     * closed.
     *
     * @param owed calls that the shared bucket is still to be charged with
     * @return whether it was the shared one
     */
    private CompletableFuture<Boolean> change(Line line, int owed, Function<TokenBucket, TokenBucket> change) {
        int limit = line.limit.perMinute();
        Instant now = ticker.now();
        CompletableFuture<TokenBucket> stored = calls.run(() -> {
            Map<String, String> changed = store.update(
                            StateStore.Kind.BUCKET,
                            line.limit.name(),
                            document -> change.apply(
                                            TokenBucket.of(document, limit, now).charged(owed))
                                    .document())
                    .orElseThrow();
            return TokenBucket.of(changed, limit, now);
        });
        return Stages.then(stored, (bucket, failure) -> {
            if (failure == null) {
                line.storeFailed = false;
                line.last = bucket;
                return CompletableFuture.completedFuture(true);
            }
            if (Calls.isStopped(failure)) {
                return CompletableFuture.failedFuture(failure);
            }
            if (!line.storeFailed) {
                line.storeFailed = true;
                log.warn(
                        "The shared rate limit {} cannot be used; until it can, this fleet keeps one of its own",
                        line.limit.name(),
                        Failures.unwrap(failure));
            }
            TokenBucket last = line.last;
            line.last = change.apply(last == null ? TokenBucket.full(limit, now) : last);
            return CompletableFuture.completedFuture(false);
        });
    }
}
