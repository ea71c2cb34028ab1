package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Whose fault it is that a script has failed. A machine on its way down ends all processes, and its supervisor may live
 * long enough to write down what looks like the script's own end. So a failure is believed only if the cloud shows the
 * machine as running afterwards; and still does some seconds later, if the exit code says that a signal ended the script
 * or the cloud had given notice. Confined to the ticker.
 */
final class Blame {
    /** A machine that ends its processes is seen to go within this time. */
    static final Duration SECOND_LOOK = Duration.ofSeconds(5);

    /** A look may wait minutes for its turn: that the cloud cannot be asked takes more than one that failed. */
    private static final int LEAST_LOOKS = 6;

    private static final int FIRST_SIGNAL = 128 + 1;
    private static final int LAST_SIGNAL = 128 + 64;

    private final Region region;
    private final Held held;
    private final String how;
    private final boolean doubtful;
    private final Instant patience;
    private int blindLooks;

    /** @param failed how the script ended */
    Blame(Region region, Held held, ScriptResult failed) {
        this.region = region;
        this.held = held;
        this.how = "a script ended with exit code " + failed.exitCode();
        // A notice counts also if it is withdrawn meanwhile.
        this.doubtful = held.notices().standing().isPresent()
                || (failed.exitCode() >= FIRST_SIGNAL && failed.exitCode() <= LAST_SIGNAL);
        this.patience = region.ticker().now().plus(Link.PATIENCE);
    }

    /** Returns why the machine is to blame; empty if it is not. */
    CompletableFuture<Optional<BuilderException>> find() {
        // The look itself may bring the first notice.
        return look().thenCompose(blame ->
                blame.isPresent() || !(doubtful || held.notices().standing().isPresent())
                        ? CompletableFuture.completedFuture(blame)
                        : Stages.after(region.ticker(), SECOND_LOOK).thenCompose(v -> look()));
    }

    private CompletableFuture<Optional<BuilderException>> look() {
        if (held.released()) {
            return CompletableFuture.completedFuture(Optional.of(BuilderHandle.lost(held)));
        }
        return Stages.then(region.watcher().look(held.machineId()), (look, blind) -> {
            if (blind == null) {
                return CompletableFuture.completedFuture(held.lossAfter(look).or(() -> stopping(look)));
            }
            blindLooks++;
            if (region.ticker().now().isBefore(patience) || blindLooks < LEAST_LOOKS) {
                return Stages.after(region.ticker(), SECOND_LOOK).thenCompose(v -> look());
            }
            // Not to know is not to know that it runs; a job may be begun again, an invented failure may not.
            return CompletableFuture.completedFuture(Optional.of(new BuilderLostException(
                    how + " on machine " + held.machineId() + ", and the cloud cannot be asked whether it still ran: "
                            + Failures.asBuilderException(blind).getMessage(),
                    null)));
        });
    }

    private Optional<BuilderException> stopping(Optional<Machine> look) {
        MachineState state = look.map(Machine::state).orElse(MachineState.ENDED);
        if (state != MachineState.STOPPING && state != MachineState.STOPPED) {
            return Optional.empty();
        }
        String words = "The cloud showed machine " + held.machineId() + " as " + state + " when " + how;
        return Optional.of(held.notices()
                .standing()
                .<BuilderException>map(
                        notice -> new BuilderReclaimedException(words + " (" + notice.source() + ")", notice, null))
                .orElseGet(() -> new BuilderLostException(words, null)));
    }
}
