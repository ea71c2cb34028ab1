package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A held machine on its way to a builder: its address, then the first contact. What becomes of a machine that does not
 * get there is its holder's matter. Confined to the ticker.
 */
final class Boot {
    /** For how long a cloud that cannot be asked about a new machine is put up with. */
    private static final Duration BLIND = Duration.ofMinutes(2);

    /** What differs between those who wait. */
    interface Waiting {
        /** Returns why a machine that is there is not worth waiting for. */
        Optional<BuilderException> objection(Machine machine);

        /** Returns why it was given up at the deadline. */
        BuilderException tooLate();

        /** It runs and has an address; contact comes next. */
        void onAddress(Machine machine);
    }

    private final Region region;
    private final Executor users;
    private final Held held;
    private final MachineKeys keys;
    private final Instant launchedAt;
    private final Instant deadline;
    private final Waiting waiting;
    private final CompletableFuture<BuilderHandle> result = new CompletableFuture<>();
    private boolean addressed;
    private Ticker.@Nullable Scheduled timer;
    private Watcher.@Nullable Watch watch;
    private @Nullable Instant blindSince;

    /**
     * @param launchedAt for a while from here on the cloud may not show the machine although it is there
     */
    Boot(
            Region region,
            Executor users,
            Held held,
            MachineKeys keys,
            Instant launchedAt,
            Instant deadline,
            Waiting waiting) {
        this.region = region;
        this.users = users;
        this.held = held;
        this.keys = keys;
        this.launchedAt = launchedAt;
        this.deadline = deadline;
        this.waiting = waiting;
    }

    /** Fails with {@link BuilderHandle#lost} if the machine goes. */
    CompletableFuture<BuilderHandle> run() {
        timer = region.ticker()
                .schedule(
                        Duration.between(region.ticker().now(), deadline),
                        () -> result.completeExceptionally(waiting.tooLate()));
        watch = region.watcher().expect(held.machineId(), new Watcher.Observer() {
            @Override
            public void onLook(Optional<Machine> look) {
                blindSince = null;
                take(look);
            }

            @Override
            public void onBlindLook(BuilderException reason) {
                Boot.this.onBlindLook(reason);
            }
        });
        Stages.whenDone(result, (builder, failure) -> settled());
        return result;
    }

    /** Ends the waiting. */
    void giveUp(BuilderException reason) {
        result.completeExceptionally(reason);
    }

    private void settled() {
        if (watch != null) {
            watch.end();
        }
        if (timer != null) {
            timer.cancel();
        }
    }

    private void onBlindLook(BuilderException reason) {
        Instant now = region.ticker().now();
        if (blindSince == null) {
            blindSince = now;
        }
        boolean passing = reason instanceof ProviderException || reason instanceof ThrottledException;
        if (!passing || Duration.between(blindSince, now).compareTo(BLIND) > 0) {
            result.completeExceptionally(reason);
        }
    }

    /** Takes a look, from the watch or from whoever has just had one. */
    void take(Optional<Machine> look) {
        if (result.isDone() || addressed) {
            return;
        }
        if (look.isEmpty() || look.get().state() == MachineState.ENDED) {
            if (look.isPresent() || region.ticker().now().isAfter(launchedAt.plus(Held.INVISIBLE))) {
                held.absent();
                result.completeExceptionally(BuilderHandle.lost(held));
            }
            return;
        }
        held.seen();
        Machine machine = look.get();
        Optional<BuilderException> objection = waiting.objection(machine);
        if (objection.isPresent()) {
            result.completeExceptionally(objection.get());
            return;
        }
        if (machine.failure().isPresent()) {
            result.completeExceptionally(configuration("Machine " + machine.id() + " cannot get ready: "
                    + machine.failure().get()));
            return;
        }
        boolean reachable =
                machine.privateAddress().isPresent() || machine.publicAddress().isPresent();
        if (machine.state() == MachineState.RUNNING && reachable) {
            addressed = true;
            if (watch != null) {
                watch.end();
            }
            waiting.onAddress(machine);
            contact(machine);
        }
    }

    private void contact(Machine machine) {
        Link link = new Link(
                region.ticker(), region.shellCalls(), region.provider(), machine, keys.shell(), held::presence);
        Remote remote = new Remote(region.ticker(), link);
        held.ready(region.watcher().watch(machine.id(), held::onLook), link);
        Stages.whenDone(remote.ask(Supervisor.install(), deadline), (reply, failure) -> {
            if (failure != null) {
                result.completeExceptionally(Failures.asBuilderException(failure));
                return;
            }
            List<String> missing = reply.values("missing");
            Optional<String> workspace = reply.value("workspace");
            if (!missing.isEmpty() || workspace.isEmpty()) {
                result.completeExceptionally(configuration("The image lacks what scripts need: "
                        + String.join(", ", missing) + ". Install it in the image"));
                return;
            }
            BuilderHandle builder = new BuilderHandle(held, region, users, link, remote, workspace.get());
            Stages.whenDone(new OwnHostKey(region.records(), held, link).settle(keys, deadline), (v, notSettled) -> {
                if (notSettled == null) {
                    result.complete(builder);
                } else {
                    result.completeExceptionally(Failures.asBuilderException(notSettled));
                }
            });
        });
    }

    private static ConfigurationException configuration(String message) {
        return new ConfigurationException(message, null, null, null);
    }
}
