package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.FleetRig.SPEC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.CapacityException.Tried;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderEvent.Acquired;
import dev.ephemeralbuilder.event.BuilderEvent.Gone;
import dev.ephemeralbuilder.event.BuilderEvent.LaunchFailed;
import dev.ephemeralbuilder.event.BuilderEvent.Launched;
import dev.ephemeralbuilder.event.BuilderEvent.Launching;
import dev.ephemeralbuilder.event.BuilderEvent.Ready;
import dev.ephemeralbuilder.event.BuilderEvent.Released;
import dev.ephemeralbuilder.event.BuilderEvent.Running;
import dev.ephemeralbuilder.event.BuilderEvent.Selected;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an acquire chooses, tries, says and leaves, in virtual time. */
@Timeout(120)
class AcquireTest {
    private static final MachineType SMALL = type("t.small", 2, 4);
    private static final MachineType BIG = type("t.big", 16, 64);

    private static MachineType type(String id, int vcpus, int gib) {
        return new MachineType(id, "t", Architecture.X86_64, vcpus * 1000, gib * 1024, 0);
    }

    private static Money yuan(String amount) {
        return Money.of(amount, "CNY");
    }

    private static InMemoryProvider.Builder onlySmall(InMemoryProvider.Builder cloud) {
        return cloud.type(SMALL, yuan("1.00"));
    }

    private static FleetRig rigWithOneType() {
        return new FleetRig(AcquireTest::onlySmall, fleet -> fleet);
    }

    @Test
    void takesTheCheapestOffer() {
        try (FleetRig rig = new FleetRig()) {
            rig.cloud.price("mem.g1.xlarge", "memory-1b", Market.SPOT, yuan("0.01"));
            EphemeralBuilder builder = rig.acquire();
            assertThat(builder.offer().type().id()).isEqualTo("mem.g1.xlarge");
            assertThat(builder.offer().zone()).isEqualTo("memory-1b");
            assertThat(builder.offer().market()).isEqualTo(Market.SPOT);
            assertThat(builder.offer().hourlyPrice()).isEqualByComparingTo(yuan("0.01"));
        }
    }

    @Test
    void takesEqualOffersInTheOrderOfTheirPoolsWhateverOrderTheyComeIn() {
        for (String[] zones : new String[][] {{"z-a", "z-b"}, {"z-b", "z-a"}}) {
            try (FleetRig rig = new FleetRig(cloud -> onlySmall(cloud).zones(zones), fleet -> fleet)) {
                assertThat(rig.acquire().offer().zone()).isEqualTo("z-a");
            }
        }
    }

    @Test
    void triesTheNextOfferWithANewTokenWhenThereIsNoStock() {
        try (FleetRig rig = rigWithOneType()) {
            rig.cloud.stockOut("t.small", "memory-1a");
            EphemeralBuilder builder = rig.acquire();
            assertThat(builder.offer().zone()).isEqualTo("memory-1b");
            assertThat(rig.creates).hasSize(2);
            assertThat(rig.tokens()).doesNotHaveDuplicates();
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
            LaunchFailed failed = rig.event(LaunchFailed.class);
            assertThat(failed.attempt()).isEqualTo(1);
            assertThat(failed.offer().zone()).isEqualTo("memory-1a");
            assertThat(failed.failure()).isInstanceOf(CapacityException.class);
            assertThat(failed.failure().code()).contains("OperationDenied.NoStock");
        }
    }

    @Test
    void listsEveryOfferTriedWithItsCodeWhenAllAreOutOfStock() {
        try (FleetRig rig = rigWithOneType()) {
            rig.cloud.stockOut("t.small", "memory-1a");
            rig.cloud.stockOut("t.small", "memory-1b");
            CapacityException failure = catchThrowableOfType(CapacityException.class, rig::acquire);
            assertThat(failure.tried()).hasSize(4).allSatisfy(tried -> {
                assertThat(tried.reason()).isEqualTo(CapacityException.Reason.NO_STOCK);
                assertThat(tried.code()).isEqualTo("OperationDenied.NoStock");
                assertThat(failure).hasMessageContaining(tried.offer().describe() + ": OperationDenied.NoStock");
            });
            assertThat(failure.tried()).extracting(Tried::offer).doesNotHaveDuplicates();
            assertThat(failure.retryable()).isTrue();
            assertThat(rig.tokens()).hasSize(4).doesNotHaveDuplicates();
        }
    }

