package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.time.Instant;

/**
 * The cloud's word that it will take a spot machine back.
 *
 * @param deadline when the machine is expected to go; derived from the notice period where the cloud names no time
 * @param source who said so, in the cloud's own words, such as {@code Recycling}
 */
public record ReclaimNotice(Instant deadline, String source) {
    /** Checks the parts. */
    public ReclaimNotice {
        requireNonNull(deadline, "deadline");
        requireNonNull(source, "source");
    }
}
