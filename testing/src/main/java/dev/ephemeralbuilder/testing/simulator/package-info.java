/** A server that speaks the ECS OpenAPI, with machines that are real processes behind real SSH. */
@NullMarked
package dev.ephemeralbuilder.testing.simulator;

import org.jspecify.annotations.NullMarked;
