/**
 * What a cloud implements, and the two things an embedder may replace: the {@link dev.ephemeralbuilder.spi.StateStore}
 * and the {@link dev.ephemeralbuilder.spi.Ticker}.
 */
@NullMarked
package dev.ephemeralbuilder.spi;

import org.jspecify.annotations.NullMarked;
