package dev.ephemeralbuilder.testing.simulator;

import java.time.Instant;

/**
 * What happened to a group, in the manner of Kubernetes (eci-openapi, 4 and 7).
 *
 * @param type {@code Normal} or {@code Warning}
 * @param source who says it, {@code EciService} or {@code K8sAgent}
 * @param count how often it happened
 */
record GroupEvent(
        long number,
        String type,
        String source,
        String reason,
        String message,
        int count,
        Instant first,
        Instant last) {
    static final String SPOT = "SpotToBeReleased";

    /** Whether another one says the same again. */
    boolean repeats(String otherReason, String otherMessage) {
        return reason.equals(otherReason) && message.equals(otherMessage);
    }

    GroupEvent again(Instant now) {
        return new GroupEvent(number, type, source, reason, message, count + 1, first, now);
    }
}
