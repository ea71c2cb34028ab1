package dev.ephemeralbuilder.alibaba;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * The cloud's time as the last answer told it, and this host's before the first: for what the cloud says without a time.
 * Behind the cloud by the way of an answer and by the header's second. Safe for use by many threads.
 */
final class AnswerClock extends Clock {
    private final Clock host;
    private volatile Duration lead = Duration.ZERO;

    /**
     * Creates a clock.
     *
     * @param host this host's
     */
    AnswerClock(Clock host) {
        this.host = host;
    }

    /** An answer has just come that says what time it was at the cloud. */
    void learn(Instant time) {
        lead = Duration.between(host.instant(), time);
    }

    @Override
    public Instant instant() {
        return host.instant().plus(lead);
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("it tells moments only");
    }
}
