/**
 * What an embedding team imports: the fleet, builders, specs, scripts and the exceptions.
 *
 * <p>Start at {@link dev.ephemeralbuilder.BuildFleet}.
 */
@NullMarked
package dev.ephemeralbuilder;

import org.jspecify.annotations.NullMarked;
