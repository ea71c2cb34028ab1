/** The engine. Not exported; nothing here is API. */
@NullMarked
package dev.ephemeralbuilder.internal;

import org.jspecify.annotations.NullMarked;
