package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderEvent.Released.Ending;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One machine that this fleet has created or attached to, and neither seen gone nor detached: whether a builder was
 * made of it or not. Its state is confined to the ticker.
 */
final class Held {
    private static final Logger log = LoggerFactory.getLogger(Held.class);

    /** How long a new machine may be missing from the cloud's answers before that counts (ecs-openapi, 3). */
    static final Duration INVISIBLE = Duration.ofSeconds(60);

    private final Region region;
    private final Origin origin;
    private final Usage usage;
    private final String machineId;
    private final Instant since;
    private final ScriptEvents scripts;
    private final ReclaimNotices notices;
    private final CompletableFuture<BuilderHandle> opened = new CompletableFuture<>();
    private final CompletableFuture<Void> gone = new CompletableFuture<>();

    /** When it was handed to the terminator or let go: from then on it costs this fleet nothing. */
    private volatile @Nullable Instant overAt;

    private final CapRaise raise;
    private Instant cap;
    private boolean seen;
    private boolean absent;
    private boolean keeping;
    private @Nullable CompletableFuture<Instant> leaving;
    private @Nullable Farewell farewell;
    private Watcher.@Nullable Watch watch;
    private @Nullable Consumer<Supplier<BuilderException>> atEnd;

    Held(Region region, Origin origin, Usage usage, String machineId) {
        this.region = region;
        this.origin = origin;
        this.usage = usage;
        this.machineId = machineId;
        this.since = region.ticker().now();
        this.scripts = new ScriptEvents(this, region.ticker());
        this.cap = origin.cap();
        this.raise = new CapRaise(region, this);
        this.notices = new ReclaimNotices(region.clock());
        notices.listen(new ReclaimNotices.Listener() {
            @Override
            public void noticed(ReclaimNotice notice) {
                usage.noticed(region.ticker().now());
                publish(new BuilderEvent.ReclaimNoticed(region.ticker().now(), requestId(), machineId, notice));
            }

            @Override
            public void withdrawn(ReclaimNotice notice) {
                usage.noticeWithdrawn();
                publish(new BuilderEvent.ReclaimWithdrawn(region.ticker().now(), requestId(), machineId, notice));
            }
        });
    }

    String requestId() {
        return origin.requestId();
    }

    String machineId() {
        return machineId;
    }

    Origin origin() {
        return origin;
    }

    Usage usage() {
        return usage;
    }

    Offer offer() {
        return origin.offer();
    }

    /** Returns what is known of the scripts on it. */
    ScriptEvents scripts() {
        return scripts;
    }

    /** Returns what is known of its reclaim. */
    ReclaimNotices notices() {
        return notices;
    }

    CompletableFuture<Void> gone() {
        return gone;
    }

    /** Returns the builder, once there is one; fails if the machine is released or let go before that. */
    CompletableFuture<BuilderHandle> opened() {
        return opened;
    }

    /** Whether it is on its way out, or let go. */
    boolean released() {
        return overAt != null;
    }

    CostEstimate cost() {
        return usage.cost(region.ticker().now());
    }

    /** From now on this watch ends with the machine, and whoever uses it is told why. */
    void ready(Watcher.Watch watch, Consumer<Supplier<BuilderException>> atEnd) {
        this.watch = watch;
        this.atEnd = atEnd;
    }

    /** The machine has a script for its end, which is run when it is given back. */
    void farewell(Farewell farewell) {
        this.farewell = farewell;
    }

    /** From now on what the machine does at its end delays its deletion no further than this. */
    void notAfter(Instant time) {
        if (farewell != null) {
            farewell.notAfter(time);
        }
    }

    /** The cloud has shown the machine: from now on, unknown means gone. */
    void seen() {
        seen = true;
    }

    /** The cloud has answered, and does not show the machine any more. */
    void absent() {
        absent = true;
    }

    void publish(BuilderEvent event) {
        region.events().publish(event);
    }

    /** Takes a look at the ready machine; one that is gone is lost. */
    void onLook(Optional<Machine> look) {
        observe(look);
        if (isOver(look)) {
            absent();
            release(() -> BuilderHandle.lost(this));
        }
    }

    /** Takes what a look at the ready machine says of its lease, its cap and its reclaim. */
    void observe(Optional<Machine> look) {
        look.ifPresent(machine -> {
            take(machine);
            notices.onLook(machine);
        });
    }

