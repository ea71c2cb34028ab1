/** What a fleet tells its listeners. */
@NullMarked
package dev.ephemeralbuilder.event;

import org.jspecify.annotations.NullMarked;
