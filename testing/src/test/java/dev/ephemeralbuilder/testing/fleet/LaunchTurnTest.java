package dev.ephemeralbuilder.testing.fleet;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a create call says when its turn comes, and what becomes of one whose answer was lost. */
@Timeout(120)
class LaunchTurnTest {
    @Test
    void aLostAnswerThatTurnsOutToBeNoStockGoesToTheNextOffer() {
        try (FleetRig rig = new FleetRig()) {
            rig.cloud.failNext(
                    Call.LAUNCH,
                    new ProviderException("timed out", Effect.UNKNOWN, true, "SDK.ReadTimeout", null, null));
            rig.cloud.failNext(
                    Call.LAUNCH,
                    new CapacityException(
                            "sold out", CapacityException.Reason.NO_STOCK, "OperationDenied.NoStock", null, null));
            EphemeralBuilder builder = rig.acquire();
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
        }
    }

    @Test
    void aMachineIsCreatedWithALeaseInTheFutureHoweverLongItsCreateCallWaited() {
        TestTicker ticker = TestTicker.create();
        List<Duration> leases = new CopyOnWriteArrayList<>();
        try (FleetRig rig = new FleetRig(
                ticker,
                cloud -> cloud.limits(ProviderLimits.builder()
                        .callsPerMinute(CloudAction.LAUNCH, 2)
                        .build()),
                fleet -> fleet,
                next -> new ForwardingProvider(next) {
                    @Override
                    public LaunchResult launch(Launch launch) throws InterruptedException {
                        leases.add(Duration.between(
                                ticker.now(),
                                Instant.ofEpochSecond(Long.parseLong(
                                        requireNonNull(launch.tags().get(MachineTags.LEASE))))));
                        return super.launch(launch);
                    }
                })) {
            List<CompletableFuture<EphemeralBuilder>> begun = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                begun.add(rig.begin());
            }
            begun.forEach(b -> rig.await(b.handle((v, f) -> true)));
            assertThat(leases).hasSize(20).allSatisfy(left -> assertThat(left).isGreaterThan(Duration.ofMinutes(5)));
            assertThat(begun).allSatisfy(b -> assertThat(b).isCompleted());
        }
    }
}
