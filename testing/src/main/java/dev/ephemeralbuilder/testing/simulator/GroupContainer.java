package dev.ephemeralbuilder.testing.simulator;

import org.jspecify.annotations.Nullable;

/** One container of a group while it lives. Guarded by the {@link Groups} that the group belongs to. */
final class GroupContainer {
    final ContainerSpec spec;

    /** What is run: the call's order with what the image has and lacks. */
    final ContainerOrder order;

    ContainerState state = ContainerState.waiting("ContainerCreating", "");

    @Nullable ContainerState previous;

    boolean pulled;
    int failedPulls;
    int restarts;

    GroupContainer(ContainerSpec spec, ContainerOrder order) {
        this.spec = spec;
        this.order = order;
    }

    String name() {
        return spec.name();
    }
}
