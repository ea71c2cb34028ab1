/** Offers and the choice among them: pure functions over data, no I/O and no clock. */
@NullMarked
package dev.ephemeralbuilder.selection;

import org.jspecify.annotations.NullMarked;