    @Test
    void triesNoMoreOffersOfAMarketThanAllowed() {
        try (FleetRig rig = new FleetRig(AcquireTest::onlySmall, fleet -> fleet.maxAttempts(2))) {
            rig.cloud.stockOut("t.small", "memory-1a");
            rig.cloud.stockOut("t.small", "memory-1b");
            CapacityException failure = catchThrowableOfType(CapacityException.class, rig::acquire);
            assertThat(failure.tried())
                    .extracting(tried -> tried.offer().market())
                    .containsExactly(Market.SPOT, Market.SPOT, Market.ON_DEMAND, Market.ON_DEMAND);
            assertThat(rig.creates).hasSize(4);
        }
    }

    @Test
    void aCloudThatIsSoldOutTakesNoTriesFromTheNext() {
        TestTicker ticker = TestTicker.create();
        InMemoryProvider dear = InMemoryProvider.builder()
                .name("dear")
                .type(SMALL, yuan("9.00"))
                .ticker(ticker)
                .build();
        try (FleetRig rig = new FleetRig(
                ticker, AcquireTest::onlySmall, fleet -> fleet.provider(dear).maxAttempts(2), next -> next)) {
            rig.cloud.stockOut("t.small", "memory-1a");
            rig.cloud.stockOut("t.small", "memory-1b");
            EphemeralBuilder builder = rig.acquire();
            assertThat(builder.offer().provider()).isEqualTo("dear");
            assertThat(builder.offer().market()).isEqualTo(Market.SPOT);
        }
    }

    @Test
    void paysNoMoreThanThePriceCap() {
        try (FleetRig rig = rigWithOneType()) {
            MachineSpec capped = SPEC.toBuilder().maxHourlyPrice(yuan("0.50")).build();
            assertThat(rig.acquire(capped).offer().hourlyPrice()).isEqualByComparingTo(yuan("0.22"));
            rig.cloud.stockOut("t.small", "memory-1a");
            rig.cloud.stockOut("t.small", "memory-1b");
            CapacityException failure = catchThrowableOfType(CapacityException.class, () -> rig.acquire(capped));
            assertThat(failure.tried())
                    .hasSize(2)
                    .allSatisfy(tried -> assertThat(tried.offer().market()).isEqualTo(Market.SPOT));
        }
    }

    @Test
    void saysThatThePriceCapRulesEverythingOut() {
        try (FleetRig rig = rigWithOneType()) {
            MachineSpec capped = SPEC.toBuilder().maxHourlyPrice(yuan("0.001")).build();
            assertThatThrownBy(() -> rig.acquire(capped))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("price cap");
            assertThat(rig.creates).isEmpty();
        }
    }

    @Test
    void usesOnlyTheMarketsOfTheSpec() {
        try (FleetRig rig = rigWithOneType()) {
            MachineSpec onDemand =
                    SPEC.toBuilder().markets(Set.of(Market.ON_DEMAND)).build();
            assertThat(rig.acquire(onDemand).offer().market()).isEqualTo(Market.ON_DEMAND);
            rig.cloud.stock("t.small", "memory-1a", Market.SPOT, 0);
            rig.cloud.stock("t.small", "memory-1b", Market.SPOT, 0);
            MachineSpec spot = SPEC.toBuilder().markets(Set.of(Market.SPOT)).build();
            CapacityException failure = catchThrowableOfType(CapacityException.class, () -> rig.acquire(spot));
            assertThat(failure.tried()).hasSize(2);
        }
    }

    @Test
    void namesTheLargestTypeWhenTheSpecIsTooLarge() {
        try (FleetRig rig = new FleetRig(
                cloud -> onlySmall(cloud).type(BIG, yuan("8.00")).type(type("t.mid", 4, 8), yuan("2.00")), f -> f)) {
            MachineSpec huge = SPEC.toBuilder().vcpus(1000).build();
            assertThatThrownBy(() -> rig.acquire(huge))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("t.big");
            assertThat(rig.creates).isEmpty();
        }
    }

    @Test
    void refusesASpecWithoutAnImage() {
        try (FleetRig rig = new FleetRig()) {
            MachineSpec bare = MachineSpec.builder().vcpus(2).build();
            assertThatThrownBy(() -> rig.acquire(bare))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("image");
            assertThat(rig.creates).isEmpty();
        }
    }

    @Test
    void leavesOutSpotAtNinetyFivePercentOfItsOnDemandPrice() {
        try (FleetRig rig = rigWithOneType()) {
            rig.cloud.price("t.small", "memory-1a", Market.SPOT, yuan("0.95"));
            rig.cloud.price("t.small", "memory-1b", Market.SPOT, yuan("0.96"));
            assertThat(rig.acquire().offer().market()).isEqualTo(Market.ON_DEMAND);
        }
        try (FleetRig rig = rigWithOneType()) {
            rig.cloud.price("t.small", "memory-1a", Market.SPOT, yuan("0.95"));
            rig.cloud.price("t.small", "memory-1b", Market.SPOT, yuan("0.949"));
            assertThat(rig.acquire().offer().market()).isEqualTo(Market.SPOT);
        }
    }

