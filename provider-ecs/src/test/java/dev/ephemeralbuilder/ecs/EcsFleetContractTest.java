package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.testing.contract.ContractSetup;
import dev.ephemeralbuilder.testing.contract.FleetContract;
import org.junit.jupiter.api.AfterAll;

class EcsFleetContractTest extends FleetContract {
    private static final SimulatedCloud CLOUD = new SimulatedCloud();
    private static final EcsProvider PROVIDER = CLOUD.provider().build();

    @Override
    protected ContractSetup setup() {
        return new EcsContractSetup(CLOUD, PROVIDER);
    }

    @AfterAll
    static void endCloud() {
        PROVIDER.close();
        CLOUD.close();
    }
}
