/** What tests need of the simulator's parts beyond its own API. */
@NullMarked
package dev.ephemeralbuilder.testing.simulator;

import org.jspecify.annotations.NullMarked;
