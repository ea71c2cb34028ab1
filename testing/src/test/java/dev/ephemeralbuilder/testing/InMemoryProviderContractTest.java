package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract;
import dev.ephemeralbuilder.testing.contract.ContractSetup;
import java.time.Duration;
import java.time.Instant;

class InMemoryProviderContractTest extends CloudProviderContract {
    @Override
    protected ContractSetup setup() {
        return new Setup();
    }

    private static final class Setup implements ContractSetup {
        private final TestTicker ticker = TestTicker.create();
        private final InMemoryProvider provider = InMemoryProvider.builder()
                .ticker(ticker)
                .bootTime(Duration.ofSeconds(40))
                .initializingTime(Duration.ofSeconds(12))
                .deletionTime(Duration.ofSeconds(20))
                .pageSize(3)
                .build();
        private final InMemoryProvider other = provider.sibling();

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
            return MachineSpec.builder()
                    .vcpus(4)
                    .memoryGib(8)
                    .machineImage("m-test")
                    .build();
        }

        @Override
        public Instant now() {
            return ticker.now();
        }

        @Override
        public void pass(Duration time) {
            ticker.advance(time);
        }

        @Override
        public void stockOut(Offer offer) {
            provider.stockOut(offer.type().id(), offer.zone());
        }

        @Override
        public void loseNextLaunchAnswer() {
            provider.loseNextAnswer(Call.LAUNCH);
        }

        @Override
        public void refuseConnections(Machine machine, boolean refuse) {
            provider.refuseConnections(machine.id(), refuse);
        }

        @Override
        public int moreThanAPage() {
            return 7;
        }

        @Override
        public void close() {
            other.close();
            provider.close();
        }
    }
}
