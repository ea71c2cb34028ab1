/** Fixtures for tests of what is built on EphemeralBuilder: a cloud in memory and a clock that tests move. */
@NullMarked
package dev.ephemeralbuilder.testing;

import org.jspecify.annotations.NullMarked;
