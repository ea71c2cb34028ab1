package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.testing.contract.CloudProviderContract;
import dev.ephemeralbuilder.testing.contract.ContractSetup;
import org.junit.jupiter.api.AfterAll;

class EciProviderContractTest extends CloudProviderContract {
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