    /** Another process may have moved what the tags say. */
    void take(Machine machine) {
        BuilderSummary summary = BuilderSummary.of(
                origin.offer().provider(), machine, region.clock().now(), true);
        summary.leaseUntil().ifPresent(until -> region.leases().seen(machineId, until));
        summary.cap().ifPresent(at -> cap = at);
    }

    /** Asks the cloud whether the machine is still there: why it is lost, or nothing; fails if it cannot be asked. */
    CompletableFuture<Optional<BuilderException>> presence() {
        return region.watcher().look(machineId).thenApply(this::lossAfter);
    }

    /** Takes a look at the ready machine; returns why it is lost, or nothing. */
    Optional<BuilderException> lossAfter(Optional<Machine> look) {
        onLook(look);
        return isOver(look) ? Optional.of(BuilderHandle.lost(this)) : Optional.empty();
    }

    /** Whether the cloud only keeps an entry of a machine: not even the result of a command that somebody may wait for. */
    static boolean isEntryOnly(Machine machine) {
        return machine.state() == MachineState.ENDED && machine.exitCode().isEmpty();
    }

    static boolean isOver(Optional<Machine> look) {
        return look.isEmpty() || look.get().state() == MachineState.ENDED;
    }

    /** Hands the machine to the terminator, once. May be called from any thread. */
    void release(Supplier<BuilderException> reason) {
        hand(reason, null);
    }

    /** Hands a machine to the terminator that this fleet only holds to give it back. */
    void remove(Supplier<BuilderException> reason) {
        hand(reason, Ending.REMOVED);
    }

    /** Lets the machine go. May be called from any thread. */
    void abandon(Supplier<BuilderException> reason) {
        try {
            region.ticker().execute(() -> letGo(reason));
        } catch (RejectedExecutionException e) {
            log.debug("The fleet is closed and holds nothing any more [id={}]", machineId);
        }
    }

    private void hand(Supplier<BuilderException> reason, @Nullable Ending ending) {
        try {
            region.ticker().execute(() -> releaseNow(reason, ending));
        } catch (RejectedExecutionException e) {
            log.debug(
                    "The fleet is closed: it has released its machines or named those that are left [id={}]",
                    machineId);
        }
    }

    private Ending ending() {
        if (usage.isTakenBack(absent)) {
            return Ending.RECLAIMED;
        }
        if (absent) {
            return Ending.LOST;
        }
        return opened.isDone() ? Ending.CLOSED : Ending.UNREADY;
    }

    private Duration heldUntil(Instant now) {
        return Duration.between(since, now);
    }

    private void releaseNow(Supplier<BuilderException> reason, @Nullable Ending given) {
        if (overAt != null) {
            return;
        }
        Ending ending = given == null ? ending() : given;
        end(region.ticker().now(), reason);
        scripts.allLost(reason);
        if (farewell == null || absent) {
            giveBack(ending);
        } else {
            // It may go while it runs its script for the end.
            Stages.whenDone(farewell.say(), (v, failure) -> giveBack(given == null && absent ? ending() : ending));
        }
    }

    private void giveBack(Ending ending) {
        Instant now = region.ticker().now();
        overAt = now;
        usage.over(now, absent);
        region.events()
                .publish(new BuilderEvent.Released(
                        now, requestId(), machineId, offer(), ending, heldUntil(now), cost()));
        Stages.whenDone(
                region.terminator()
                        .delete(machineId, seen ? now : origin.intendedAt().plus(INVISIBLE)),
                (v, failure) -> {
                    Instant goneAt = region.ticker().now();
                    region.events()
                            .publish(new BuilderEvent.Gone(
                                    goneAt, requestId(), machineId, Duration.between(now, goneAt)));
                    Stages.whenDone(region.records().ended(origin, machineId, usage.ending(goneAt)), (w, f) -> {
                        if (f != null) {
                            log.warn(
                                    "The end of a machine could not be written down [id={}]",
                                    machineId,
                                    Failures.unwrap(f));
                        }
                        region.held().remove(this);
                        gone.complete(null);
                    });
                });
    }

