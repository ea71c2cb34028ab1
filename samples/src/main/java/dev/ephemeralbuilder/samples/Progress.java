package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderListener;
import dev.ephemeralbuilder.selection.Selection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Tells the console what the fleet does, and knows which machines are there. Safe for use by many threads. */
final class Progress implements BuilderListener {
    private static final int BEST = 5;

    private final Console console;
    private final Set<String> present = new TreeSet<>();
    private final CompletableFuture<Void> selected = new CompletableFuture<>();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private CompletableFuture<Void> empty = CompletableFuture.completedFuture(null);

    Progress(Console console) {
        this.console = console;
    }

    @Override
    public void onEvent(BuilderEvent event) {
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
            ready.complete(null);
        } else if (event instanceof BuilderEvent.ReclaimNoticed e) {
            console.line("the cloud takes the machine back at " + e.notice().deadline() + " ("
                    + e.notice().source() + ")");
        } else if (event instanceof BuilderEvent.Gone e) {
            disappeared(e.machineId());
        } else if (event instanceof BuilderEvent.Detached e) {
            disappeared(e.machineId());
        }
    }

    /** Waits until the ranking was shown, so that what follows from it is not told before it. */
    void awaitSelected(Duration atMost) throws InterruptedException {
        await(selected, atMost);
    }

    /** Waits until the last event of an acquire was heard, so that no later line comes before it. */
    void awaitReady(Duration atMost) throws InterruptedException {
        await(ready, atMost);
    }

    /** Waits until every machine is gone or left to its lease, and returns those that are not. */
    List<String> awaitGone(Duration atMost) throws InterruptedException {
        CompletableFuture<Void> all;
        synchronized (this) {
            all = empty;
        }
        await(all, atMost);
        synchronized (this) {
            return new ArrayList<>(present);
        }
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
        selected.complete(null);
    }

    private static void await(CompletableFuture<Void> future, Duration atMost) throws InterruptedException {
        try {
            future.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            // Only the order of lines depends on it.
            return;
        } catch (ExecutionException impossible) {
            throw new IllegalStateException("nobody fails this future", impossible);
        }
    }
}
