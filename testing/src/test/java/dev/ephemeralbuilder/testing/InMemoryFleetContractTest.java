package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.testing.contract.ContractSetup;
import dev.ephemeralbuilder.testing.contract.FleetContract;
import org.junit.jupiter.api.Tag;

@Tag("once")
class InMemoryFleetContractTest extends FleetContract {
    @Override
    protected ContractSetup setup() {
        return new InMemorySetup();
    }
}
