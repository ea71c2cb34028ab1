package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.ReapReport;
import dev.ephemeralbuilder.ReapReport.Finding;
import dev.ephemeralbuilder.event.CloudEvent;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes the orphans of an owner, when asked and from time to time. Confined to the ticker. */
final class Reaper {
    private static final Logger log = LoggerFactory.getLogger(Reaper.class);

    /** Processes that end before need not ask the cloud about records. */
    private static final Duration AFTER_START = Duration.ofSeconds(20);

    private final Ticker ticker;
    private final List<Region> regions;
    private final Machines machines;
    private final String owner;
    private final Reconciler reconciler;
    private final Events events;

    /** By how much each cloud was ahead of this host at the last sweep. */
    private final Map<Region, Duration> leads = new HashMap<>();

    private Ticker.@Nullable Scheduled firstLook;
    private Ticker.@Nullable Scheduled next;
    private boolean stopped;

    Reaper(Ticker ticker, List<Region> regions, Machines machines, String owner, Reconciler reconciler, Events events) {
        this.ticker = ticker;
        this.regions = List.copyOf(regions);
        this.machines = machines;
        this.owner = owner;
        this.reconciler = reconciler;
        this.events = events;
    }

    /**
     * Looks after the records in a while, when those that live shortly are over.
     *
     * @param every how often to sweep, and to look after the records again; null for never
     */
    void start(@Nullable Duration every) {
        firstLook = ticker.schedule(AFTER_START, () -> Stages.leave(reconciler.run()));
        if (every != null) {
            next(every);
        }
    }

    /** A fifth earlier or later each time, so that many processes do not meet. */
    private void next(Duration time) {
        if (stopped) {
            return;
        }
        long fifth = time.toMillis() / 5;
        Duration delay = time.plusMillis(ThreadLocalRandom.current().nextLong(-fifth, fifth + 1));
        next = ticker.schedule(
                delay,
                () -> Stages.whenDone(sweep(false), (report, failure) -> {
                    if (failure == null) {
                        say(report);
                    }
                    Stages.whenDone(reconciler.run(), (v, f) -> next(time));
                }));
    }

    void stop() {
        stopped = true;
        if (firstLook != null) {
            firstLook.cancel();
        }
        if (next != null) {
            next.cancel();
        }
    }

    /** Sweeps once; never fails for a cloud. */
    CompletableFuture<ReapReport> sweep(boolean dryRun) {
        Instant began = ticker.now();
        List<CompletableFuture<ReapReport.Part>> parts = new ArrayList<>();
        for (Region region : regions) {
            CompletableFuture<ReapReport.Part> part =
                    new Sweep(region, machines, owner, dryRun, leads.get(region)).run();
            parts.add(part.thenApply(done -> {
                leads.put(region, region.clock().lead());
                Instant now = ticker.now();
                events.publish(new CloudEvent.Swept(now, done, dryRun, Duration.between(began, now)));
                return done;
            }));
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture<?>[]::new))
                .thenApply(v -> new ReapReport(
                        dryRun, parts.stream().map(CompletableFuture::join).toList()));
    }

    /** Nobody else hears of what a sweep in the background could not do. */
    private void say(ReapReport report) {
        if (stopped) {
            return;
        }
        for (ReapReport.Part part : report.parts()) {
            if (part.failure() != null) {
                log.warn(
                        "Orphans could not be looked for in {} in {}; it is tried again [reason={}]",
                        part.provider(),
                        part.region(),
                        part.failure().toString());
            }
            for (Finding finding : part.findings()) {
                log.debug("{} {}: {}", finding.machine().id(), finding.fate(), finding.reason());
            }
        }
    }
}
