package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes machines in batches and does not forget one until a complete answer of the cloud no longer contains it. One
 * per provider. Confined to the ticker.
 */
final class Terminator {
    private static final Logger log = LoggerFactory.getLogger(Terminator.class);

    /** How long deletions are collected into one call. */
    private static final Duration GATHER = Duration.ofMillis(200);

    /** From an accepted deletion to the look whether it took place. */
    private static final Duration VERIFY = Duration.ofSeconds(1);

    /** When the machine's state forbids its deletion: 10 to 15 seconds are usual (ecs-openapi, 3). */
    private static final Duration LATER = Duration.ofSeconds(5);

    /** An accepted deletion that shows no effect for so long is asked for again. */
    private static final Duration AGAIN = Duration.ofSeconds(30);

    private static final Duration LONGEST = Duration.ofMinutes(1);

    private static final class Entry {
        final String id;
        final Instant unknownUntil;
        final CompletableFuture<Void> gone = new CompletableFuture<>();
        Instant deleteAt;
        boolean accepted;
        int failures;

        Entry(String id, Instant unknownUntil, Instant deleteAt) {
            this.id = id;
            this.unknownUntil = unknownUntil;
            this.deleteAt = deleteAt;
        }
    }

    private final Ticker ticker;
    private final CloudCalls cloud;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private boolean running;
    private Ticker.@Nullable Scheduled next;
    private @Nullable Instant nextAt;

    Terminator(Ticker ticker, CloudCalls cloud) {
        this.ticker = ticker;
        this.cloud = cloud;
    }

    /**
     * Deletes a machine; completes when its absence was observed, and never fails.
     *
     * @param unknownUntil until then the cloud may not know the machine although it is there
     */
    CompletableFuture<Void> delete(String id, Instant unknownUntil) {
        Entry known = entries.get(id);
        if (known != null) {
            return known.gone;
        }
        Entry entry = new Entry(id, unknownUntil, ticker.now());
        entries.put(id, entry);
        wake(GATHER);
        return entry.gone;
    }

    private void wake(Duration delay) {
        Instant at = ticker.now().plus(delay);
        if (running || (nextAt != null && !at.isBefore(nextAt))) {
            return;
        }
        if (next != null) {
            next.cancel();
        }
        nextAt = at;
        next = ticker.schedule(delay, this::round);
    }

    private void round() {
        next = null;
        nextAt = null;
        if (entries.isEmpty()) {
            return;
        }
        running = true;
        Stages.whenDone(deleteDue().thenCompose(v -> verify()), (v, failure) -> {
            running = false;
            if (!entries.isEmpty()) {
                boolean soon = entries.values().stream().anyMatch(e -> e.accepted || e.deleteAt.isBefore(soonest()));
                wake(soon ? VERIFY : LATER);
            }
        });
    }

    private Instant soonest() {
        return ticker.now().plus(VERIFY);
    }

    private CompletableFuture<Void> deleteDue() {
        Instant now = ticker.now();
        List<String> due = entries.values().stream()
                .filter(e -> !e.deleteAt.isAfter(now))
                .map(e -> e.id)
                .toList();
        return inBatches(due, cloud.provider().limits().deleteBatch(), this::deleteBatch);
    }

    private CompletableFuture<Void> deleteBatch(List<String> ids) {
        return Stages.then(cloud.once(CloudAction.DELETE, () -> cloud.provider().delete(ids)), (outcomes, failure) -> {
            if (failure == null) {
                ids.forEach(id -> take(id, outcomes.get(id)));
                return CompletableFuture.completedFuture(null);
            }
            BuilderException reason = Failures.asBuilderException(failure);
            boolean ofTheIds = reason instanceof ConfigurationException
                    || (reason instanceof ProviderException && !reason.retryable());
            if (ids.size() > 1 && ofTheIds) {
                // One bad id may spoil a batch (ecs-openapi, 6.2 g).
                int half = ids.size() / 2;
                return deleteBatch(ids.subList(0, half)).thenCompose(v -> deleteBatch(ids.subList(half, ids.size())));
            }
            ids.forEach(id -> postpone(id, reason.toString()));
            return CompletableFuture.completedFuture(null);
        });
    }

    private void take(String id, @Nullable Outcome outcome) {
        Entry entry = entries.get(id);
        if (entry == null) {
            return;
        }
        if (outcome == null) {
            postpone(id, "no outcome for it");
            return;
        }
        boolean tooSoon = ticker.now().isBefore(entry.unknownUntil);
        switch (outcome.status()) {
            case ACCEPTED -> accept(entry);
            case ABSENT -> {
                if (tooSoon) {
                    later(entry, outcome);
                } else {
                    accept(entry);
                }
            }
            case LATER -> later(entry, outcome);
            case REFUSED -> postpone(id, outcome.code());
        }
    }

    private void accept(Entry entry) {
        entry.accepted = true;
        entry.deleteAt = ticker.now().plus(AGAIN);
    }

    private void later(Entry entry, Outcome outcome) {
        entry.accepted = false;
        entry.deleteAt = ticker.now().plus(LATER);
        log.debug("Deletion has to wait [id={}, code={}]", entry.id, outcome.code());
    }

    private void postpone(String id, String reason) {
        Entry entry = entries.get(id);
        if (entry == null) {
            return;
        }
        entry.failures++;
        entry.accepted = false;
        long seconds = Math.min(LONGEST.toSeconds(), 1L << Math.min(entry.failures, 10));
        entry.deleteAt = ticker.now().plusSeconds(seconds);
        log.warn("Deletion failed and will be repeated [id={}, in={}s, reason={}]", id, seconds, reason);
    }

    private CompletableFuture<Void> verify() {
        List<String> deleted =
                entries.values().stream().filter(e -> e.accepted).map(e -> e.id).toList();
        return inBatches(deleted, cloud.provider().limits().describeBatch(), this::verifyBatch);
    }

    private CompletableFuture<Void> verifyBatch(List<String> ids) {
        return cloud.once(CloudAction.DESCRIBE, () -> cloud.provider().describe(ids))
                .handle((machines, failure) -> {
                    if (failure != null) {
                        // Not asked is not absent: look again in the next round.
                        log.debug(
                                "Could not verify deletions [ids={}, reason={}]",
                                ids,
                                Failures.unwrap(failure).toString());
                        return null;
                    }
                    for (String id : ids) {
                        Machine machine = machines.get(id);
                        if (machine == null || machine.state() == MachineState.ENDED) {
                            Entry entry = entries.remove(id);
                            if (entry != null) {
                                entry.gone.complete(null);
                            }
                        }
                    }
                    return null;
                });
    }

    private static CompletableFuture<Void> inBatches(
            List<String> ids, int size, Function<List<String>, CompletableFuture<Void>> call) {
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (int i = 0; i < ids.size(); i += size) {
            all.add(call.apply(ids.subList(i, Math.min(ids.size(), i + size))));
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new));
    }
}
