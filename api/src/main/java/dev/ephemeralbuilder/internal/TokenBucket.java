package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.ConfigurationException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How many calls of one kind may be made now. Never more than the limit in any minute: a tenth of it may come at once,
 * the rest flows in. Throttling halves the flow and stops it until the cloud counts anew, at the next full minute
 * (ecs-openapi, 1.4); from there it grows back by a tenth of the limit per minute. Immutable.
 *
 * @param tokens how many calls may be made at once
 * @param at the time of that
 * @param perMinute how many calls flow in per minute
 * @param blockedUntil no call before this
 */
record TokenBucket(double tokens, Instant at, double perMinute, Instant blockedUntil) {
    private static final double MINUTE_MILLIS = 60_000.0;
    private static final double LEAST_SHARE = 0.05;
    private static final double REGAINED_PER_MINUTE = 0.1;

    /** No block is longer; one that seems to be comes from a clock that was set back. */
    private static final Duration LONGEST_BLOCK = Duration.ofMinutes(2);

    /** No wait that is told is longer, since others may give back or the flow may grow. */
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    /**
     * What came of asking.
     *
     * @param granted how many calls may be made now
     * @param pause if not all were granted: when to ask for the next one
     */
    record Taken(TokenBucket after, int granted, Duration pause) {}

    /** Returns a bucket that nobody has drawn from. */
    static TokenBucket full(int limit, Instant now) {
        return new TokenBucket(burst(limit), now, flow(limit), Instant.EPOCH);
    }

    /**
     * Reads what {@link #document} wrote; a full bucket if there is none.
     *
     * @throws ConfigurationException if it is not readable
     */
    static TokenBucket of(@Nullable Map<String, String> document, int limit, Instant now) {
        if (document == null) {
            return full(limit, now);
        }
        try {
            return new TokenBucket(
                    Double.parseDouble(document.getOrDefault("tokens", "")),
                    Instant.parse(document.getOrDefault("at", "")),
                    Double.parseDouble(document.getOrDefault("perMinute", "")),
                    Instant.parse(document.getOrDefault("blockedUntil", "")));
        } catch (RuntimeException e) {
            throw new ConfigurationException("the record of a rate limit is not readable: " + document, null, null, e);
        }
    }

    Map<String, String> document() {
        return Map.of(
                "tokens", Double.toString(tokens),
                "at", at.toString(),
                "perMinute", Double.toString(perMinute),
                "blockedUntil", blockedUntil.toString());
    }

    /** Counts calls that were made without asking. */
    TokenBucket charged(int calls) {
        return new TokenBucket(tokens - calls, at, perMinute, blockedUntil);
    }

    /**
     * Takes as many calls as there are.
     *
     * @param wanted at least one
     */
    Taken take(int wanted, int limit, Instant now) {
        TokenBucket flown = flown(limit, now);
        if (flown.blockedUntil.isAfter(now)) {
            return new Taken(flown, 0, Duration.between(now, flown.blockedUntil));
        }
        int granted = (int) Math.max(0, Math.min(wanted, Math.floor(flown.tokens)));
        TokenBucket after = new TokenBucket(flown.tokens - granted, flown.at, flown.perMinute, flown.blockedUntil);
        if (granted == wanted) {
            return new Taken(after, granted, Duration.ZERO);
        }
        long millis = (long) Math.ceil((1 - after.tokens) * MINUTE_MILLIS / after.perMinute);
        Duration wait = Duration.ofMillis(Math.max(1, millis));
        return new Taken(after, granted, wait.compareTo(LONGEST_WAIT) < 0 ? wait : LONGEST_WAIT);
    }

    /**
     * The cloud has refused a call.
     *
     * @param jitter what is added to the next full minute
     */
    TokenBucket throttled(int limit, Instant now, Duration jitter) {
        TokenBucket flown = flown(limit, now);
        if (flown.blockedUntil.isAfter(now)) {
            // A call that was under way when the first one was refused: the answer to it has been drawn.
            return flown;
        }
        Instant nextMinute = now.truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
        double least = Math.max(1, flow(limit) * LEAST_SHARE);
        return new TokenBucket(0, now, Math.max(least, flown.perMinute / 2), nextMinute.plus(jitter));
    }

    private TokenBucket flown(int limit, Instant now) {
        // No flow for the time before the end of a block, nor for a clock that was set back.
        Instant from = at.isAfter(blockedUntil) ? at : blockedUntil;
        double minutes = Math.max(0, minutes(Duration.between(from, now)));
        double grown = Math.min(flow(limit), perMinute + flow(limit) * REGAINED_PER_MINUTE * minutes);
        double filled = Math.min(burst(limit), tokens + grown * minutes);
        boolean endless = blockedUntil.isAfter(now.plus(LONGEST_BLOCK));
        // Who asks may have looked at the clock a while ago: what has flown in since is counted already.
        boolean late = at.isAfter(now) && !at.isAfter(now.plus(LONGEST_BLOCK));
        return new TokenBucket(filled, late ? at : now, grown, endless ? Instant.EPOCH : blockedUntil);
    }

    private static double minutes(Duration time) {
        return (time.getSeconds() + time.getNano() / 1e9) / 60;
    }

    private static double burst(int limit) {
        return Math.max(1, limit / 10.0);
    }

    private static double flow(int limit) {
        return Math.max(limit - burst(limit), limit / 2.0);
    }
}
