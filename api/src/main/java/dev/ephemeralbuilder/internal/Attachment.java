package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A machine that somebody else acquired, on its way to a builder of this fleet, for all callers in this fleet that want
 * it: found, its record read, its lease renewed, contacted. If that fails, or nobody wants it any more, the machine is
 * let go as it is. Confined to the ticker.
 */
final class Attachment {
    /** How long a machine that should be ready for long may take to answer. */
    private static final Duration CONTACT = Link.PATIENCE;

    private final String id;
    private final Finder finder;
    private final Records records;
    private final Requests requests;
    private final Ticker ticker;
    private final Executor users;
    private final Set<Held> allHeld;
    private final CompletableFuture<EphemeralBuilder> result = new CompletableFuture<>();
    private int callers;
    private @Nullable Held held;
    private @Nullable ShellBoot boot;

    /**
     * @param allHeld the machines that the fleet holds
     */
    Attachment(
            String id,
            Finder finder,
            Records records,
            Requests requests,
            Ticker ticker,
            Executor users,
            Set<Held> allHeld) {
        this.id = id;
        this.finder = finder;
        this.records = records;
        this.requests = requests;
        this.ticker = ticker;
        this.users = users;
        this.allHeld = allHeld;
    }

    /** Begins. */
    void run() {
        Instant began = ticker.now();
        CompletableFuture<Void> attached = finder.find(id)
                .thenCompose(found -> open(found.orElseThrow(() -> lost("is gone: no provider shows it"))))
                .thenAccept(builder -> attached(builder, began));
        Stages.whenDone(attached, (v, failure) -> {
            if (failure != null) {
                giveUp(Failures.asBuilderException(failure));
            }
        });
    }

    /** Whether it has failed, or the machine is not held any more. */
    boolean isOver() {
        Held mine = held;
        return result.isCompletedExceptionally() || (mine != null && mine.released());
    }

    /** Whether there is, or was, a builder. */
    boolean isDone() {
        return result.isDone();
    }

    /** Whether this is where a builder came from. */
    boolean made(EphemeralBuilder builder) {
        return isDone() && !isOver() && builder.equals(result.getNow(null));
    }

    /** Returns one caller's own future of the builder. */
    CompletableFuture<EphemeralBuilder> join() {
        callers++;
        CompletableFuture<EphemeralBuilder> own = result.copy();
        Stages.whenDone(own, ticker, (builder, failure) -> {
            if (own.isCancelled()) {
                leave();
            }
        });
        return own;
    }

    /** A caller has no use for the builder after all. */
    void leave() {
        callers--;
        if (callers == 0) {
            giveUp(new CancellationException("the attaching was given up"));
        }
    }

    /** The fleet is closed. */
    void close() {
        giveUp(Handouts.fleetClosed());
    }

    private void giveUp(Throwable reason) {
        result.completeExceptionally(reason);
        Held mine = held;
        if (mine != null) {
            mine.letGo(() -> new BuilderLostException("Machine " + id + " was let go", null));
        }
        if (boot != null) {
            boot.giveUp(lost("was let go"));
        }
    }

    private CompletableFuture<BuilderHandle> open(Finder.Found found) {
        MachineState state = found.machine().state();
        if (found.summary().released() || state == MachineState.STOPPING || state == MachineState.STOPPED) {
            throw lost("is on its way out: it was given back, or it is ending");
        }
        CommandMark.objectionToScripts(found.machine()).ifPresent(objection -> {
            throw objection;
        });
        String token = found.machine().tags().get(MachineTags.ATTEMPT);
        if (token == null) {
            throw noRecord();
        }
        return records.ofAttempt(token, id).thenCompose(record -> hold(found, record.orElseThrow(this::noRecord)));
    }

