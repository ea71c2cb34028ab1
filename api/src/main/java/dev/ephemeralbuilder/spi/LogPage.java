package dev.ephemeralbuilder.spi;

import static java.util.Objects.requireNonNull;

/**
 * A piece of what a machine's own command has written, standard output and standard error together.
 *
 * @param text whole lines, each with its line feed; empty if there is nothing new
 * @param cursor where to go on; the provider's own, and to be kept as it is
 * @param gap whether the cloud may have dropped lines before the text: more were written since the last look than one
 *     answer can hold
 */
public record LogPage(String text, String cursor, boolean gap) {
    /** Checks the parts. */
    public LogPage {
        requireNonNull(text, "text");
        requireNonNull(cursor, "cursor");
    }
}
