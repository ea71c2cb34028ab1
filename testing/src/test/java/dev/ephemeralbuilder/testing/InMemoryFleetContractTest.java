package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.testing.contract.ContractSetup;
import dev.ephemeralbuilder.testing.contract.FleetContract;

class InMemoryFleetContractTest extends FleetContract {
    @Override
    protected ContractSetup setup() {
        return new InMemorySetup();
    }
}
