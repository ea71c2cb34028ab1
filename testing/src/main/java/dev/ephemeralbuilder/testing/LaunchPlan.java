package dev.ephemeralbuilder.testing;

import java.time.Duration;

/** What is to be odd about the machines of the next launch. Safe for use by many threads. */
final class LaunchPlan {
    /**
     * How the machines of one launch are odd.
     *
     * @param hidden how long no answer shows them
     * @param vanishing whether they are gone before they run
     * @param unpullable whether their image cannot be had
     */
    record Oddity(Duration hidden, boolean vanishing, boolean unpullable) {
        static final Oddity NONE = new Oddity(Duration.ZERO, false, false);
    }

    private Oddity next = Oddity.NONE;

    synchronized void hideNext(Duration time) {
        next = new Oddity(time, next.vanishing(), next.unpullable());
    }

    synchronized void vanishNext() {
        next = new Oddity(next.hidden(), true, next.unpullable());
    }

    synchronized void failNextPull() {
        next = new Oddity(next.hidden(), next.vanishing(), true);
    }

    /** Returns what was planned, once. */
    synchronized Oddity take() {
        Oddity taken = next;
        next = Oddity.NONE;
        return taken;
    }
}
