package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.selection.Offer;
import java.time.Duration;

/**
 * How a container's own command ended, as the cloud says. A command whose end the cloud does not tell has no result: that
 * is a {@link BuilderLostException}.
 *
 * @param exitCode the exit code of the command; 128 + n after signal n
 * @param machineId the id of the machine that it ran on, which was given back
 * @param offer what was launched
 * @param duration how long it ran, from the look at the cloud that showed it running first to the one that showed its
 *     end: looks are some seconds apart, and one that shows both gives zero
 * @param logComplete whether the sink got the whole log: the cloud dropped nothing of it, its end could be read, and the
 *     sink took everything
 * @param cost what the machine cost; an estimate
 */
public record ContainerResult(
        int exitCode, String machineId, Offer offer, Duration duration, boolean logComplete, CostEstimate cost) {
    /** Checks the parts. */
    public ContainerResult {
        requireNonNull(machineId, "machineId");
        requireNonNull(offer, "offer");
        requireNonNull(duration, "duration");
        requireNonNull(cost, "cost");
    }

    /** Returns whether the exit code is 0. */
    public boolean success() {
        return exitCode == 0;
    }
}
