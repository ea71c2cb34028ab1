package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.cost.CostLine.End;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one process sees of a machine that it holds, on top of what others have written down before. Safe for use by many
 * threads.
 */
final class Usage {
    private final Origin origin;
    private @Nullable Instant launchedAt;
    private Used known;
    private final Map<String, Instant> running = new HashMap<>();
    private final Set<String> ended = new HashSet<>();
    private @Nullable Instant noticedAt;
    private @Nullable Instant overAt;
    private End end = End.CLOSED;
    private boolean bootFailed;

    /** Whether this process has seen all that the machine did from here on. */
    private @Nullable Instant witnessedFrom;

    private Usage(Origin origin, @Nullable Instant launchedAt, Used known, @Nullable Instant witnessedFrom) {
        this.origin = origin;
        this.launchedAt = launchedAt;
        this.known = known;
        this.witnessedFrom = witnessedFrom;
    }

    /** Returns the use of a machine that this process has just launched. */
    static Usage ofNew(Origin origin, Instant launchedAt) {
        return new Usage(origin, launchedAt, Used.NOTHING, launchedAt);
    }

    /** Returns the use of a machine that some process has launched before. */
    static Usage ofRecorded(Origin origin, BuilderRecord record) {
        return new Usage(origin, record.launchedAt(), record.used(), null);
    }

    /** It can be used from now on: for the first time, or by this process. */
    synchronized void ready(Instant now) {
        if (known.readyAt() == null) {
            known = known.readyAt(now);
        }
        if (witnessedFrom == null) {
            witnessedFrom = now;
            Instant from = launchedAt == null ? origin.intendedAt() : launchedAt;
            if (known.knownUntil() == null) {
                // Whoever had it before has died with what it knew.
                known = known.dark(from, now);
            }
        }
    }

    /** A script runs, or the machine's own command. */
    synchronized void began(String id, Instant now) {
        if (overAt == null && !ended.contains(id)) {
            running.putIfAbsent(id, known.open().getOrDefault(id, now));
        }
    }

    /** Returns when it began, as far as it is known here; null if it is not. */
    synchronized @Nullable Instant beganAt(String id) {
        Instant began = running.get(id);
        return began == null ? known.open().get(id) : began;
    }

    /** It has ended; one that was not heard of before counts from where somebody else has seen it. */
    synchronized void ended(String id, Instant at, boolean cancelled) {
        Instant from = beganAt(id);
        running.remove(id);
        if (ended.add(id) && from != null && overAt == null) {
            known = known.ran(from, at, cancelled && noticedAt != null);
        }
    }

    /** The cloud has said that it will take the machine back. */
    synchronized void noticed(Instant now) {
        if (noticedAt == null) {
            noticedAt = now;
        }
    }

    /** The cloud has changed its mind. */
    synchronized void noticeWithdrawn() {
        noticedAt = null;
    }

    /** The machine did not get ready. */
    synchronized void bootFailed() {
        bootFailed = true;
    }

    /** How it ends if nothing worse is seen. */
    synchronized void endsAs(End wanted) {
        end = wanted;
    }

    /** It is left for people to look at. */
    synchronized void kept() {
        known = known.keptOn();
    }

    /** The market book has learned prices. */
    synchronized void learn(List<MarketSnapshot.Price> prices, Instant now) {
        Offer offer = origin.offer();
        if (overAt != null || offer.market() != Market.SPOT) {
            return;
        }
        for (MarketSnapshot.Price price : prices) {
            if (price.market() == Market.SPOT
                    && price.type().equals(offer.type().id())
                    && price.zone().equals(offer.zone())
                    && price.protection().equals(offer.protection())) {
                known = known.priced(known.prices().with(origin, now, price.hourly()));
            }
        }
    }

    /** Whether the cloud takes it back, with it gone or with work on it in vain. */
    synchronized boolean isTakenBack(boolean absent) {
        return noticedAt != null && (absent || !known.lost().all().isEmpty() || !running.isEmpty());
    }

    /** Nobody uses it from here on. What runs still has ended with that. */
    synchronized void over(Instant now, boolean absent) {
        if (overAt != null) {
            return;
        }
        boolean takenBack = isTakenBack(absent);
        boolean inVain = absent || takenBack;
        running.forEach((id, since) -> known = known.ran(since, now, inVain));
        running.clear();
        overAt = now;
        if (witnessedFrom != null || bootFailed) {
            known = known.knownUntil(now);
        }
        if (bootFailed) {
            end = End.BOOT_FAILED;
        } else if (takenBack) {
            end = End.RECLAIMED;
        } else if (absent) {
            end = End.LOST;
        }
    }

    /** This process has let it go: from now on it costs this one nothing. */
    synchronized void letGo(Instant now) {
        if (overAt == null) {
            overAt = now;
        }
    }

    /** Returns what is to be written down when this process lets the machine go: scripts go on there. */
    synchronized Used left(Instant now) {
        return soFar(now).leaving(running);
    }

    /** Returns what there is to say now. */
    synchronized Used soFar(Instant now) {
        Used all = witnessedFrom == null ? known : known.knownUntil(now);
        for (Instant since : running.values()) {
            all = all.ran(since, now, false);
        }
        return all;
    }

    /** Returns what it has cost until now, or until it was over. */
    synchronized CostEstimate cost(Instant now) {
        return origin.cost(overAt == null ? now : overAt, known.prices());
    }

    /** Returns what there is to say of it in the ledger. */
    synchronized Ledger.Ending ending(Instant goneAt) {
        return new Ledger.Ending(launchedAt, overAt == null ? goneAt : overAt, goneAt, end, known);
    }
}
