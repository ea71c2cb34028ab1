package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.FleetRig.SPEC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderEvent.Gone;
import dev.ephemeralbuilder.event.BuilderEvent.Released;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an owner's fleets see of each other's machines, and may do with them, from tags alone. */
@Timeout(120)
class OwnersMachinesTest {
    private final StateStore store = StateStore.inMemory();
    private final List<BuilderEvent> told = new CopyOnWriteArrayList<>();

    private BuildFleet.Builder sharing(BuildFleet.Builder fleet) {
        return fleet.stateStore(store);
    }

    private BuildFleet.Builder listening(BuildFleet.Builder fleet) {
        return fleet.listener(told::add);
    }

    private FleetRig rig() {
        return new FleetRig(cloud -> cloud, this::sharing);
    }

    private static List<BuilderSummary> list(FleetRig rig, BuildFleet by) {
        return rig.blocking(by::list);
    }

    private static ProviderException broken() {
        return new ProviderException("a bad day", Effect.NONE, false, "Broken", null, null);
    }

    @Test
    void aMachineIsListedWithWhatItsTagsSay() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(
                    SPEC,
                    AcquireRequest.builder()
                            .requestId("job-7")
                            .putLabel("branch", "main")
                            .build());
            BuilderSummary summary = list(rig, rig.fleet).get(0);
            assertThat(summary.id()).isEqualTo(builder.id());
            assertThat(summary.provider()).isEqualTo(builder.offer().provider());
            assertThat(summary.region()).isEqualTo(builder.offer().region());
            assertThat(summary.zone()).isEqualTo(builder.offer().zone());
            assertThat(summary.type()).isEqualTo(builder.offer().type().id());
            assertThat(summary.market()).isEqualTo(builder.offer().market());
            assertThat(summary.state()).isEqualTo(MachineState.RUNNING);
            assertThat(summary.privateAddress()).isPresent();
            assertThat(summary.owner()).contains(FleetRig.OWNER);
            assertThat(summary.host()).isPresent();
            assertThat(summary.requestId()).contains("job-7");
            assertThat(summary.labels()).isEqualTo(Map.of("branch", "main"));
            assertThat(summary.leaseUntil()).contains(rig.lease(builder.id()));
            assertThat(summary.cap()).contains(rig.cap(builder.id()));
            assertThat(summary.createdAt()).isEqualTo(rig.describe(builder.id()).createdAt());
            assertThat(summary.schemaKnown()).isTrue();
            assertThat(summary.attachable()).isTrue();
            assertThat(summary.orphan() || summary.released() || summary.detached())
                    .isFalse();
        }
    }

    @Test
    void allPagesAndAllProvidersAreListedOldestFirst() {
        TestTicker ticker = TestTicker.create();
        InMemoryProvider second =
                InMemoryProvider.builder().name("second").ticker(ticker).build();
        try (FleetRig rig =
                new FleetRig(ticker, cloud -> cloud.pageSize(2), f -> sharing(f).provider(second), cloud -> cloud)) {
            List<String> ids =
                    List.of(rig.acquire(), rig.acquire(), rig.acquire(), rig.acquire(), rig.acquire()).stream()
                            .map(EphemeralBuilder::id)
                            .toList();
            assertThat(list(rig, rig.fleet)).extracting(BuilderSummary::id).containsExactlyElementsOf(ids);
            assertThat(rig.cloud.calls(Call.LIST)).isGreaterThan(2);
        }
    }

    @Test
    void otherOwnersMachinesAreNotListed() {
        try (FleetRig rig = rig()) {
            rig.acquire();
            assertThat(list(rig, rig.another(fleet -> fleet.owner("somebody-else"))))
                    .isEmpty();
        }
    }

    @Test
    void oneProviderThatCannotBeAskedFailsTheWholeList() {
        TestTicker ticker = TestTicker.create();
        InMemoryProvider second =
                InMemoryProvider.builder().name("second").ticker(ticker).build();
        try (FleetRig rig = new FleetRig(ticker, cloud -> cloud, f -> f.provider(second), cloud -> cloud)) {
            rig.acquire();
            CredentialsException refused = new CredentialsException("no right to list", "Forbidden.RAM", null, null);
            second.failNext(Call.LIST, refused);
            assertThatThrownBy(() -> list(rig, rig.fleet)).isSameAs(refused);
            assertThat(list(rig, rig.fleet)).hasSize(1);
        }
    }

    @Test
    void aMachineWhoseProcessDiedIsAnOrphanOnceItsLeaseHasPassed() {
        AtomicReference<SilencedProvider> first = new AtomicReference<>();
        try (FleetRig rig = new FleetRig(TestTicker.create(), cloud -> cloud, this::sharing, cloud -> {
            first.set(new SilencedProvider(cloud));
            return first.get();
        })) {
            rig.acquire();
            BuildFleet other = rig.another(this::sharing);
            first.get().silence();
            rig.pass(Duration.ofMinutes(5));
            assertThat(list(rig, other)).extracting(BuilderSummary::orphan).containsExactly(false);
            rig.pass(Duration.ofMinutes(6));
            assertThat(list(rig, other)).extracting(BuilderSummary::orphan).containsExactly(true);
        }
    }

    @Test
    void aHeldMachineIsNeverAnOrphan() {
        try (FleetRig rig = rig()) {
            rig.acquire();
            BuildFleet other = rig.another(this::sharing);
            for (int i = 0; i < 20; i++) {
                rig.pass(Duration.ofMinutes(2));
                assertThat(list(rig, other)).extracting(BuilderSummary::orphan).containsExactly(false);
            }
        }
    }

    @Test
    void aDetachedMachineIsListedAsSuch() {
        try (FleetRig rig = rig()) {
            rig.detach(rig.acquire());
            BuilderSummary summary = list(rig, rig.fleet).get(0);
            assertThat(summary.detached()).isTrue();
            assertThat(summary.orphan()).isFalse();
            assertThat(summary.attachable()).isTrue();
        }
    }

    @Test
    void withoutItsRecordAMachineIsListedButNotAttachable() {
        try (FleetRig rig = rig()) {
            rig.acquire();
            assertThat(list(rig, rig.another(UnaryOperator.identity())))
                    .singleElement()
                    .satisfies(summary -> assertThat(summary.attachable()).isFalse());
        }
    }

    @Test
    void aMachineOfAnUnknownVersionIsListedAndNothingElse() throws Exception {
        try (FleetRig rig = rig()) {
            rig.acquire();
            String id = rig.machineLike(
                    rig.creates.get(0).launch(), Map.of(MachineTags.SCHEMA, "2", MachineTags.LEASE, "1"));
            BuilderSummary summary = list(rig, rig.fleet).stream()
                    .filter(s -> s.id().equals(id))
                    .findFirst()
                    .orElseThrow();
            assertThat(summary.schemaKnown()).isFalse();
            assertThat(summary.orphan() || summary.attachable()).isFalse();
            assertThat(summary.requestId()).isEmpty();
            assertThatThrownBy(() -> rig.release(rig.fleet, id))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("version");
            assertThat(rig.cloud.machines()).contains(id);
            assertThat(rig.cloud.calls(Call.DELETE)).isZero();
            rig.cloud.vanish(id);
        }
    }

    @Test
    void aMachineThatStartsIsListedAsSuch() {
        try (FleetRig rig = rig()) {
            CompletableFuture<EphemeralBuilder> acquiring = rig.begin();
            rig.firstMachine();
            BuilderSummary summary = list(rig, rig.fleet).get(0);
            assertThat(summary.state()).isEqualTo(MachineState.STARTING);
            rig.await(acquiring);
        }
    }

    @Test
    void anotherFleetReleasesAMachineAndWritesItsCost() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.release(rig.another(this::sharing), builder.id());
            assertThat(rig.cloud.machines()).isEmpty();
            rig.await(builder.gone());
            assertThat(store.readAll(Kind.BUILDER)).isEmpty();
            assertThat(store.lines(StateStore.Log.LEDGER, Instant.EPOCH))
                    .singleElement()
                    .satisfies(line -> assertThat(line).containsEntry("machine", builder.id()));
        }
    }

    @Test
    void aMachineIsReleasedWithoutItsRecord() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.release(rig.another(this::listening), builder.id());
            assertThat(rig.cloud.machines()).isEmpty();
            Awaitility.await().until(() -> !told.isEmpty());
            assertThat(told).singleElement().isInstanceOfSatisfying(Gone.class, gone -> {
                assertThat(gone.machineId()).isEqualTo(builder.id());
                assertThat(gone.requestId()).isEqualTo(builder.requestId());
            });
        }
    }

    @Test
    void aMachineWithADamagedRecordIsReleased() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            var unused = store.update(Kind.BUILDER, rig.tokens().get(0), record -> Map.of("schema", "99"));
            rig.release(rig.another(this::sharing), builder.id());
            assertThat(rig.cloud.machines()).isEmpty();
            assertThat(store.readAll(Kind.BUILDER)).isEmpty();
        }
    }

    @Test
    void theMachineOfAnotherOwnerIsNotReleased() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            BuildFleet stranger = rig.another(fleet -> sharing(fleet).owner("somebody-else"));
            assertThatThrownBy(() -> rig.release(stranger, builder.id()))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining(FleetRig.OWNER);
            rig.pass(Duration.ofMinutes(1));
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
            assertThat(rig.cloud.calls(Call.DELETE)).isZero();
        }
    }

    @Test
    void aMachineThatIsAbsentNeedsNoRelease() {
        try (FleetRig rig = rig()) {
            rig.release(rig.fleet, "i-none");
            assertThat(rig.cloud.calls(Call.DELETE)).isZero();
        }
    }

    @Test
    void aCloudThatCannotBeAskedDoesNotSayThatTheMachineIsAbsent() {
        try (FleetRig rig = rig()) {
            rig.cloud.failNext(Call.DESCRIBE, broken());
            assertThatThrownBy(() -> rig.release(rig.fleet, "i-none"))
                    .isInstanceOfSatisfying(
                            ProviderException.class, e -> assertThat(e.code()).contains("Broken"));
        }
    }

    @Test
    void releasingWhatThisFleetHoldsIsClosingItsBuilder() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.release(rig.fleet, builder.id());
            assertThat(rig.cloud.machines()).isEmpty();
            rig.await(builder.gone());
            builder.close();
            rig.event(Released.class);
            assertThat(rig.events(Released.class)).hasSize(1);
        }
    }

    @Test
    void twoReleasesAtOnceAreOne() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            BuildFleet other = rig.another(fleet -> listening(sharing(fleet)));
            CompletableFuture<Boolean> one = rig.inBackground(() -> released(other, builder.id()));
            CompletableFuture<Boolean> two = rig.inBackground(() -> released(other, builder.id()));
            rig.awaitBlocked(one);
            rig.awaitBlocked(two);
            Awaitility.await().until(() -> told.stream().anyMatch(Gone.class::isInstance));
            assertThat(told).filteredOn(Released.class::isInstance).hasSize(1);
        }
    }

    private static boolean released(BuildFleet by, String id) throws InterruptedException {
        by.release(id);
        return true;
    }

    @Test
    void aDeletionThatTakesLongGoesOnAfterTheCallerHasBeenTold() {
        try (FleetRig rig = new FleetRig(cloud -> cloud.deletionTime(Duration.ofMinutes(8)), this::sharing)) {
            EphemeralBuilder builder = rig.acquire();
            BuildFleet other = rig.another(UnaryOperator.identity());
            Instant began = rig.ticker.now();
            assertThatThrownBy(() -> rig.release(other, builder.id()))
                    .isInstanceOf(BuilderTimeoutException.class)
                    .hasMessageContaining(builder.id());
            assertThat(Duration.between(began, rig.ticker.now()))
                    .isBetween(Duration.ofMinutes(5), Duration.ofMinutes(7));
            rig.await(builder.gone());
            assertThat(rig.cloud.machines()).isEmpty();
        }
    }

    @Test
    void aFleetThatIsClosedWaitsForWhatItReleasesWithoutARecord() {
        try (FleetRig rig = new FleetRig(cloud -> cloud.deletionTime(Duration.ofSeconds(10)), this::sharing)) {
            EphemeralBuilder builder = rig.acquire();
            BuildFleet other = rig.another(UnaryOperator.identity());
            CompletableFuture<Boolean> releasing = rig.inBackground(() -> released(other, builder.id()));
            rig.pass(Duration.ofSeconds(2));
            rig.close(other);
            assertThat(rig.cloud.machines()).isEmpty();
            assertThat(rig.awaitBlocked(releasing)).isTrue();
        }
    }
}
