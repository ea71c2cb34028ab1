package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;

/**
 * What time it is at one provider's cloud, as far as its last answers tell. An answer says when it was written, so what
 * is learned is never ahead of the cloud, and behind it by the answer's way; if this host's clock jumps, what was
 * learned before is off by the jump. Hence a range: leases are written by its late end and judged by its early one.
 * Safe for use by many threads.
 */
final class CloudClock {
    /** How far clocks may be apart where nobody knows the cloud's time. */
    static final Duration UNKNOWN = Duration.ofMinutes(15);

    /** Answers do not differ by more, unless a clock has jumped. */
    static final Duration TOLERANCE = Duration.ofMinutes(1);

    /** Less than that is the way of an answer, and the header's resolution of one second. */
    private static final Duration NOISE = Duration.ofSeconds(2);

    private static final int ANSWERS = 8;

    private final Ticker ticker;

    /** By how much the cloud was ahead of this host, the newest last. */
    private final Deque<Duration> leads = new ArrayDeque<>();

    CloudClock(Ticker ticker) {
        this.ticker = ticker;
    }

    /** An answer has just come that says what time it was at the cloud. */
    void learn(Instant time) {
        Duration lead = Duration.between(ticker.now(), time);
        synchronized (leads) {
            leads.add(lead);
            if (leads.size() > ANSWERS) {
                leads.remove();
            }
        }
    }

    /** Forgets all answers but the newest. */
    void restart() {
        synchronized (leads) {
            while (leads.size() > 1) {
                leads.remove();
            }
        }
    }

    /** Returns by how much the cloud is ahead of this host; zero if nobody knows. */
    Duration lead() {
        synchronized (leads) {
            return leads.isEmpty() ? Duration.ZERO : heard(Collections.max(leads));
        }
    }

    /** Returns whether the last answers agree with each other. */
    boolean isSteady() {
        synchronized (leads) {
            return leads.isEmpty()
                    || Collections.max(leads).minus(Collections.min(leads)).compareTo(TOLERANCE) <= 0;
        }
    }

    /** Returns the cloud's time, or this host's if nobody knows it. */
    Instant now() {
        return of(ticker.now());
    }

    /** Returns a time of this host in the cloud's time. */
    Instant of(Instant time) {
        return time.plus(lead());
    }

    /** Returns a time of the cloud in this host's time. */
    Instant toHost(Instant time) {
        return time.minus(lead());
    }

    /** Returns a time that it surely is already at the cloud. */
    Instant atLeast() {
        Instant now = ticker.now();
        synchronized (leads) {
            return leads.isEmpty() ? now.minus(UNKNOWN) : now.plus(heard(Collections.min(leads)));
        }
    }

    private static Duration heard(Duration lead) {
        return lead.abs().compareTo(NOISE) < 0 ? Duration.ZERO : lead;
    }
}
