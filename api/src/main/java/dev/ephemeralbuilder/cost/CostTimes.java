package dev.ephemeralbuilder.cost;

import java.time.Duration;

/**
 * What the time of a machine, or of several, went into. The first five follow one another and add up to {@link #billed};
 * the other two are looks at the same time and beyond it.
 *
 * @param launch from the create call until its answer
 * @param boot from there until the machine was ready, or until it was given up
 * @param run with one script or more on it, or with its own command running
 * @param idle ready, without one: uploads and downloads are here, too
 * @param unaccounted what nobody saw, or has written down: the time after a process that was killed, say
 * @param lost the part of {@code run} that was in vain: its script was lost with the machine
 * @param release from giving it back until the cloud no longer showed it; not billed
 */
public record CostTimes(
        Duration launch,
        Duration boot,
        Duration run,
        Duration idle,
        Duration unaccounted,
        Duration lost,
        Duration release) {
    /** No time at all. */
    public static final CostTimes NONE = new CostTimes(
            Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);

    /**
     * Checks the parts.
     *
     * @throws IllegalArgumentException if one is negative, or {@code lost} is more than {@code run}
     */
    public CostTimes {
        for (Duration part : new Duration[] {launch, boot, run, idle, unaccounted, lost, release}) {
            if (part.isNegative()) {
                throw new IllegalArgumentException("a time must not be negative, was " + part);
            }
        }
        if (lost.compareTo(run) > 0) {
            throw new IllegalArgumentException("lost must not be more than run, was " + lost + " of " + run);
        }
    }

    /** Returns the time that is billed: launch, boot, run, idle and what is not accounted for. */
    public Duration billed() {
        return launch.plus(boot).plus(run).plus(idle).plus(unaccounted);
    }

    /** Returns the sum, part by part. */
    public CostTimes plus(CostTimes other) {
        return new CostTimes(
                launch.plus(other.launch),
                boot.plus(other.boot),
                run.plus(other.run),
                idle.plus(other.idle),
                unaccounted.plus(other.unaccounted),
                lost.plus(other.lost),
                release.plus(other.release));
    }
}
