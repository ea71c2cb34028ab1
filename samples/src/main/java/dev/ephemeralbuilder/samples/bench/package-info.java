/** Programs that show what the library promises, against the simulator; run by hand, see docs/reliability.md. */
@NullMarked
package dev.ephemeralbuilder.samples.bench;

import org.jspecify.annotations.NullMarked;
