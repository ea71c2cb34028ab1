package dev.ephemeralbuilder.cost;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.selection.Offer;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One machine in the ledger, which is one attempt to have a builder. All amounts are estimates; what a line of an earlier
 * version of the library does not say is empty or counts as unaccounted.
 *
 * @param machineId the machine
 * @param requestId the request that it was launched for
 * @param job the {@linkplain dev.ephemeralbuilder.Job job} that the request was an attempt of; empty for others
 * @param labels the request's labels
 * @param owner the owner; empty in lines of earlier versions
 * @param host the name of the host whose process launched it; empty in lines of earlier versions
 * @param offer what was launched, with the price at which it was
 * @param startedAt when the create call was about to be made, by that host's clock
 * @param endedAt when it was given back, seen gone or ended by its cap; empty while it runs, and where the line does not
 *     say
 * @param end how it ended
 * @param times what its time went into
 * @param cost what it cost
 * @param pricePoints the prices that it was counted at, from the first; at least one
 */
public record CostLine(
        String machineId,
        String requestId,
        Optional<String> job,
        Map<String, String> labels,
        Optional<String> owner,
        Optional<String> host,
        Offer offer,
        Instant startedAt,
        Optional<Instant> endedAt,
        End end,
        CostTimes times,
        CostEstimate cost,
        List<PricePoint> pricePoints) {
    /** How a machine ends. */
    public enum End {
        /** It has not, as far as is written down: what it cost is counted until now, or until its cap. */
        RUNNING,
        /** It was given back, by whoever had it or by its id. */
        CLOSED,
        /** The cloud took it back after a notice, or said that it would while a script ran, which was given up for it. */
        RECLAIMED,
        /** It was gone, and the cloud had not said that it would. */
        LOST,
        /** It was kept for people to look at, and then its time was over. */
        KEPT,
        /** Nobody wanted it any more: it was deleted as an orphan. */
        REAPED,
        /** It never got ready: it failed, took too long, vanished, or was one too many. */
        BOOT_FAILED,
        /** Nobody saw how it ended, or the line does not say. */
        UNKNOWN
    }

    /** Checks and copies the parts. */
    public CostLine {
        requireNonNull(machineId, "machineId");
        requireNonNull(requestId, "requestId");
        requireNonNull(job, "job");
        labels = Map.copyOf(labels);
        requireNonNull(owner, "owner");
        requireNonNull(host, "host");
        requireNonNull(offer, "offer");
        requireNonNull(startedAt, "startedAt");
        requireNonNull(endedAt, "endedAt");
        requireNonNull(end, "end");
        requireNonNull(times, "times");
        requireNonNull(cost, "cost");
        pricePoints = List.copyOf(pricePoints);
    }

    /** Returns what the line is grouped under by job: the job, or the request where there is none. */
    public String jobOrRequest() {
        return job.orElse(requestId);
    }

    /** Returns whether its machine has no end yet. */
    public boolean running() {
        return end == End.RUNNING;
    }

    /**
     * Returns the part of the amount that was of no use: all of a machine that never got ready; else that of the time
     * that it was idle or ran in vain, at the machine's average price.
     */
    public Money waste() {
        return end == End.BOOT_FAILED ? cost.amount() : share(times.lost().plus(times.idle()));
    }

    private Money share(Duration part) {
        Duration billed = times.billed();
        if (billed.isZero()) {
            return cost.amount().times(BigDecimal.ZERO);
        }
        BigDecimal share = BigDecimal.valueOf(part.toMillis())
                .divide(BigDecimal.valueOf(Math.max(1, billed.toMillis())), MathContext.DECIMAL128);
        return new Money(
                cost.amount().amount().multiply(share, MathContext.DECIMAL128),
                cost.amount().currency());
    }
}