    @Test
    void anEmptyPoolIsLeftOutForTwoMinutesAndNotLonger() {
        try (FleetRig rig = rigWithOneType()) {
            rig.cloud.stockOut("t.small", "memory-1a");
            rig.acquire().close();
            rig.cloud.restock("t.small", "memory-1a");
            Instant failedAt = rig.event(LaunchFailed.class).at();
            rig.passUntil(failedAt.plusSeconds(119));
            assertThat(rig.acquire().offer().zone()).isEqualTo("memory-1b");
            rig.passUntil(failedAt.plusSeconds(125));
            assertThat(rig.acquire().offer().zone()).isEqualTo("memory-1a");
            assertThat(rig.creates).hasSize(4);
        }
    }

    @Test
    void saysThatStockIsOutWithoutAskingWhileEveryPoolIsLeftOut() {
        try (FleetRig rig = rigWithOneType()) {
            rig.cloud.stockOut("t.small", "memory-1a");
            rig.cloud.stockOut("t.small", "memory-1b");
            assertThatThrownBy(rig::acquire).isInstanceOf(CapacityException.class);
            int before = rig.creates.size();
            assertThatThrownBy(rig::acquire).isInstanceOf(CapacityException.class);
            assertThat(rig.creates).hasSize(before);
        }
    }

