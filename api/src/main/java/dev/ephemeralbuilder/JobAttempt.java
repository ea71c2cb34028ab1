package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.selection.Offer;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * One machine that a {@link Job} was begun on, or tried to get: when, and what became of it. Times are by the fleet's clock.
 *
 * @param number counts from 1
 * @param machineId the machine; empty if none was had
 * @param offer what was launched; empty if no machine was had
 * @param startedAt when a machine was asked for
 * @param readyAt when it was ready; empty if none was
 * @param endedAt when the attempt ended
 * @param end how it ended
 * @param reason why it ended so, in the cloud's own words where it has said something; never empty
 * @param cost what the machine cost; empty if none was had; an estimate
 */
public record JobAttempt(
        int number,
        Optional<String> machineId,
        Optional<Offer> offer,
        Instant startedAt,
        Optional<Instant> readyAt,
        Instant endedAt,
        End end,
        String reason,
        Optional<CostEstimate> cost) {
    /** How an attempt ends. */
    public enum End {
        /** Every script ended with exit code 0. */
        SUCCEEDED,
        /** A script ended otherwise: that is the job's result, and nothing is tried again for it. */
        SCRIPT_FAILED,
        /** The cloud gave notice, or took the machine back without. */
        RECLAIMED,
        /** The machine was lost, and the cloud did not say why, or could not be reached any more. */
        LOST,
        /** No machine was had. */
        NO_MACHINE,
        /** Something else failed, such as reading a file that was to be uploaded. */
        FAILED,
        /** The job's deadline had passed. */
        DEADLINE,
        /** The job was given up by its caller; or this attempt was, since the one before it came to its end after all. */
        CANCELLED
    }

    /**
     * Checks the parts.
     *
     * @throws IllegalArgumentException if the number is less than 1
     */
    public JobAttempt {
        if (number < 1) {
            throw new IllegalArgumentException("number must be at least 1, was " + number);
        }
        requireNonNull(machineId, "machineId");
        requireNonNull(offer, "offer");
        requireNonNull(startedAt, "startedAt");
        requireNonNull(readyAt, "readyAt");
        requireNonNull(endedAt, "endedAt");
        requireNonNull(end, "end");
        requireNonNull(reason, "reason");
        requireNonNull(cost, "cost");
    }

    /** Returns how long it took, from asking for a machine to its end. */
    public Duration duration() {
        return Duration.between(startedAt, endedAt);
    }
}
