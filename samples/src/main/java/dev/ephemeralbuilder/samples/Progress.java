package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderListener;
import dev.ephemeralbuilder.selection.Selection;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Tells the console what the fleet does, and knows which machines are there and what they cost. Safe for use by many
 * threads.
 */
final class Progress implements BuilderListener {
    private static final int BEST = 5;

    private final Console console;
    private final BuilderListener lines;
    private final Set<String> present = new TreeSet<>();
    private final Map<String, CostEstimate> costs = new LinkedHashMap<>();
    private final Semaphore attempts = new Semaphore(0);
    private CompletableFuture<Void> empty = CompletableFuture.completedFuture(null);

    /** @param lines tells of the build, and hears of each event after this one */
    Progress(Console console, BuilderListener lines) {
        this.console = console;
        this.lines = lines;
    }

    @Override
    public void onEvent(BuilderEvent event) {
        ofFleet(event);
        lines.onEvent(event);
        if (event instanceof BuilderEvent.JobAttemptEnded) {
            attempts.release();
        }
    }

    private void ofFleet(BuilderEvent event) {
        if (event instanceof BuilderEvent.Selected e) {
            selected(e.selection(), e.took());
        } else if (event instanceof BuilderEvent.Launching) {
            console.begin("launch");
        } else if (event instanceof BuilderEvent.LaunchFailed e) {
            console.quiet();
            console.line("launch    failed: " + e.offer().describe() + ": "
                    + e.failure().code().orElse(e.failure().getClass().getSimpleName()));
        } else if (event instanceof BuilderEvent.Launched e) {
            appeared(e.machineId());
            console.end("launch", e.took(), "took " + e.offer() + ": " + e.machineId());
            console.begin("boot");
        } else if (event instanceof BuilderEvent.Running e) {
            console.end("boot", e.took(), "");
            console.begin("connect");
        } else if (event instanceof BuilderEvent.Ready e) {
            console.end("connect", e.took(), "");
        } else if (event instanceof BuilderEvent.ReclaimNoticed e) {
            console.line("reclaim   the cloud takes " + e.machineId() + " back at "
                    + e.notice().deadline().truncatedTo(ChronoUnit.SECONDS) + " ("
                    + e.notice().source() + ")");
        } else if (event instanceof BuilderEvent.ReclaimWithdrawn e) {
            console.line("reclaim   the cloud does not take " + e.machineId() + " back after all");
        } else if (event instanceof BuilderEvent.TakenOver e) {
            appeared(e.machineId());
            console.end("launch", Duration.ZERO, "took over " + e.offer() + ": " + e.machineId());
        } else if (event instanceof BuilderEvent.JobAttemptEnded e) {
            e.attempt().machineId().ifPresent(id -> e.attempt().cost().ifPresent(cost -> cost(id, cost)));
        } else if (event instanceof BuilderEvent.Released e) {
            cost(e.machineId(), e.cost());
        } else if (event instanceof BuilderEvent.Gone e) {
            disappeared(e.machineId());
        } else if (event instanceof BuilderEvent.Detached e) {
            disappeared(e.machineId());
        }
    }

    /** Waits until so many attempts are known to have ended, so that no later line comes before what they have told. */
    void awaitAttempts(int count, Duration atMost) throws InterruptedException {
        // Only the order of lines depends on it.
        boolean ignored = attempts.tryAcquire(count, atMost.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Returns what each machine that there was has cost, as far as is known. */
    synchronized List<CostEstimate> costs() {
        return List.copyOf(costs.values());
    }

    private synchronized void cost(String machineId, CostEstimate cost) {
        costs.put(machineId, cost);
    }

    /** Returns whether there was a machine. */
    synchronized boolean launched() {
        return !empty.isDone() || !costs.isEmpty();
    }

    /** Waits until every machine is gone or left to its lease, and returns those that are not. */
    List<String> awaitGone(Duration atMost) throws InterruptedException {
        CompletableFuture<Void> all;
        synchronized (this) {
            all = empty;
        }
        try {
            all.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            // Those that are left are returned.
            return left();
        } catch (ExecutionException impossible) {
            throw new IllegalStateException("nobody fails this future", impossible);
        }
        return left();
    }

    private synchronized List<String> left() {
        return new ArrayList<>(present);
    }

    private synchronized void appeared(String id) {
        if (present.isEmpty()) {
            empty = new CompletableFuture<>();
        }
        present.add(id);
    }

    private synchronized void disappeared(String id) {
        present.remove(id);
        if (present.isEmpty()) {
            empty.complete(null);
        }
    }

    private void selected(Selection selection, Duration took) {
        int fit = selection.ranked().size();
        console.end(
                "select",
                took,
                Texts.count(fit, "offer") + " fit, " + selection.rejections().size() + " left out"
                        + (fit > BEST ? "; the best " + BEST + ":" : ""));
        OfferTable.lines(selection, BEST).forEach(console::row);
    }
}
