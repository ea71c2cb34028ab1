/** ECI container groups as build machines. */
@NullMarked
package dev.ephemeralbuilder.eci;

import org.jspecify.annotations.NullMarked;