    private CompletableFuture<BuilderHandle> hold(Finder.Found found, BuilderRecord record) {
        if (result.isDone()) {
            return CompletableFuture.failedFuture(lost("was let go"));
        }
        if (allHeld.stream().anyMatch(h -> h.machineId().equals(id))) {
            // It was found before this fleet knew of it, or was told to release it.
            return CompletableFuture.failedFuture(lost("has just been launched or given back by this fleet"));
        }
        Region region = found.region();
        boolean own = region.launching().stream()
                .anyMatch(attempt -> attempt.token().equals(record.origin().token()));
        if (own) {
            return CompletableFuture.failedFuture(lost("is just being launched by this fleet"));
        }
        boolean ofMany = record.count() > 1;
        Origin origin = ofMany ? record.origin().ofOneOfMany(id) : record.origin();
        Instant now = ticker.now();
        Held mine = new Held(region, origin, Usage.ofRecorded(origin, record), id);
        held = mine;
        allHeld.add(mine);
        region.leases().hold(id, found.summary().leaseUntil().orElseGet(region.clock()::now));
        mine.take(found.machine());
        // Before it is reached by this process, somebody may have it given back.
        Farewell.recorded(region, mine, found.machine(), record);
        Instant launchedAt = record.launchedAt();
        CompletableFuture<Void> known;
        if (ofMany) {
            known = records.launchedOneOfMany(record.origin().token(), id);
        } else {
            known = launchedAt == null ? records.launched(origin.token(), id) : CompletableFuture.completedFuture(null);
        }
        CompletableFuture<Void> mineNow = known.thenCompose(v -> requests.attached(origin.token()))
                .thenCompose(v -> region.leases().renewNow(id));
        return mineNow.thenCompose(v -> {
            Instant soonest = now.plus(CONTACT);
            Instant deadline = record.readyBy().isAfter(soonest) ? record.readyBy() : soonest;
            ShellBoot begun = new ShellBoot(
                    region,
                    users,
                    mine,
                    MachineKeys.of(record),
                    guest -> received(region, guest, record.onRelease()),
                    launchedAt == null ? now : launchedAt,
                    deadline,
                    new Patience(deadline));
            boot = begun;
            CompletableFuture<BuilderHandle> ready = begun.run();
            if (mine.released()) {
                begun.giveUp(lost("was let go or given back"));
            } else {
                begun.take(Optional.of(found.machine()));
            }
            return ready;
        });
    }

    /** The machine may have a script for its end. */
    private static CompletableFuture<Void> received(Region region, Welcome.Guest guest, @Nullable Duration onRelease) {
        if (onRelease != null) {
            Held mine = guest.held();
            mine.farewell(new Farewell(region, mine, guest.link()::again, onRelease));
        }
        return CompletableFuture.completedFuture(null);
    }

    private void attached(BuilderHandle builder, Instant began) {
        Held mine = held;
        if (mine == null || mine.released()) {
            throw lost("was let go or given back");
        }
        Instant now = ticker.now();
        mine.usage().ready(now);
        mine.opened().complete(builder);
        mine.publish(new BuilderEvent.Attached(now, mine.requestId(), id, mine.offer(), Duration.between(began, now)));
        Machine shown = boot == null ? null : boot.machine();
        if (shown != null) {
            // What was noticed before is news to whoever attaches: the next look is far.
            mine.notices().onLook(shown);
        }
        result.complete(builder);
    }

    /** Whoever attaches wants this machine and no other: only what cannot end well is an objection. */
    private final class Patience implements Boot.Waiting {
        private final Instant deadline;

        Patience(Instant deadline) {
            this.deadline = deadline;
        }

        @Override
        public Optional<BuilderException> objection(Machine machine) {
            boolean ending = machine.state() == MachineState.STOPPING || machine.state() == MachineState.STOPPED;
            return ending ? Optional.of(lost("is on its way out")) : Optional.empty();
        }

        @Override
        public BuilderException tooLate(String seen) {
            return new BuilderTimeoutException(
                    "Machine " + id + " was not ready at " + deadline + " and is left to its lease; " + seen,
                    null,
                    null,
                    null);
        }

        @Override
        public void onRunning(Machine machine) {
            // That it runs is news to whoever acquired it, and told there.
        }
    }

    private BuilderLostException lost(String why) {
        return new BuilderLostException("Machine " + id + " " + why, null);
    }

    private ConfigurationException noRecord() {
        return new ConfigurationException(
                "The state store of this fleet has no record of machine " + id + ", so nobody here has its keys. Attach"
                        + " with the store of the process that acquired it, or release the machine",
                null,
                null,
                null);
    }
}
