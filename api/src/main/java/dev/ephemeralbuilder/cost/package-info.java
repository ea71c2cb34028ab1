/** What builders cost, always as an estimate: the bill is the cloud's. */
@NullMarked
package dev.ephemeralbuilder.cost;

import org.jspecify.annotations.NullMarked;
