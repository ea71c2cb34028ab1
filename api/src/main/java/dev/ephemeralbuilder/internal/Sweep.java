package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.ReapReport.Fate;
import dev.ephemeralbuilder.ReapReport.Finding;
import dev.ephemeralbuilder.ReapReport.Part;
import dev.ephemeralbuilder.ReapReport.Reason;
import dev.ephemeralbuilder.cost.CostLine;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineTags;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
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
 * One look at all machines of an owner that one provider shows, and the deletion of those that are orphans at a second
 * look too. What the cloud does not say clearly is left. Confined to the ticker.
 */
final class Sweep {
    private static final Logger log = LoggerFactory.getLogger(Sweep.class);

    /** By how much a lease must have passed: an order to renew it may be on its way. */
    static final Duration MARGIN = Duration.ofMinutes(1);

    /** What has passed by less than this is looked at again after a while, since its owner may be late. */
    private static final Duration LATELY = Duration.ofMinutes(5);

    private static final Duration WHILE = Duration.ofSeconds(10);

    /** For how long the cloud is asked. */
    private static final Duration ASKING = Duration.ofMinutes(2);

    /** How long deletions are waited for. */
    private static final Duration DELETING = Duration.ofMinutes(5);

    private final Region region;
    private final Machines machines;
    private final String owner;
    private final boolean dryRun;
    private final @Nullable Duration leadBefore;
    private final Map<String, Finding> findings = new LinkedHashMap<>();
    private @Nullable BuilderException failure;

    private record Orphan(Machine machine, BuilderSummary summary) {
        String id() {
            return machine.id();
        }
    }

    /**
     * @param leadBefore by how much the cloud was ahead of this host at the sweep before, null if there was none
     */
    Sweep(Region region, Machines machines, String owner, boolean dryRun, @Nullable Duration leadBefore) {
        this.region = region;
        this.machines = machines;
        this.owner = owner;
        this.dryRun = dryRun;
        this.leadBefore = leadBefore;
    }

    /** Returns what was found and done; never fails. */
    CompletableFuture<Part> run() {
        return Stages.then(
                Listing.of(region, owner, region.ticker().now().plus(ASKING)),
                (listed, blind) -> blind != null
                        ? CompletableFuture.completedFuture(part(blind))
                        : machines.attempts()
                                .thenCompose(attempts -> {
                                    List<Orphan> orphans = sort(listed, attempts);
                                    return dryRun || orphans.isEmpty()
                                            ? CompletableFuture.completedFuture(null)
                                            : lookAgain(orphans);
                                })
                                .handle((v, failed) -> part(failed)));
    }

    private Part part(@Nullable Throwable failed) {
        if (failed != null && failure == null) {
            failure = Failures.asBuilderException(failed);
        }
        return new Part(region.provider().name(), region.provider().region(), List.copyOf(findings.values()), failure);
    }

    private List<Orphan> sort(List<Machine> listed, Machines.Attempts attempts) {
        boolean jumped = hasClockJumped();
        List<Orphan> orphans = new ArrayList<>();
        for (Machine machine : listed) {
            BuilderSummary summary = machines.summary(region, machine, attempts);
            Reason reason = judge(machine, summary);
            if (reason.shouldGo() && jumped) {
                reason = Reason.CLOCK_JUMPED;
            } else if (reason.shouldGo()) {
                orphans.add(new Orphan(machine, summary));
            }
            findings.put(machine.id(), new Finding(summary, reason, Fate.LEFT));
        }
        return orphans;
    }

    /** From now on only what the newest answer said of the cloud's time counts. */
    private boolean hasClockJumped() {
        CloudClock clock = region.clock();
        boolean jumped = !clock.isSteady();
        if (jumped) {
            clock.restart();
        }
        Duration before = leadBefore;
        if (before != null && clock.lead().minus(before).abs().compareTo(CloudClock.TOLERANCE) > 0) {
            jumped = true;
        }
        if (jumped) {
            log.debug(
                    "The clocks of this host and of {} have moved against each other; nothing is deleted this time"
                            + " [lead={}, before={}]",
                    region.provider().name(),
                    clock.lead(),
                    before);
        }
        return jumped;
    }

