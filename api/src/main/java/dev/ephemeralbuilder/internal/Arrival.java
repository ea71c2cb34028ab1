package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * One new machine on its way to what it was launched for. Whatever goes wrong on the way, the machine is released. Confined to
 * the ticker.
 */
final class Arrival<T extends Arrived> {
    private final Region region;
    private final Held held;
    private final Duration readyTimeout;
    private final Boot<T> boot;
    private final Patience patience;
    private final CompletableFuture<T> result = new CompletableFuture<>();

    Arrival(Region region, Held held, Attempt.Made made, Duration readyTimeout, Purpose<T> purpose) {
        this.region = region;
        this.held = held;
        this.readyTimeout = readyTimeout;
        this.patience = new Patience(made.launchedAt());
        this.boot = purpose.boot(region, held, made, made.since().plus(readyTimeout), patience);
        Stages.whenDone(made.written(), (v, failure) -> {
            if (failure != null) {
                fail(Failures.asBuilderException(failure));
            }
        });
        // Whoever knows the id may give the machine back before it is ready; nobody must get a builder of it then.
        Stages.whenDone(held.opened(), (builder, failure) -> {
            if (failure != null) {
                fail(Failures.asBuilderException(failure));
            }
        });
    }

    /** Fails with {@link CapacityException} if the machine goes before it is ready. */
    CompletableFuture<T> run() {
        if (result.isDone()) {
            return result;
        }
        Stages.whenDone(boot.run(), (arrived, failure) -> {
            if (failure != null) {
                BuilderException reason = Failures.asBuilderException(failure);
                boolean gone = reason instanceof BuilderLostException || reason instanceof BuilderReclaimedException;
                if (gone) {
                    fail(vanished("vanished before it was ready"));
                } else {
                    failBoot(reason);
                }
                return;
            }
            Instant readyAt = region.ticker().now();
            held.usage().ready(readyAt);
            held.publish(new BuilderEvent.Ready(
                    readyAt, held.requestId(), held.machineId(), Duration.between(patience.runningAt, readyAt)));
            if (result.complete(arrived)) {
                arrived.handOut();
            } else {
                arrived.close();
            }
        });
        return result;
    }

    /** Gives up and releases the machine. */
    void cancel() {
        fail(new CancellationException("the acquire was cancelled"));
    }

    /** The machine is kept for as long as it takes to ask what it has said. */
    private void failBoot(BuilderException reason) {
        if (!result.isDone()) {
            Stages.whenDone(LastWords.with(region, held.machineId(), reason), (told, f) -> fail(f == null ? told : f));
        }
    }

    private void fail(Throwable reason) {
        if (!result.completeExceptionally(reason)) {
            return;
        }
        Supplier<BuilderException> why = () -> reason instanceof BuilderException e ? e : BuilderHandle.lost(held);
        if (!(reason instanceof CancellationException)) {
            held.usage().bootFailed();
        }
        boot.giveUp(why.get());
        held.release(why);
    }

    /** A new machine that the cloud is about to take back is left for the next offer. */
    private final class Patience implements Boot.Waiting {
        private final Instant launchedAt;
        private Instant runningAt;

        Patience(Instant launchedAt) {
            this.launchedAt = launchedAt;
            this.runningAt = launchedAt;
        }

        @Override
        public Optional<BuilderException> objection(Machine machine) {
            boolean hopeless = machine.reclaimNotice().isPresent()
                    || machine.state() == MachineState.STOPPING
                    || machine.state() == MachineState.STOPPED;
            return hopeless ? Optional.of(vanished("taken back before it was ready")) : Optional.empty();
        }

        @Override
        public BuilderException tooLate(String seen) {
            return new BuilderTimeoutException(
                    "Machine " + held.machineId() + " (" + held.offer().describe() + ") was not ready within "
                            + readyTimeout.toSeconds() + " s and is given back; " + seen,
                    null,
                    null,
                    null);
        }

        @Override
        public void onRunning(Machine machine) {
            runningAt = region.ticker().now();
            held.publish(new BuilderEvent.Running(
                    runningAt, held.requestId(), machine.id(), Duration.between(launchedAt, runningAt)));
        }
    }

    /** The answer to the create call was not yet capacity: stock may be found missing later (ecs-openapi, 0.3). */
    private CapacityException vanished(String seen) {
        Offer offer = held.offer();
        return new CapacityException(
                offer.describe() + ": " + seen, CapacityException.Reason.NO_STOCK, seen, null, null);
    }
}
