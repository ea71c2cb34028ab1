package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.testing.contract.ContractSetup;
import dev.ephemeralbuilder.testing.contract.FleetContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class EciFleetContractTest extends FleetContract {
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
