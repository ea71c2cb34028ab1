package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.testing.contract.CloudProviderContract;
import dev.ephemeralbuilder.testing.contract.ContractSetup;
import org.junit.jupiter.api.AfterAll;

class EcsProviderContractTest extends CloudProviderContract {
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
