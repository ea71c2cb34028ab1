package dev.ephemeralbuilder.testing.contract;

import java.util.function.Supplier;

/** One theme of {@link FleetContract}. */
abstract class FleetPromises extends Promises {
    private final Supplier<ContractFleet> fleets;

    FleetPromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs);
        this.fleets = fleets;
    }

    /** Returns the fleet of the running test. */
    final ContractFleet fleet() {
        return fleets.get();
    }
}
