package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ImagePullException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.spi.Door;
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

        /**
         * Returns why it was given up at the deadline.
         *
         * @param seen how far it has got
         */
        BuilderException tooLate(String seen);

        /** It runs. */
        void onRunning(Machine machine);
    }

    private final Region region;
    private final Executor users;
    private final Held held;
    private final MachineKeys keys;
    private final Instant launchedAt;
    private final Instant deadline;
    private final Waiting waiting;
    private final CompletableFuture<BuilderHandle> result = new CompletableFuture<>();
    private @Nullable Machine machine;
    private boolean running;
    private boolean knocking;
    private boolean contacted;
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
                        () -> result.completeExceptionally(waiting.tooLate(seen())));
        watch = region.watcher().expect(held.machineId(), new Watcher.Observer() {
            @Override
            public void onLook(Optional<Machine> look) {
                blindSince = null;
                if (result.isDone()) {
                    held.onLook(look);
                } else {
                    take(look);
                }
            }

            @Override
            public void onBlindLook(BuilderException reason) {
                if (!result.isDone()) {
                    Boot.this.onBlindLook(reason);
                }
            }
        });
        Stages.whenDone(result, (builder, failure) -> settled(failure != null));
        return result;
    }

    /** Ends the waiting. */
    void giveUp(BuilderException reason) {
        result.completeExceptionally(reason);
    }

    /** With the builder the watch goes to whoever holds the machine. */
    private void settled(boolean failed) {
        if (failed && watch != null) {
            watch.end();
        }
        if (timer != null) {
            timer.cancel();
        }
    }

    private String seen() {
        Machine last = machine;
        if (last == null) {
            return "the cloud did not show it";
        }
        if (contacted) {
            return "it takes connections, but does not answer";
        }
        return last.state() == MachineState.RUNNING
                ? "it runs, but takes no connections: see its security group and its SSH server"
                : "it is " + last.state();
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
        if (result.isDone()) {
            return;
        }
        if (look.isEmpty() || look.get().state() == MachineState.ENDED) {
            Optional<BuilderException> unable = look.flatMap(Boot::inability);
            if (unable.isPresent()) {
                held.absent();
                result.completeExceptionally(unable.get());
            } else if (look.isPresent() || region.ticker().now().isAfter(launchedAt.plus(Held.INVISIBLE))) {
                held.absent();
                result.completeExceptionally(BuilderHandle.lost(held));
            }
            return;
        }
        held.seen();
        Machine now = look.get();
        machine = now;
        Optional<BuilderException> objection = waiting.objection(now);
        if (objection.isPresent()) {
            result.completeExceptionally(objection.get());
            return;
        }
        Optional<BuilderException> unable = inability(now);
        if (unable.isPresent()) {
            result.completeExceptionally(unable.get());
            return;
        }
        if (now.state() == MachineState.RUNNING) {
            runs(now);
        }
        boolean addressed =
                now.privateAddress().isPresent() || now.publicAddress().isPresent();
        if (addressed && !contacted && !knocking) {
            knock(now);
        }
    }

    /** Returns what the cloud says why a machine will never be ready, if it says so. */
    private static Optional<BuilderException> inability(Machine machine) {
        return machine.failure().map(words -> {
            String message = "Machine " + machine.id() + " cannot get ready: " + words;
            return machine.failureKind() == Machine.FailureKind.IMAGE_PULL
                    ? new ImagePullException(message, null, null, null)
                    : configuration(message);
        });
    }

    private void runs(Machine now) {
        if (!running) {
            running = true;
            waiting.onRunning(now);
        }
    }

    private void knock(Machine at) {
        knocking = true;
        Stages.whenDone(region.doors().knock(at), (door, failure) -> {
            knocking = false;
            if (result.isDone() || machine == null) {
                return;
            }
            // The newest look may know of another address, or that it runs.
            Machine now = machine;
            if (door == Door.OPEN || (door == Door.UNKNOWN && now.state() == MachineState.RUNNING)) {
                contact(now);
            } else if (door == Door.SHUT) {
                knockAgain();
            }
        });
    }

    /** The machine itself will tell when it is there; the cloud is asked only whether it still is. */
    private void knockAgain() {
        knocking = true;
        if (watch != null) {
            watch.relax();
        }
        Stages.whenDone(region.doors().pause(), (v, failure) -> {
            if (!result.isDone() && machine != null) {
                knock(machine);
            }
        });
    }

    private void contact(Machine at) {
        contacted = true;
        Link link = new Link(region.ticker(), region.shellCalls(), region.cloud(), at, keys.shell(), this::presence);
        Remote remote = new Remote(region.ticker(), link);
        if (watch != null) {
            watch.relax();
            held.ready(watch, link);
        }
        Stages.whenDone(remote.ask(Supervisor.install(), deadline), (reply, failure) -> {
            if (failure != null) {
                result.completeExceptionally(Failures.asBuilderException(failure));
                return;
            }
            runs(at);
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
                    link.booted();
                    result.complete(builder);
                } else {
                    result.completeExceptionally(Failures.asBuilderException(notSettled));
                }
            });
        });
    }

    /** While it boots, the watch tells whether it is gone. */
    private CompletableFuture<Optional<BuilderException>> presence() {
        return result.isDone() ? held.presence() : CompletableFuture.completedFuture(Optional.empty());
    }

    private static ConfigurationException configuration(String message) {
        return new ConfigurationException(message, null, null, null);
    }
}
