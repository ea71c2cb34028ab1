package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Spares a cloud that does not work: after some failures in a row it lets one call through now and then, until one
 * succeeds. One per provider and region. Confined to the ticker.
 */
final class Breaker {
    private static final Logger log = LoggerFactory.getLogger(Breaker.class);

    private static final int FAILURES = 5;
    private static final Duration FIRST = Duration.ofSeconds(5);
    private static final Duration LONGEST = Duration.ofMinutes(1);

    private final Ticker ticker;
    private final String name;
    private int failures;
    private boolean trying;
    private Duration pause = FIRST;
    private Instant nextTry = Instant.EPOCH;

    Breaker(Ticker ticker, String name) {
        this.ticker = ticker;
        this.name = name;
    }

    /** Returns whether calls are held back. */
    boolean open() {
        return failures >= FAILURES;
    }

    /** Returns how long to wait before asking again; zero if the caller may call now. While open, that is one caller per pause. */
    Duration untilNextTry() {
        Instant now = ticker.now();
        if (!open()) {
            return Duration.ZERO;
        }
        if (nextTry.isAfter(now)) {
            return Duration.between(now, nextTry);
        }
        nextTry = now.plus(pause);
        trying = true;
        return Duration.ZERO;
    }

    void succeeded() {
        if (open()) {
            log.warn("{} answers again", name);
        }
        failures = 0;
        trying = false;
        pause = FIRST;
    }

    void failed() {
        boolean was = open();
        failures++;
        if (!was && open()) {
            log.warn("{} has failed {} times in a row; it is called once in a while until it answers", name, failures);
            nextTry = ticker.now().plus(pause);
        } else if (trying) {
            // What was under way when it opened, and what is never held back, says nothing new.
            trying = false;
            Duration longer = pause.multipliedBy(2);
            pause = longer.compareTo(LONGEST) < 0 ? longer : LONGEST;
            nextTry = ticker.now().plus(pause);
        }
    }
}
