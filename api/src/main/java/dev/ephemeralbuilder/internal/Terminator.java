package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes machines in batches and does not forget one until a complete answer of the cloud no longer contains it. One
 * per provider. Confined to the ticker.
 */
final class Terminator {
    private static final Logger log = LoggerFactory.getLogger(Terminator.class);

    /** How long deletions are collected into one call when none has been made for a while. */
    private static final Duration GATHER = Duration.ofMillis(200);

    /** Between two rounds of calls while there are many machines, unless there is enough for a full one. */
    private static final Duration REST = Duration.ofSeconds(3);

    /** While there are few, nobody gains by waiting for more. */
    private static final Duration SHORT_REST = Duration.ofSeconds(1);

    private static final int FEW = 4;

    /** From an accepted deletion to the look whether it took place; each further look takes twice as long. */
    private static final Duration VERIFY = Duration.ofMillis(1500);

    private static final Duration LONGEST_VERIFY = Duration.ofSeconds(12);

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
        Instant verifyAt = Instant.MAX;
        Duration pause = VERIFY;
        boolean looking;
        int failures;

        Entry(String id, Instant unknownUntil, Instant deleteAt) {
            this.id = id;
            this.unknownUntil = unknownUntil;
            this.deleteAt = deleteAt;
        }

        /** Nothing is due while a look is under way: it may have to wait behind whatever is asked again. */
        Instant dueAt() {
            return looking ? Instant.MAX : verifyAt.isBefore(deleteAt) ? verifyAt : deleteAt;
        }

        void verifyLater(Instant now) {
            verifyAt = now.plus(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST_VERIFY) < 0 ? pause.multipliedBy(2) : LONGEST_VERIFY;
        }
    }

    private final Ticker ticker;
    private final CloudCalls cloud;
    private final Watcher watcher;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private boolean running;
    private Instant restUntil = Instant.MIN;
    private Ticker.@Nullable Scheduled next;
    private @Nullable Instant nextAt;

    Terminator(Ticker ticker, CloudCalls cloud, Watcher watcher) {
        this.ticker = ticker;
        this.cloud = cloud;
        this.watcher = watcher;
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
        wake();
        return entry.gone;
    }

    /** Sets the time of the next round: when the first entry is due, but not before there is enough, or a rest is over. */
    private void wake() {
        if (running || entries.isEmpty()) {
            return;
        }
        Instant now = ticker.now();
        Instant soonest = now.plus(GATHER);
        boolean enough = entries.values().stream()
                        .filter(e -> !e.looking && !e.deleteAt.isAfter(soonest))
                        .count()
                >= cloud.provider().limits().deleteBatch();
        Instant rested = enough || restUntil.isBefore(soonest) ? soonest : restUntil;
        Instant due = entries.values().stream()
                .map(Entry::dueAt)
                .min(Comparator.naturalOrder())
                .orElse(rested);
        if (due.equals(Instant.MAX)) {
            return;
        }
        Instant at = due.isBefore(rested) ? rested : due;
        if (nextAt != null && !at.isBefore(nextAt)) {
            return;
        }
        if (next != null) {
            next.cancel();
        }
        nextAt = at;
        next = ticker.schedule(Duration.between(now, at), this::round);
    }

    private void round() {
        next = null;
        nextAt = null;
        running = true;
        restUntil = ticker.now().plus(entries.size() < FEW ? SHORT_REST : REST);
        verifyDue();
        Stages.whenDone(deleteDue(), (v, failure) -> {
            running = false;
            wake();
        });
    }

    private CompletableFuture<Void> deleteDue() {
        Instant now = ticker.now();
        List<String> due = entries.values().stream()
                .filter(e -> !e.looking && !e.deleteAt.isAfter(now))
                .map(e -> e.id)
                .toList();
        return Stages.inBatches(due, cloud.provider().limits().deleteBatch(), this::deleteBatch);
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
        Instant now = ticker.now();
        entry.deleteAt = now.plus(AGAIN);
        entry.verifyLater(now);
    }

    private void later(Entry entry, Outcome outcome) {
        entry.verifyAt = Instant.MAX;
        entry.deleteAt = ticker.now().plus(LATER);
        log.debug("Deletion has to wait [id={}, code={}]", entry.id, outcome.code());
    }

    private void postpone(String id, String reason) {
        Entry entry = entries.get(id);
        if (entry == null) {
            return;
        }
        entry.failures++;
        entry.verifyAt = Instant.MAX;
        long seconds = Math.min(LONGEST.toSeconds(), 1L << Math.min(entry.failures, 10));
        entry.deleteAt = ticker.now().plusSeconds(seconds);
        log.warn("Deletion failed and will be repeated [id={}, in={}s, reason={}]", id, seconds, reason);
    }

    /** Looks whether deletions took place, with whoever else has something to look at. */
    private void verifyDue() {
        Instant soon = ticker.now().plus(VERIFY.dividedBy(2));
        for (Entry entry : List.copyOf(entries.values())) {
            if (!entry.looking && !entry.verifyAt.isAfter(soon)) {
                entry.looking = true;
                Stages.whenDone(watcher.look(entry.id), (look, failure) -> {
                    entry.looking = false;
                    if (failure == null && (look.isEmpty() || look.get().state() == MachineState.ENDED)) {
                        entries.remove(entry.id);
                        entry.gone.complete(null);
                    } else if (entry.verifyAt.isBefore(Instant.MAX)) {
                        // Not asked is not absent, and still there is not gone.
                        entry.verifyLater(ticker.now());
                    }
                    wake();
                });
            }
        }
    }
}
