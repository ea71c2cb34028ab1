package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.testing.contract.CloudProviderContract;
import dev.ephemeralbuilder.testing.contract.ContractSetup;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;

@Tag("once")
class EcsProviderContractTest extends CloudProviderContract {
    private static final EcsContractSetup.Clouds CLOUDS = new EcsContractSetup.Clouds();

    @Override
    protected ContractSetup setup() {
        return CLOUDS.next();
    }

    @AfterAll
    static void endClouds() {
        CLOUDS.close();
    }
}
