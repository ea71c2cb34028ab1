/** ECI container groups as build machines. Holds nothing yet. */
@NullMarked
package dev.ephemeralbuilder.eci;

import org.jspecify.annotations.NullMarked;
