/** The cloud products that the commands know. */
@NullMarked
package dev.ephemeralbuilder.samples.product;

import org.jspecify.annotations.NullMarked;
