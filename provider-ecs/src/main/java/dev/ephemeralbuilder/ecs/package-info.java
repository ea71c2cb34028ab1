/** Spot and on-demand ECS instances as build machines, reached by SSH. Start at {@code EcsProvider}. */
@NullMarked
package dev.ephemeralbuilder.ecs;

import org.jspecify.annotations.NullMarked;
