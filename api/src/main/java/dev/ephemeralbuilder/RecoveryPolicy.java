package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a {@link Job} whose machine the cloud takes back, or that is lost. Immutable: each method returns a
 * changed copy.
 */
public final class RecoveryPolicy {
    private static final RecoveryPolicy DEFAULT = new RecoveryPolicy(2, 2, Duration.ofSeconds(20), null);

    private final int spotAttempts;
    private final int onDemandAttempts;
    private final Duration margin;
    private final @Nullable Script farewell;

    private RecoveryPolicy(int spotAttempts, int onDemandAttempts, Duration margin, @Nullable Script farewell) {
        this.spotAttempts = spotAttempts;
        this.onDemandAttempts = onDemandAttempts;
        this.margin = margin;
        this.farewell = farewell;
    }

    /** Returns the policy of all defaults: two attempts on spot machines, then on demand, no farewell. */
    public static RecoveryPolicy defaults() {
        return DEFAULT;
    }

    /**
     * Sets on how many spot machines, one after the other, the job may be begun; after that only on-demand machines are
     * launched, if the spec's markets have them. Default: 2 (spot-economics, 3).
     *
     * @throws IllegalArgumentException if negative
     */
    public RecoveryPolicy spotAttempts(int most) {
        if (most < 0) {
            throw new IllegalArgumentException("spotAttempts must not be negative, was " + most);
        }
        return new RecoveryPolicy(most, onDemandAttempts, margin, farewell);
    }

    /**
     * Sets on how many on-demand machines, one after the other, the job may be begun: those are lost seldom. Default: 2.
     *
     * @throws IllegalArgumentException if less than 1
     */
    public RecoveryPolicy onDemandAttempts(int most) {
        if (most < 1) {
            throw new IllegalArgumentException("onDemandAttempts must be at least 1, was " + most);
        }
        return new RecoveryPolicy(spotAttempts, most, margin, farewell);
    }

    /**
     * Sets how much of a notice is kept free. A job whose {@linkplain AcquireRequest#expectedDuration expected end} is
     * inside the notice less this margin finishes where it is; a farewell is cut off when only this much is left. Default:
     * 20 seconds.
     *
     * @throws IllegalArgumentException if negative, or more than a year
     */
    public RecoveryPolicy margin(Duration margin) {
        if (margin.isNegative() || margin.compareTo(Durations.MOST) > 0) {
            throw new IllegalArgumentException(
                    "margin must not be negative nor above " + Durations.MOST.toDays() + " days, was " + margin);
        }
        return new RecoveryPolicy(spotAttempts, onDemandAttempts, margin, farewell);
    }

    /**
     * Sets a script that runs on a machine that is being taken back, while its replacement boots: to save a cache, say.
     * The job's scripts there have been cancelled by then. It is cut off at the end of the notice, less the margin; how it
     * ends changes nothing. Default: none.
     */
    public RecoveryPolicy farewell(Script farewell) {
        return new RecoveryPolicy(spotAttempts, onDemandAttempts, margin, requireNonNull(farewell, "farewell"));
    }

    /** Returns on how many spot machines the job may be begun. */
    public int spotAttempts() {
        return spotAttempts;
    }

    /** Returns on how many on-demand machines the job may be begun. */
    public int onDemandAttempts() {
        return onDemandAttempts;
    }

    /** Returns how much of a notice is kept free. */
    public Duration margin() {
        return margin;
    }

    /** Returns the script that runs on a machine that is being taken back, if there is one. */
    public Optional<Script> farewell() {
        return Optional.ofNullable(farewell);
    }

    @Override
    public String toString() {
        return "RecoveryPolicy[spotAttempts=" + spotAttempts + ", onDemandAttempts=" + onDemandAttempts + ", margin="
                + margin + (farewell == null ? "" : ", with farewell") + "]";
    }
}
