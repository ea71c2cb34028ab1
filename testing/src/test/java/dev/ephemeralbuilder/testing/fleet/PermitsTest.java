package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.PartialAcquireException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How many machines an owner has, and what they cost, never exceeds what its fleets were told. */
@Timeout(120)
class PermitsTest {
    private final StateStore store = StateStore.inMemory();

    private FleetRig rig(UnaryOperator<BuildFleet.Builder> limits) {
        return new FleetRig(
                cloud -> cloud, fleet -> limits.apply(fleet.stateStore(store).host("b")));
    }

    private static void assertNone(FleetRig rig, BuildFleet fleet, String... words) {
        int launches = rig.cloud.calls(Call.LAUNCH);
        CompletableFuture<EphemeralBuilder> refused = fleet.acquireAsync(FleetRig.SPEC, AcquireRequest.defaults());
        assertThatThrownBy(() -> rig.await(refused))
                .isInstanceOf(QuotaException.class)
                .satisfies(e -> assertThat(e.getMessage()).contains(words));
        assertThat(rig.cloud.calls(Call.LAUNCH)).isEqualTo(launches);
    }

    @Test
    void theNumberOfMachinesIsLimitedUntilOneIsGone() {
        try (FleetRig rig = rig(fleet -> fleet.maxMachines(2))) {
            EphemeralBuilder first = rig.acquire();
            rig.acquire();

            assertNone(rig, rig.fleet, "2 machines", "2 of host b", "maxMachines", FleetRig.OWNER);

            first.close();
            assertNone(rig, rig.fleet, "2 machines");
            rig.await(first.gone());
            rig.pass(Duration.ofSeconds(1));
            rig.acquire();
        }
        assertThat(store.readAll(StateStore.Kind.PERMIT)).isEmpty();
    }

    @Test
    void theLimitHoldsForAllFleetsOfTheStore() {
        try (FleetRig rig = rig(fleet -> fleet.maxMachines(2))) {
            BuildFleet other =
                    rig.another(fleet -> fleet.stateStore(store).host("a").maxMachines(2));
            rig.acquire();
            rig.await(other.acquireAsync(FleetRig.SPEC, AcquireRequest.defaults()));

            assertNone(rig, other, "1 of host a", "1 of host b");
        }
    }

