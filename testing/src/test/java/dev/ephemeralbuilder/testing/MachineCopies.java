package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.spi.Machine;

/** For providers that say something else of machines than the cloud does. */
public final class MachineCopies {
    private MachineCopies() {}

    /** Begins a description that has of another one what every description has, and nothing else. */
    public static Machine.Builder of(Machine machine) {
        return Machine.builder()
                .id(machine.id())
                .region(machine.region())
                .zone(machine.zone())
                .type(machine.type())
                .market(machine.market())
                .state(machine.state())
                .createdAt(machine.createdAt())
                .tags(machine.tags());
    }
}
