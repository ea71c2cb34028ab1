package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.testing.contract.ContractSetup;
import dev.ephemeralbuilder.testing.contract.FleetContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class EcsFleetContractTest extends FleetContract {
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
