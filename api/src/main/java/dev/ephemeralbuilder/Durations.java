package dev.ephemeralbuilder;

import java.time.Duration;

/** What times may be: long enough for everybody, and short enough to be added to any time. */
final class Durations {
    /** No machine lives as long. */
    static final Duration MOST = Duration.ofDays(365);

    private Durations() {}

    /**
     * Returns a time that must be positive.
     *
     * @throws IllegalArgumentException if it is not, or more than a year
     */
    static Duration positive(Duration value, String name) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " must be positive, was " + value);
        }
        if (value.compareTo(MOST) > 0) {
            throw new IllegalArgumentException(name + " must be at most " + MOST.toDays() + " days, was " + value);
        }
        return value;
    }
}
