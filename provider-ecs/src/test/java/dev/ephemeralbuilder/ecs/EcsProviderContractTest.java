package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract;
import dev.ephemeralbuilder.testing.contract.ContractSetup;
import java.time.Duration;
import java.time.Instant;

class EcsProviderContractTest extends CloudProviderContract {
    @Override
    protected ContractSetup setup() {
        return new Setup();
    }

    private static final class Setup implements ContractSetup {
        private final SimulatedCloud cloud = new SimulatedCloud();
        private final EcsProvider provider = cloud.provider().build();
        private final EcsProvider other = cloud.provider().build();

        @Override
        public CloudProvider provider() {
            return provider;
        }

        @Override
        public CloudProvider other() {
            return other;
        }

        @Override
        public MachineSpec spec() {
            return cloud.spec().build();
        }

        @Override
        public Instant now() {
            return cloud.now();
        }

        @Override
        public void pass(Duration time) throws InterruptedException {
            cloud.pass(time);
        }

        @Override
        public void stockOut(Offer offer) {
            cloud.simulator().stockOut(offer.type().id(), offer.zone());
        }

        @Override
        public void loseNextLaunchAnswer() {
            cloud.simulator().faults().on("RunInstances").times(1).loseAnswer();
        }

        @Override
        public void refuseConnections(Machine machine, boolean refuse) {
            cloud.refuse(machine, refuse);
        }

        @Override
        public int moreThanAPage() {
            return 101;
        }

        @Override
        public void close() {
            provider.close();
            other.close();
            cloud.close();
        }
    }
}