    @Test
    void manyAtATimeDoNotExceedIt() {
        try (FleetRig rig = rig(fleet -> fleet.maxMachines(3))) {
            BuildFleet other = rig.another(fleet -> fleet.stateStore(store).maxMachines(3));
            List<CompletableFuture<EphemeralBuilder>> all = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                all.add(rig.begin());
                all.add(other.acquireAsync(FleetRig.SPEC, AcquireRequest.defaults()));
            }
            rig.await(CompletableFuture.allOf(
                    all.stream().map(one -> one.handle((b, e) -> 0)).toArray(CompletableFuture[]::new)));

            assertThat(rig.cloud.machines()).hasSize(3);
            assertThat(rig.cloud.calls(Call.LAUNCH)).isEqualTo(3);
            assertThat(all).filteredOn(one -> !one.isCompletedExceptionally()).hasSize(3);
        }
    }

    @Test
    void theSpendIsLimitedByThePricesOfTheLaunches() {
        Money price;
        try (FleetRig rig = rig(fleet -> fleet)) {
            price = rig.acquire().offer().hourlyPrice();
        }
        Money most = price.times(new BigDecimal("2.5"));
        try (FleetRig rig = rig(fleet -> fleet.maxHourlySpend(most))) {
            rig.acquire();
            rig.acquire();

            assertNone(rig, rig.fleet, most.toString(), price.toString(), "maxHourlySpend");
        }
    }

    @Test
    void aLimitInAnotherCurrencyIsSaidToBeWrong() {
        try (FleetRig rig = rig(fleet -> fleet.maxHourlySpend(Money.of("1", "USD")))) {
            CompletableFuture<EphemeralBuilder> refused = rig.begin();
            assertThatThrownBy(() -> rig.await(refused))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("USD");
        }
    }

    @Test
    void aFailedLaunchGivesItsPermitBack() {
        try (FleetRig rig = rig(fleet -> fleet.maxMachines(1))) {
            rig.cloud.failNext(Call.LAUNCH, new QuotaException("no vCPUs", "QuotaExceed.ElasticQuota", "r-1", null));
            CompletableFuture<EphemeralBuilder> failed = rig.begin();
            assertThatThrownBy(() -> rig.await(failed)).hasMessageContaining("no vCPUs");
            rig.pass(Duration.ofSeconds(1));

            assertThat(rig.acquire()).isNotNull();
        }
    }

    @Test
    void aLaunchOfUnknownOutcomeKeepsItsPermitUntilThatIsKnown() {
        boolean[] lost = {true};
        TestTicker ticker = TestTicker.create();
        try (FleetRig rig = new FleetRig(
                ticker,
                cloud -> cloud,
                fleet -> fleet.stateStore(store).maxMachines(1),
                next -> new ForwardingProvider(next) {
                    @Override
                    public LaunchResult launch(Launch launch) throws InterruptedException {
                        if (lost[0]) {
                            throw new ProviderException("no answer", Effect.UNKNOWN, true, null, null, null);
                        }
                        return super.launch(launch);
                    }
                })) {
            CompletableFuture<EphemeralBuilder> first = rig.begin();
            rig.pass(Duration.ofMinutes(1));
            assertNone(rig, rig.fleet, "1 machine");
            assertThatThrownBy(() -> rig.await(first)).isInstanceOf(ProviderException.class);
            rig.pass(Duration.ofSeconds(1));
            lost[0] = false;

            assertThat(rig.acquire()).isNotNull();
        }
    }

    @Test
    void whatADeadProcessTookComesBackAfterTheCap() {
        TestTicker ticker = TestTicker.create();
        try (FleetRig rig = new FleetRig(
                ticker, cloud -> cloud, fleet -> fleet.stateStore(store).maxMachines(1), next -> next)) {
            rig.acquire();
            // The process that dies takes its record with it: nobody knows of the machine but the cloud.
            store.readAll(StateStore.Kind.BUILDER)
                    .keySet()
                    .forEach(key -> store.update(StateStore.Kind.BUILDER, key, present -> null));
            BuildFleet other = rig.another(fleet -> fleet.stateStore(store).maxMachines(1));
            assertNone(rig, other, "1 machine");

            rig.pass(FleetRig.SPEC.maxLifetime().plus(Duration.ofMinutes(30)));

            assertThat(rig.await(other.acquireAsync(FleetRig.SPEC, AcquireRequest.defaults())))
                    .isNotNull();
        }
    }

    @Test
    void acquireAllDeliversAsManyAsThereIsRoomFor() {
        try (FleetRig rig = rig(fleet -> fleet.maxMachines(3))) {
            rig.acquire();
            CompletableFuture<List<EphemeralBuilder>> all =
                    rig.fleet.acquireAllAsync(FleetRig.SPEC, 5, AcquireRequest.defaults());

            assertThatThrownBy(() -> rig.await(all)).isInstanceOfSatisfying(PartialAcquireException.class, partial -> {
                assertThat(partial.builders()).hasSize(2);
                assertThat(partial.failures()).hasSize(3).hasOnlyElementsOfType(QuotaException.class);
                partial.builders().get(0).close();
            });
            rig.pass(Duration.ofMinutes(1));
            // Each machine has a permit of its own.
            assertThat(rig.acquire()).isNotNull();
            assertThat(rig.cloud.machines()).hasSize(3);
        }
        assertThat(store.readAll(StateStore.Kind.PERMIT)).isEmpty();
    }

    @Test
    void limitsOfNothingAreRefused() {
        BuildFleet.Builder builder = BuildFleet.builder();
        assertThatThrownBy(() -> builder.maxMachines(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.maxHourlySpend(Money.of("0", "CNY")))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
