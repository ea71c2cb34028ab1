package dev.ephemeralbuilder.internal;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** What is missing from the library's times. */
final class Times {
    private Times() {}

    static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? other : one;
    }

    static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    static Instant later(Instant one, Instant other) {
        return one.isBefore(other) ? other : one;
    }

    /** Returns a time, or the next one that is a full unit. */
    static Instant roundedUp(Instant time, ChronoUnit unit) {
        Instant full = time.truncatedTo(unit);
        return full.equals(time) ? full : full.plus(1, unit);
    }
}
