package dev.ephemeralbuilder.selection;

import static java.util.Objects.requireNonNull;

/**
 * Something that was considered and left out.
 *
 * @param subject what: a type, a type in a zone, an offer
 * @param reason why, for people; the same words for the same reason, so that reasons can be counted
 * @param temporary whether the reason passes by itself, as an empty stock does
 */
public record Rejection(String subject, String reason, boolean temporary) {
    /** Checks the parts. */
    public Rejection {
        requireNonNull(subject, "subject");
        requireNonNull(reason, "reason");
    }

    /** Creates a rejection for a reason that stays. */
    public Rejection(String subject, String reason) {
        this(subject, reason, false);
    }
}
