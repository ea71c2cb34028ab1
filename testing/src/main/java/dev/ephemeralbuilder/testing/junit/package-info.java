/** A JUnit Jupiter extension that gives tests a fleet on a pretended cloud, and fails those that leave something behind. */
@NullMarked
package dev.ephemeralbuilder.testing.junit;

import org.jspecify.annotations.NullMarked;
