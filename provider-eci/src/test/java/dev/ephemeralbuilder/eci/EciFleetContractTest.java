package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.testing.contract.ContractSetup;
import dev.ephemeralbuilder.testing.contract.FleetContract;
import org.junit.jupiter.api.AfterAll;

class EciFleetContractTest extends FleetContract {
    private static final SimulatedEci CLOUD = new SimulatedEci();
    private static final EciProvider PROVIDER = CLOUD.provider().build();

    @Override
    protected ContractSetup setup() {
        return new EciContractSetup(CLOUD, PROVIDER);
    }

    @AfterAll
    static void endCloud() {
        PROVIDER.close();
        CLOUD.close();
    }
}
