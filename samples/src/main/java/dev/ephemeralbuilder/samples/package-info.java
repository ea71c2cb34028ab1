/** The {@code ephemeral} command: reference executors on the public API. */
@NullMarked
package dev.ephemeralbuilder.samples;

import org.jspecify.annotations.NullMarked;
