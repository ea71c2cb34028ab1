/** Tests that every implementation of the SPI must pass, to be extended by the implementation's own tests. */
@NullMarked
package dev.ephemeralbuilder.testing.contract;

import org.jspecify.annotations.NullMarked;