    @Test
    void readsTheMarketOnceForManyAcquiresAtOnce() {
        int forOne;
        try (FleetRig rig = new FleetRig()) {
            rig.acquire();
            forOne = rig.cloud.calls(Call.MARKET);
        }
        try (FleetRig rig = new FleetRig()) {
            List<CompletableFuture<EphemeralBuilder>> all = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                all.add(rig.begin());
            }
            rig.await(CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)));
            assertThat(rig.cloud.calls(Call.MARKET)).isEqualTo(forOne);
            assertThat(rig.cloud.machines()).hasSize(20);
        }
    }

    @Test
    void readsTheMarketAgainOnlyAfterItsAge() {
        try (FleetRig rig = rigWithOneType()) {
            rig.acquire().close();
            int first = rig.cloud.calls(Call.MARKET);
            rig.acquire().close();
            assertThat(rig.cloud.calls(Call.MARKET)).isEqualTo(first);
            rig.cloud.price("t.small", "memory-1b", Market.SPOT, yuan("0.10"));
            rig.pass(Duration.ofDays(1));
            assertThat(rig.acquire().offer().zone()).isEqualTo("memory-1b");
            assertThat(rig.cloud.calls(Call.MARKET)).isGreaterThan(first);
        }
    }

    @Test
    void theMachineCarriesOwnerRequestLeaseCapAndLabelsFromTheCreateCall() throws Exception {
        TestTicker ticker = TestTicker.startingAt(Instant.parse("2026-03-01T10:00:30.500Z"));
        try (FleetRig rig = new FleetRig(ticker, c -> c, f -> f, p -> p)) {
            Instant asked = ticker.now();
            EphemeralBuilder builder = rig.acquire(
                    SPEC.toBuilder().maxLifetime(Duration.ofMinutes(45)).build(),
                    AcquireRequest.builder()
                            .requestId("job-17")
                            .putLabel("pipeline", "main #4")
                            .putLabel("team", "构建")
                            .build());
            assertThat(builder.requestId()).isEqualTo("job-17");
            Map<String, String> tags = rig.creates.get(0).launch().tags();
            assertThat(tags)
                    .containsEntry(MachineTags.SCHEMA, "1")
                    .containsEntry(MachineTags.OWNER, FleetRig.OWNER)
                    .containsEntry(MachineTags.REQUEST, "job-17")
                    .containsEntry(MachineTags.ATTEMPT, rig.tokens().get(0))
                    .containsEntry(MachineTags.LABEL + "pipeline", "main #4")
                    .containsEntry(MachineTags.LABEL + "team", "构建");
            assertThat(tags.get(MachineTags.HOST)).isNotBlank();
            assertThat(tags.get(MachineTags.HOST_KEY)).isNotBlank();
            Instant lease = Instant.ofEpochSecond(Long.parseLong(tags.get(MachineTags.LEASE)));
            assertThat(lease).isBetween(asked.plus(Duration.ofMinutes(9)), asked.plus(Duration.ofMinutes(11)));
            Machine machine = rig.describe(builder.id());
            Instant cap = machine.cap().orElseThrow();
            assertThat(tags.get(MachineTags.CAP)).isEqualTo(String.valueOf(cap.getEpochSecond()));
            assertThat(cap).isEqualTo(cap.truncatedTo(ChronoUnit.MINUTES));
            assertThat(cap)
                    .isBetween(
                            machine.createdAt().plus(Duration.ofMinutes(45)),
                            machine.createdAt().plus(Duration.ofMinutes(46)));
        }
    }

    @Test
    void theCapIsNeverBelowTheCloudsMinimum() throws Exception {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = rig.acquire(
                    SPEC.toBuilder().maxLifetime(Duration.ofMinutes(1)).build());
            Machine machine = rig.describe(builder.id());
            assertThat(machine.cap().orElseThrow())
                    .isBetween(
                            machine.createdAt().plus(Duration.ofMinutes(30)),
                            machine.createdAt().plus(Duration.ofMinutes(40)));
        }
    }

    @Test
    void madeUpRequestIdsDiffer() {
        try (FleetRig rig = new FleetRig()) {
            assertThat(rig.acquire().requestId())
                    .isNotBlank()
                    .isNotEqualTo(rig.acquire().requestId());
        }
    }

    @Test
    void listenersHearWhatHappensInOrderWithItsDurations() {
        try (FleetRig rig = new FleetRig(
                cloud -> onlySmall(cloud).bootTime(Duration.ofSeconds(40)).deletionTime(Duration.ofSeconds(20)),
                fleet -> fleet)) {
            rig.cloud.stockOut("t.small", "memory-1a");
            EphemeralBuilder builder = rig.acquire();
            rig.pass(Duration.ofMinutes(5));
            builder.close();
            rig.await(builder.gone());
            Gone gone = rig.event(Gone.class);
            assertThat(rig.events)
                    .extracting(e -> (Object) e.getClass())
                    .containsExactly(
                            Selected.class,
                            Launching.class,
                            LaunchFailed.class,
                            Launching.class,
                            Launched.class,
                            Running.class,
                            Ready.class,
                            Acquired.class,
                            Released.class,
                            Gone.class);
            assertThat(rig.events).extracting(BuilderEvent::at).isSorted();
            assertThat(rig.events).extracting(BuilderEvent::requestId).containsOnly(builder.requestId());
            assertThat(rig.events(Launching.class))
                    .extracting(Launching::attempt)
                    .containsExactly(1, 2);
            assertThat(rig.event(Launched.class).machineId()).isEqualTo(builder.id());
            assertThat(rig.event(Launched.class).offer()).isEqualTo(builder.offer());
            assertThat(rig.event(Running.class).took()).isBetween(Duration.ofSeconds(40), Duration.ofSeconds(60));
            assertThat(rig.event(Ready.class).took()).isBetween(Duration.ZERO, Duration.ofSeconds(20));
            assertThat(rig.event(Acquired.class).took()).isBetween(Duration.ofSeconds(40), Duration.ofSeconds(80));
            assertThat(rig.event(Released.class).held()).isBetween(Duration.ofSeconds(340), Duration.ofSeconds(400));
            assertThat(rig.event(Released.class).cost().billed())
                    .isBetween(Duration.ofSeconds(340), Duration.ofSeconds(400));
            assertThat(gone.took()).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(60));
            assertThat(builder.cost()).isEqualTo(rig.event(Released.class).cost());
        }
    }

    @Test
    void theSelectionThatListenersHearRanksWhatIsLeftAndSaysWhyTheRestIsNot() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = rig.acquire();
            Selected selected = rig.event(Selected.class);
            assertThat(selected.selection().ranked().get(0).offer()).isEqualTo(builder.offer());
            assertThat(selected.selection().rejectionsByReason()).containsEntry("another architecture", 1L);
        }
    }

    @Test
    void aListenerThatThrowsDisturbsNothing() {
        try (FleetRig rig = new FleetRig(
                c -> c,
                fleet -> fleet.listener(event -> {
                    throw new IllegalStateException("a listener's own fault");
                }))) {
            EphemeralBuilder builder = rig.acquire();
            builder.close();
            rig.await(builder.gone());
            assertThat(rig.event(Gone.class).machineId()).isEqualTo(builder.id());
        }
    }

    @Test
    void aMachineThatIsNotReadyInTimeIsGivenBack() {
        try (FleetRig rig = new FleetRig(cloud -> cloud.bootTime(Duration.ofMinutes(30)), fleet -> fleet)) {
            AcquireRequest impatient =
                    AcquireRequest.builder().readyTimeout(Duration.ofMinutes(2)).build();
            Instant begun = rig.ticker.now();
            assertThatThrownBy(() -> rig.acquire(SPEC, impatient)).isInstanceOf(BuilderTimeoutException.class);
            assertThat(Duration.between(begun, rig.ticker.now()))
                    .isBetween(Duration.ofMinutes(2), Duration.ofMinutes(3));
            assertThat(rig.creates).hasSize(1);
            rig.passUntilEmpty(Duration.ofMinutes(2));
        }
    }

    @Test
    void aMachineThatNeverLetsAnyoneInIsGivenBack() {
        try (FleetRig rig = new FleetRig(cloud -> cloud.bootTime(Duration.ofSeconds(5)), fleet -> fleet)) {
            CompletableFuture<EphemeralBuilder> acquire = rig.fleet.acquireAsync(
                    SPEC,
                    AcquireRequest.builder().readyTimeout(Duration.ofMinutes(2)).build());
            rig.cloud.refuseConnections(rig.firstMachine(), true);
            assertThatThrownBy(() -> rig.await(acquire)).isInstanceOf(BuilderTimeoutException.class);
            rig.passUntilEmpty(Duration.ofMinutes(2));
        }
    }

    @Test
    void aMachineThatVanishesBeforeItRunsIsALateStockOut() {
        try (FleetRig rig = new FleetRig(cloud -> onlySmall(cloud).bootTime(Duration.ofSeconds(40)), fleet -> fleet)) {
            CompletableFuture<EphemeralBuilder> acquire = rig.begin();
            String first = rig.firstMachine();
            rig.pass(Duration.ofSeconds(10));
            rig.cloud.vanish(first);
            EphemeralBuilder builder = rig.await(acquire);
            assertThat(builder.id()).isNotEqualTo(first);
            assertThat(builder.offer().zone()).isEqualTo("memory-1b");
            assertThat(rig.tokens()).hasSize(2).doesNotHaveDuplicates();
            assertThat(rig.event(LaunchFailed.class).failure()).isInstanceOf(CapacityException.class);
        }
    }

    @Test
    void aMachineThatRefusesConnectionsForAWhileBecomesReadyLater() {
        try (FleetRig rig = new FleetRig(cloud -> cloud.bootTime(Duration.ofSeconds(5)), fleet -> fleet)) {
            CompletableFuture<EphemeralBuilder> acquire = rig.begin();
            String id = rig.firstMachine();
            rig.cloud.refuseConnections(id, true);
            rig.pass(Duration.ofSeconds(90));
            assertThat(acquire).isNotDone();
            rig.cloud.refuseConnections(id, false);
            assertThat(rig.await(acquire, Duration.ofMinutes(1)).id()).isEqualTo(id);
            // It is seen to run at the first of the seldom looks after its boot.
            assertThat(rig.event(Ready.class).took()).isGreaterThanOrEqualTo(Duration.ofSeconds(50));
        }
    }

    @Test
    void twoProvidersOfAFleetRankTogether() {
        TestTicker ticker = TestTicker.create();
        InMemoryProvider second = onlySmall(
                        InMemoryProvider.builder().ticker(ticker).name("second"))
                .zones("memory-1c")
                .build();
        second.price("t.small", "memory-1c", Market.SPOT, yuan("0.10"));
        try (FleetRig rig = new FleetRig(ticker, AcquireTest::onlySmall, f -> f.provider(second), p -> p)) {
            EphemeralBuilder cheapest = rig.acquire();
            assertThat(cheapest.offer().provider()).isEqualTo("second");
            assertThat(second.machines()).containsExactly(cheapest.id());
            second.stockOut("t.small", "memory-1c");
            EphemeralBuilder next = rig.acquire();
            assertThat(next.offer().provider()).isEqualTo("memory");
            assertThat(rig.cloud.machines()).containsExactly(next.id());
        }
        assertThat(second.machines()).isEmpty();
    }

    @Test
    void twoProvidersOfOneNameAndRegionAreRefused() {
        TestTicker ticker = TestTicker.create();
        try (InMemoryProvider provider = InMemoryProvider.on(ticker)) {
            BuildFleet.Builder fleet = BuildFleet.builder()
                    .owner(FleetRig.OWNER)
                    .provider(provider)
                    .provider(provider);
            assertThatThrownBy(fleet::build).isInstanceOf(IllegalStateException.class);
        }
    }
}
