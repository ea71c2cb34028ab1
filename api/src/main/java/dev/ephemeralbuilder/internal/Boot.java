package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ImagePullException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A held machine on its way to what it is for: it is looked at until it runs, or will not. What becomes of a machine that
 * does not get there is its holder's matter. Confined to the ticker.
 */
abstract class Boot<T> {
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

    final Region region;
    final Held held;
    final Instant deadline;
    private final Instant launchedAt;
    private final Waiting waiting;
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private @Nullable Machine machine;
    private boolean running;
    private Ticker.@Nullable Scheduled timer;
    private Watcher.@Nullable Watch watch;
    private @Nullable Instant blindSince;

    /**
     * @param launchedAt for a while from here on the cloud may not show the machine although it is there
     */
    Boot(Region region, Held held, Instant launchedAt, Instant deadline, Waiting waiting) {
        this.region = region;
        this.held = held;
        this.launchedAt = launchedAt;
        this.deadline = deadline;
        this.waiting = waiting;
    }

    /** The cloud shows the machine, and nothing speaks against it. */
    abstract void shown(Machine now);

    /** Takes a look at a machine that has got there. */
    abstract void afterwards(Optional<Machine> look);

    /**
     * Says how far it has got.
     *
     * @param last what the cloud showed last
     */
    abstract String seen(Machine last);

    /** Fails with {@link BuilderHandle#lost} if the machine goes. */
    CompletableFuture<T> run() {
        timer = region.ticker()
                .schedule(
                        Duration.between(region.ticker().now(), deadline),
                        () -> result.completeExceptionally(waiting.tooLate(seen())));
        watch = region.watcher().expect(held.machineId(), new Watcher.Observer() {
            @Override
            public void onLook(Optional<Machine> look) {
                blindSince = null;
                if (result.isDone()) {
                    afterwards(look);
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
        Stages.whenDone(result, (arrived, failure) -> settled(failure != null));
        return result;
    }

    /** Ends the waiting. */
    void giveUp(BuilderException reason) {
        result.completeExceptionally(reason);
    }

    /** With the result the watch goes to whoever holds the machine. */
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
        return last == null ? "the cloud did not show it" : seen(last);
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
        shown(now);
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

    /** It runs. */
    final void runs(Machine now) {
        if (!running) {
            running = true;
            waiting.onRunning(now);
        }
    }

    /** It has got there. */
    final void arrived(T arrival) {
        result.complete(arrival);
    }

    /** It will not get there. */
    final void failed(Throwable reason) {
        result.completeExceptionally(Failures.asBuilderException(reason));
    }

    final boolean isOver() {
        return result.isDone();
    }

    /** What the cloud showed last, null if it has shown nothing. */
    final @Nullable Machine machine() {
        return machine;
    }

    final Watcher.@Nullable Watch watch() {
        return watch;
    }

    static ConfigurationException configuration(String message) {
        return new ConfigurationException(message, null, null, null);
    }
}
