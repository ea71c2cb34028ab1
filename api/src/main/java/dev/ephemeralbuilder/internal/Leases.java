package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the leases of all held machines forward, in batches, three times per lease. One per provider, on the ticker.
 *
 * <p>Renewing never moves a lease back: another process may have moved it further, so each round looks at the machines first.
 * Between that look and the call, the other process may still be overtaken; the cloud knows no conditional change. In
 * this process one machine's lease is moved by one call at a time. All leases are times of the cloud.
 */
final class Leases {
    private static final Logger log = LoggerFactory.getLogger(Leases.class);

    private final Ticker ticker;
    private final CloudCalls cloud;
    private final Watcher watcher;
    private final Duration lease;

    /** The held machines, with their leases as last seen or set. */
    private final Map<String, Instant> held = new LinkedHashMap<>();

    /** The calls under way; none of these futures fails. */
    private final Map<String, CompletableFuture<Void>> moving = new HashMap<>();

    private Ticker.@Nullable Scheduled next;

    Leases(Ticker ticker, CloudCalls cloud, Watcher watcher, Duration lease) {
        this.ticker = ticker;
        this.cloud = cloud;
        this.watcher = watcher;
        this.lease = lease;
    }

    /** From now on a machine's lease is renewed, until it is dropped. */
    void hold(String id, Instant until) {
        held.put(id, until);
        if (next == null) {
            next = ticker.schedule(lease.dividedBy(3), this::renew);
        }
    }

    void drop(String id) {
        held.remove(id);
        if (held.isEmpty() && next != null) {
            next.cancel();
            next = null;
        }
    }

    /** The cloud has shown a lease. */
    void seen(String id, Instant until) {
        held.computeIfPresent(id, (i, known) -> until);
    }

    /** Returns a machine's lease as last heard, nothing if it is not held here. */
    Optional<Instant> until(String id) {
        return Optional.ofNullable(held.get(id));
    }

    /** Renews one machine's lease at once, if that moves it forward; fails if the cloud does not take it. */
    CompletableFuture<Void> renewNow(String id) {
        Instant until = cloud.clock().now().plus(lease);
        return isBefore(id, until) ? moveOne(id, until) : CompletableFuture.completedFuture(null);
    }

    /** Moves one machine's lease to a time, back if need be; fails if the cloud does not take it. */
    CompletableFuture<Void> move(String id, Instant until) {
        return until.equals(held.get(id)) ? CompletableFuture.completedFuture(null) : moveOne(id, until);
    }

    private boolean isBefore(String id, Instant until) {
        Instant known = held.get(id);
        return known != null && known.isBefore(until);
    }

    private void renew() {
        next = ticker.schedule(lease.dividedBy(3), this::renew);
        // What each look shows comes back by way of seen(); where nothing is shown, what was known before holds.
        List<CompletableFuture<?>> looks = new ArrayList<>();
        for (String id : held.keySet()) {
            looks.add(watcher.look(id).handle((machine, failure) -> machine));
        }
        Stages.whenDone(CompletableFuture.allOf(looks.toArray(CompletableFuture<?>[]::new)), (v, failure) -> {
            Instant until = cloud.clock().now().plus(lease);
            List<String> due = held.keySet().stream()
                    .filter(id -> isBefore(id, until) && !moving.containsKey(id))
                    .toList();
            int size = cloud.provider().limits().renewBatch();
            for (int i = 0; i < due.size(); i += size) {
                renew(due.subList(i, Math.min(due.size(), i + size)), until);
            }
        });
    }

    private void renew(List<String> batch, Instant until) {
        Stages.whenDone(move(batch, until), (outcomes, failure) -> {
            if (failure != null) {
                log.warn(
                        "Leases could not be renewed; it is tried again in {} [ids={}, reason={}]",
                        lease.dividedBy(3),
                        batch,
                        Failures.unwrap(failure).toString());
                return;
            }
            outcomes.forEach((id, outcome) -> {
                if (outcome.status() != Outcome.Status.ACCEPTED) {
                    log.debug("Lease was not renewed [id={}, code={}]", id, outcome.code());
                }
            });
        });
    }

    private CompletableFuture<Void> moveOne(String id, Instant until) {
        return move(List.of(id), until).thenAccept(outcomes -> {
            Outcome outcome = outcomes.get(id);
            if (outcome == null || outcome.status() != Outcome.Status.ACCEPTED) {
                throw new ProviderException(
                        "The cloud did not take the new lease of machine " + id,
                        ProviderException.Effect.NONE,
                        true,
                        outcome == null ? null : outcome.code(),
                        null,
                        null);
            }
        });
    }

    private CompletableFuture<Map<String, Outcome>> move(List<String> ids, Instant until) {
        CompletableFuture<?>[] before =
                ids.stream().map(moving::get).filter(Objects::nonNull).toArray(CompletableFuture<?>[]::new);
        CompletableFuture<Map<String, Outcome>> moved = CompletableFuture.allOf(before)
                .thenCompose(v -> cloud.repeat(
                        CloudAction.RENEW,
                        ticker.now().plus(lease.dividedBy(6)),
                        () -> cloud.provider().renew(ids, until)));
        CompletableFuture<Void> over = moved.handle((outcomes, failure) -> {
            if (failure == null) {
                outcomes.forEach((id, outcome) -> {
                    if (outcome.status() == Outcome.Status.ACCEPTED) {
                        held.computeIfPresent(id, (i, known) -> until);
                    }
                });
            }
            return null;
        });
        ids.forEach(id -> moving.put(id, over));
        Stages.whenDone(over, (v, failure) -> ids.forEach(id -> moving.remove(id, over)));
        return moved;
    }
}