    /**
     * Leaves the machine as it is, to its lease and to whoever else holds it; one that is gone is accounted for. On the
     * ticker.
     */
    void letGo(Supplier<BuilderException> reason) {
        letGo(reason, region.leases().until(machineId).orElse(cap));
    }

    private void letGo(Supplier<BuilderException> reason, Instant lease) {
        if (absent) {
            releaseNow(reason, null);
        }
        if (overAt != null) {
            return;
        }
        boolean ready = opened.isDone();
        Instant now = region.ticker().now();
        scripts.letGo();
        end(now, reason);
        usage.letGo(now);
        if (ready) {
            publish(new BuilderEvent.Detached(now, requestId(), machineId, heldUntil(now), lease));
        }
        region.held().remove(this);
        gone.completeExceptionally(reason.get());
    }

    /** Leaves the machine until its cap. On the ticker. */
    CompletableFuture<Instant> detach() {
        return leave(() -> CompletableFuture.completedFuture(cap));
    }

    /**
     * Leaves the machine for a time, or until its cap if that comes first and the cloud cannot move it. On the ticker.
     */
    CompletableFuture<Instant> keep(Duration time) {
        // What tags say of times are full seconds.
        Instant wanted = Times.roundedUp(region.clock().now().plus(time), ChronoUnit.SECONDS);
        return leave(() -> Stages.then(extend(time), (raised, failure) -> {
            if (failure == null || Failures.unwrap(failure) instanceof ConfigurationException) {
                keeping = true;
                return CompletableFuture.completedFuture(Times.earlier(wanted, cap));
            }
            return CompletableFuture.failedFuture(failure);
        }));
    }

    /**
     * Moves the lease to a time and lets the machine go once that is taken, and returns the time; fails, and holds on, if
     * it is not. Only the first of several that is taken counts.
     */
    private CompletableFuture<Instant> leave(Supplier<CompletableFuture<Instant>> time) {
        CompletableFuture<Instant> begun = leaving;
        if (begun != null) {
            return begun.copy();
        }
        if (overAt != null) {
            return CompletableFuture.failedFuture(notHeld());
        }
        CompletableFuture<Instant> mine = time.get()
                .thenCompose(until -> Stages.then(
                        region.leases().move(machineId, until),
                        (v, failure) -> failure == null ? left(until) : refused(failure)));
        leaving = mine;
        Stages.whenDone(mine, (until, failure) -> {
            if (failure != null) {
                leaving = null;
            }
        });
        return mine.copy();
    }

    /** Raises the cap if it is less than this from now; returns the one that holds then. On the ticker. */
    CompletableFuture<Instant> extend(Duration lifetime) {
        return raise.to(lifetime);
    }

    /** Returns when the cloud ends the machine by itself, as last heard. */
    Instant cap() {
        return cap;
    }

    /** The cloud has taken a new cap. */
    void capped(Instant at) {
        cap = at;
    }

    private CompletableFuture<Instant> left(Instant until) {
        if (overAt != null) {
            return CompletableFuture.failedFuture(notHeld());
        }
        if (keeping) {
            usage.kept();
        }
        Used used = usage.left(region.ticker().now());
        letGo(() -> new BuilderLostException("Builder " + machineId + " was detached", null), until);
        return Stages.then(region.records().used(origin.token(), used), (v, failure) -> {
            if (failure != null) {
                log.warn(
                        "What a detached machine was used for could not be written down: the ledger will not know"
                                + " [id={}]",
                        machineId,
                        Failures.unwrap(failure));
            }
            return CompletableFuture.completedFuture(until);
        });
    }

    /** A machine that is gone is lost, whatever the cloud says about its lease or its cap. */
    <T> CompletableFuture<T> refused(Throwable failure) {
        return Stages.then(
                presence(),
                (lost, blind) -> CompletableFuture.failedFuture(
                        blind == null && lost.isPresent() ? lost.get() : Failures.asBuilderException(failure)));
    }

    BuilderException notHeld() {
        return new BuilderLostException("Builder " + machineId + " was given back or lost", null);
    }

    private void end(Instant now, Supplier<BuilderException> reason) {
        overAt = now;
        if (watch != null) {
            watch.end();
        }
        if (atEnd != null) {
            atEnd.accept(reason);
        }
        region.leases().drop(machineId);
        opened.completeExceptionally(reason.get());
    }
}