    private Reason judge(Machine machine, BuilderSummary summary) {
        if (Held.isEntryOnly(machine)) {
            return Reason.ENDED;
        }
        if (!summary.schemaKnown() || !summary.owner().filter(owner::equals).isPresent()) {
            return Reason.UNKNOWN_SCHEMA;
        }
        if (machines.isInUse(machine.id())) {
            return Reason.IN_USE;
        }
        if (summary.released() || machines.isGoing(machine.id())) {
            return Reason.RELEASED;
        }
        Optional<Instant> lease = summary.leaseUntil();
        if (lease.isEmpty()) {
            return Reason.NO_LEASE;
        }
        return hasPassed(lease.get(), MARGIN) ? Reason.LEASE_PASSED : Reason.LEASE_RUNS;
    }

    private boolean hasPassed(Instant lease, Duration by) {
        return lease.plus(by).isBefore(region.clock().atLeast());
    }

    /** A renewal may have come since the list was written. */
    private CompletableFuture<Void> lookAgain(List<Orphan> orphans) {
        boolean lately = orphans.stream()
                .flatMap(orphan -> orphan.summary().leaseUntil().stream())
                .anyMatch(lease -> !hasPassed(lease, MARGIN.plus(LATELY)));
        return Stages.after(region.ticker(), lately ? WHILE : Duration.ZERO)
                .thenCompose(v ->
                        Stages.inBatches(orphans, region.provider().limits().describeBatch(), this::lookAgainAtBatch));
    }

    private CompletableFuture<Void> lookAgainAtBatch(List<Orphan> orphans) {
        List<String> ids = orphans.stream().map(Orphan::id).toList();
        return Stages.then(region.describe(ids, ASKING), (shown, blind) -> {
            if (blind != null) {
                ids.forEach(id -> conclude(id, Reason.NOT_ASKED, Fate.LEFT));
                return CompletableFuture.failedFuture(blind);
            }
            return CompletableFuture.allOf(orphans.stream()
                    .map(first -> finish(first, shown.get(first.id())))
                    .toArray(CompletableFuture<?>[]::new));
        });
    }

    private CompletableFuture<Void> finish(Orphan first, @Nullable Machine again) {
        String id = first.id();
        if (again == null) {
            conclude(id, Reason.ENDED, Fate.LEFT);
            return CompletableFuture.completedFuture(null);
        }
        boolean same = Objects.equals(
                first.machine().tags().get(MachineTags.LEASE), again.tags().get(MachineTags.LEASE));
        Finder.Found found = new Finder.Found(region, again, machines.summary(region, again, Machines.Attempts.NONE));
        Reason reason = judge(again, found.summary());
        if (!reason.shouldGo() || !same || !region.clock().isSteady()) {
            Reason why = !reason.shouldGo() && same ? reason : same ? Reason.CLOCK_JUMPED : Reason.RENEWED;
            conclude(id, why, Fate.LEFT);
            return CompletableFuture.completedFuture(null);
        }
        log.debug(
                "An orphan is deleted [id={}, host={}, reason={}]",
                id,
                first.summary().host().orElse("?"),
                reason);
        conclude(id, reason, Fate.DELETING);
        return Stages.then(
                Stages.atMost(region.ticker(), DELETING, machines.giveBack(found, CostLine.End.REAPED)),
                (seenGone, failed) -> {
                    if (failed != null) {
                        conclude(id, Reason.NOT_ASKED, Fate.LEFT);
                        return CompletableFuture.failedFuture(failed);
                    }
                    conclude(id, reason, seenGone ? Fate.DELETED : Fate.DELETING);
                    return CompletableFuture.completedFuture(null);
                });
    }

    private void conclude(String id, Reason reason, Fate fate) {
        findings.computeIfPresent(id, (i, finding) -> new Finding(finding.machine(), reason, fate));
    }
}
