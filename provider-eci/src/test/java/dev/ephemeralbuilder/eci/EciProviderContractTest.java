package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.testing.contract.CloudProviderContract;
import dev.ephemeralbuilder.testing.contract.ContractSetup;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;

@Tag("once")
class EciProviderContractTest extends CloudProviderContract {
    private static final EciContractSetup.Clouds CLOUDS = new EciContractSetup.Clouds();

    @Override
    protected ContractSetup setup() {
        return CLOUDS.next();
    }

    @AfterAll
    static void endClouds() {
        CLOUDS.close();
    }
}
