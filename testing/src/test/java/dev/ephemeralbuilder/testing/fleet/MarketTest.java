package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of acquires while parts of the market cannot be read. */
@Timeout(120)
class MarketTest {
    private static final MachineSpec ANY =
            MachineSpec.builder().vcpus(1).memoryGib(1).machineImage("m-any").build();

    private volatile Predicate<MarketQuery> broken = query -> false;

    private FleetRig rig() {
        return new FleetRig(
                TestTicker.create(),
                cloud -> cloud.bootTime(Duration.ofSeconds(1)),
                fleet -> fleet,
                next -> new ForwardingProvider(next) {
                    @Override
                    public MarketSnapshot market(MarketQuery query) throws InterruptedException {
                        if (broken.test(query)) {
                            throw new ProviderException("503", Effect.NONE, true, "ServiceUnavailable", "r-1", null);
                        }
                        return super.market(query);
                    }
                });
    }

    @Test
    void aTypeWhosePriceCannotBeReadIsLeftOut() {
        String best;
        try (FleetRig rig = rig()) {
            best = rig.acquire(ANY).offer().type().id();
        }
        broken = query -> query.parts().contains(Part.PRICES)
                && query.types().stream().anyMatch(type -> type.id().equals(best));
        try (FleetRig rig = rig()) {
            Instant began = rig.ticker.now();

            EphemeralBuilder builder = rig.acquire(ANY);

            assertThat(builder.offer().type().id()).isNotEqualTo(best);
            // Nobody waits until that type can be read.
            assertThat(Duration.between(began, rig.ticker.now())).isLessThan(Duration.ofSeconds(15));

            broken = query -> false;
            rig.pass(Duration.ofMinutes(2));
            assertThat(rig.acquire(ANY).offer().type().id()).isEqualTo(best);
        }
    }

    @Test
    void whatWasKnownBeforeServesWhileNothingCanBeRead() {
        try (FleetRig rig = rig()) {
            String best = rig.acquire(ANY).offer().type().id();
            rig.pass(Duration.ofMinutes(11));
            broken = query -> true;

            assertThat(rig.acquire(ANY).offer().type().id()).isEqualTo(best);
        }
    }

    @Test
    void aMarketOfWhichNothingIsKnownFailsTheAcquire() {
        broken = query -> query.parts().contains(Part.PRICES);
        try (FleetRig rig = rig()) {
            CompletableFuture<EphemeralBuilder> acquire = rig.begin();
            assertThatThrownBy(() -> rig.await(acquire)).isInstanceOf(ProviderException.class);
        }
    }
}
