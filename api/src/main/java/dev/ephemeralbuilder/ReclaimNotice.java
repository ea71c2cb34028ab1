package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.time.Instant;

/**
 * The cloud's word that it will take a spot machine back.
 *
 * <p>The deadline is by the fleet's clock wherever a builder, an event or an exception names it, so that what is left is
 * the time from now until then; only in a {@link dev.ephemeralbuilder.spi.Machine}, which is the cloud's own report, it is
 * by the cloud's clock.
 *
 * @param deadline when the machine is expected to go; derived from the notice period where the cloud names no time, and
 *     then up to a look, half a minute, later than the machine really goes
 * @param source who said so, in the cloud's own words, such as {@code Recycling}
 */
public record ReclaimNotice(Instant deadline, String source) {
    /** Checks the parts. */
    public ReclaimNotice {
        requireNonNull(deadline, "deadline");
        requireNonNull(source, "source");
    }
}
