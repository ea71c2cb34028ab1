package dev.ephemeralbuilder.selection;

import static java.util.Objects.requireNonNull;

/**
 * Something that was considered and left out.
 *
 * @param subject what: a type, a type in a zone, an offer
 * @param reason why, for people
 */
public record Rejection(String subject, String reason) {
    /** Checks the parts. */
    public Rejection {
        requireNonNull(subject, "subject");
        requireNonNull(reason, "reason");
    }
}
