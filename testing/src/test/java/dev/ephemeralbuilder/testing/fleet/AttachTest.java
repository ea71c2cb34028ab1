package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.FleetRig.SPEC;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderEvent.Attached;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A second fleet and the machine of a first one, which may live or be dead to the cloud. */
@Timeout(120)
@Tag("once")
class AttachTest {
    private final StateStore store = StateStore.inMemory();
    private final List<BuilderEvent> told = new CopyOnWriteArrayList<>();
    private final AtomicReference<SilencedProvider> first = new AtomicReference<>();

    private BuildFleet.Builder sharing(BuildFleet.Builder fleet) {
        return fleet.stateStore(store);
    }

    private BuildFleet.Builder second(BuildFleet.Builder fleet) {
        return sharing(fleet).listener(told::add);
    }

    private FleetRig rig() {
        return rig(Duration.ofSeconds(20));
    }

    /** Returns a rig whose first fleet can be made dead to the cloud. */
    private FleetRig rig(Duration bootTime) {
        return new FleetRig(TestTicker.create(), cloud -> cloud.bootTime(bootTime), this::sharing, this::silencing);
    }

    private CloudProvider silencing(CloudProvider cloud) {
        first.set(new SilencedProvider(cloud));
        return first.get();
    }

    private void killFirst() {
        first.get().silence();
    }

    private static String run(FleetRig rig, EphemeralBuilder builder, String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        rig.await(builder.start(Script.of(text))
                .thenCompose(script -> script.follow(LogSink.to(out)).thenCompose(v -> script.result())));
        return out.toString(StandardCharsets.UTF_8);
    }

    private List<Map<String, String>> ledger() {
        return store.lines(StateStore.Log.LEDGER, Instant.EPOCH);
    }

    @Test
    void theAttachedBuilderIsTheSameMachine() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(
                    SPEC, AcquireRequest.builder().requestId("job-7").build());
            run(rig, builder, "echo left behind >note");
            BuildFleet other = rig.another(this::second);
            EphemeralBuilder attached = rig.await(other.attachAsync(builder.id()));
            assertThat(attached.id()).isEqualTo(builder.id());
            assertThat(attached.requestId()).isEqualTo("job-7");
            assertThat(attached.offer()).isEqualTo(builder.offer());
            assertThat(attached.workspace()).isEqualTo(builder.workspace());
            assertThat(attached.cost()).isEqualTo(builder.cost());
            assertThat(run(rig, attached, "cat note")).isEqualTo("left behind\n");
        }
    }

    @Test
    void attachBlocksUntilTheBuilderIsThere() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            BuildFleet other = rig.another(this::second);
            assertThat(rig.blocking(() -> other.attach(builder.id())).id()).isEqualTo(builder.id());
        }
    }

    @Test
    void attachingIsToldAsOneEvent() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            EphemeralBuilder attached = rig.await(rig.another(this::second).attachAsync(builder.id()));
            Awaitility.await().until(() -> !told.isEmpty());
            assertThat(told).singleElement().isInstanceOfSatisfying(Attached.class, event -> {
                assertThat(event.machineId()).isEqualTo(attached.id());
                assertThat(event.requestId()).isEqualTo(attached.requestId());
                assertThat(event.offer()).isEqualTo(attached.offer());
            });
        }
    }

    @Test
    void closingTheAttachedBuilderDeletesAndTheAcquirerHasLostIt() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            EphemeralBuilder attached = rig.await(rig.another(this::second).attachAsync(builder.id()));
            attached.close();
            rig.await(attached.gone());
            assertThat(rig.cloud.machines()).isEmpty();
            assertThatThrownBy(() -> rig.await(builder.start(Script.of("true"))))
                    .isInstanceOf(BuilderLostException.class);
            rig.await(builder.gone());
        }
    }

    @Test
    void whenOneOfTwoAttachedFleetsClosesTheOtherHasLostTheMachine() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            killFirst();
            EphemeralBuilder one = rig.await(rig.another(this::second).attachAsync(builder.id()));
            EphemeralBuilder two = rig.await(rig.another(this::second).attachAsync(builder.id()));
            assertThat(run(rig, one, "echo 1")).isEqualTo("1\n");
            assertThat(run(rig, two, "echo 2")).isEqualTo("2\n");
            one.close();
            rig.await(one.gone());
            assertThatThrownBy(() -> run(rig, two, "true")).isInstanceOf(BuilderLostException.class);
            rig.await(two.gone());
        }
    }

    @Test
    void anEndThatSeveralFleetsSeeIsOneLineInTheLedger() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            EphemeralBuilder attached = rig.await(rig.another(this::second).attachAsync(builder.id()));
            rig.cloud.vanish(builder.id());
            rig.await(builder.gone());
            rig.await(attached.gone());
            assertThat(ledger())
                    .singleElement()
                    .satisfies(line -> assertThat(line)
                            .containsEntry("machine", builder.id())
                            .doesNotContainKeys("clientKey", "clientPublicKey"));
            assertThat(store.readAll(Kind.BUILDER)).isEmpty();
        }
    }

    @Test
    void aMachineThatItsAcquirerGivesBackIsLostAtOnce() {
        try (FleetRig rig = new FleetRig(c -> c.deletionTime(Duration.ofMinutes(5)), this::sharing)) {
            EphemeralBuilder builder = rig.acquire();
            builder.close();
            rig.pass(Duration.ofSeconds(2));
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
            BuildFleet other = rig.another(this::second);
            assertThatThrownBy(() -> rig.await(other.attachAsync(builder.id())))
                    .isInstanceOf(BuilderLostException.class)
                    .hasMessageContaining(builder.id());
        }
    }

    @Test
    void aMachineThatItsAcquirerHasGivenBackIsLost() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            builder.close();
            rig.await(builder.gone());
            BuildFleet other = rig.another(this::second);
            assertThatThrownBy(() -> rig.await(other.attachAsync(builder.id())))
                    .isInstanceOf(BuilderLostException.class);
        }
    }

    @Test
    void aMachineThatNobodyHasEverSeenIsLost() {
        try (FleetRig rig = rig()) {
            assertThatThrownBy(() -> rig.await(rig.fleet.attachAsync("i-none")))
                    .isInstanceOf(BuilderLostException.class)
                    .hasMessageContaining("i-none");
        }
    }

    @Test
    void aCloudThatCannotBeAskedDoesNotSayThatTheMachineIsLost() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            BuildFleet other = rig.another(this::second, SilencedProvider::new);
            rig.cloud.failNext(
                    Call.DESCRIBE, new ProviderException("a bad day", Effect.NONE, false, "Broken", null, null));
            assertThatThrownBy(() -> rig.await(other.attachAsync(builder.id())))
                    .isInstanceOfSatisfying(
                            ProviderException.class, e -> assertThat(e.code()).contains("Broken"));
            assertThat(store.readAll(Kind.BUILDER)).hasSize(1);
        }
    }

    @Test
    void withoutItsRecordAMachineIsRefusedAndLeft() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            BuildFleet stranger = rig.another(UnaryOperator.identity());
            assertThatThrownBy(() -> rig.await(stranger.attachAsync(builder.id())))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("store")
                    .hasMessageContaining("release");
            rig.close(stranger);
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
            assertThat(rig.cloud.calls(Call.DELETE)).isZero();
        }
    }

    @Test
    void theMachineOfAnotherOwnerIsRefused() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            BuildFleet stranger = rig.another(f -> second(f).owner("somebody-else"));
            assertThatThrownBy(() -> rig.await(stranger.attachAsync(builder.id())))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining(FleetRig.OWNER)
                    .hasMessageContaining("somebody-else");
        }
    }

    @Test
    void tagsOfAnUnknownVersionAreRefused() throws Exception {
        try (FleetRig rig = rig()) {
            rig.acquire();
            String id = rig.machineLike(rig.creates.get(0).launch(), Map.of(MachineTags.SCHEMA, "2"));
            assertThatThrownBy(() -> rig.await(rig.fleet.attachAsync(id)))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("version");
            rig.cloud.vanish(id);
        }
    }

    @Test
    void aRecordOfAnUnknownVersionIsRefused() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            change(rig, Map.of("schema", "99"));
            BuildFleet other = rig.another(this::second);
            assertThatThrownBy(() -> rig.await(other.attachAsync(builder.id())))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("version");
        }
    }

    @Test
    void nothingThatIsSaidHoldsAKey() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            String key = requireNonNull(
                    store.read(Kind.BUILDER, rig.tokens().get(0)).orElseThrow().get("clientKey"));
            BuildFleet other = rig.another(this::second);
            EphemeralBuilder attached = rig.await(other.attachAsync(builder.id()));
            Awaitility.await().until(() -> !told.isEmpty());
            assertThat(attached + " " + told + other).doesNotContain(key);
            String spoilt = "!" + key;
            change(rig, Map.of("clientKey", spoilt));
            BuildFleet third = rig.another(this::second);
            assertThatThrownBy(() -> rig.await(third.attachAsync(builder.id())))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("damaged")
                    .hasNoCause()
                    .message()
                    .doesNotContain(key);
        }
    }

    private void change(FleetRig rig, Map<String, String> changes) {
        var unused = store.update(Kind.BUILDER, rig.tokens().get(0), record -> {
            Map<String, String> changed = new HashMap<>(requireNonNull(record));
            changed.putAll(changes);
            return changed;
        });
    }

    @Test
    void aMachineThatBootsIsWaitedFor() {
        try (FleetRig rig = rig(Duration.ofMinutes(2))) {
            CompletableFuture<EphemeralBuilder> acquiring = rig.begin();
            String id = rig.firstMachine();
            CompletableFuture<EphemeralBuilder> attaching =
                    rig.another(this::second).attachAsync(id);
            rig.pass(Duration.ofMinutes(1));
            assertThat(attaching).isNotDone();
            EphemeralBuilder attached = rig.await(attaching);
            assertThat(run(rig, attached, "echo up")).isEqualTo("up\n");
            assertThat(rig.await(acquiring).id()).isEqualTo(id);
        }
    }

    @Test
    void aMachineWhoseAcquirerDiedDuringTheBootBecomesABuilder() {
        try (FleetRig rig = rig(Duration.ofMinutes(2))) {
            CompletableFuture<EphemeralBuilder> acquiring = rig.begin();
            String id = rig.firstMachine();
            killFirst();
            EphemeralBuilder attached = rig.await(rig.another(this::second).attachAsync(id));
            assertThat(run(rig, attached, "echo up")).isEqualTo("up\n");
            assertThatThrownBy(() -> rig.await(acquiring)).isInstanceOf(ProviderException.class);
        }
    }

    @Test
    void aMachineIsFoundByItsAttemptWhenItsIdWasNeverWrittenDown() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            killFirst();
            String token = rig.tokens().get(0);
            var unused = store.update(Kind.BUILDER, token, record -> {
                Map<String, String> changed = new HashMap<>(requireNonNull(record));
                changed.keySet().removeAll(List.of("machine", "launchedAt"));
                return changed;
            });
            EphemeralBuilder attached = rig.await(rig.another(this::second).attachAsync(builder.id()));
            assertThat(run(rig, attached, "echo found")).isEqualTo("found\n");
            assertThat(store.read(Kind.BUILDER, token).orElseThrow()).containsEntry("machine", builder.id());
        }
    }

    @Test
    void aNewMachineThatIsNotShownYetIsWaitedFor() {
        try (FleetRig rig = rig(Duration.ofSeconds(10))) {
            EphemeralBuilder builder = rig.acquire();
            Instant shownFrom = rig.ticker.now().plusSeconds(25);
            BuildFleet other = rig.another(this::second, cloud -> new ForwardingProvider(cloud) {
                @Override
                public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                    return rig.ticker.now().isBefore(shownFrom) ? Map.of() : super.describe(ids);
                }
            });
            assertThat(rig.await(other.attachAsync(builder.id())).id()).isEqualTo(builder.id());
        }
    }

    @Test
    void whoAttachesRenewsTheLeaseAtOnceAndFromThenOn() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            killFirst();
            rig.pass(Duration.ofMinutes(9));
            EphemeralBuilder attached = rig.await(rig.another(this::second).attachAsync(builder.id()));
            assertThat(rig.lease(attached.id())).isAfter(rig.ticker.now().plus(Duration.ofMinutes(9)));
            rig.pass(Duration.ofMinutes(30));
            assertThat(rig.lease(attached.id())).isAfter(rig.ticker.now().plus(Duration.ofMinutes(5)));
        }
    }

    @Test
    void aLongerLeaseOfAnotherFleetIsNotCutShort() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.await(rig.another(f -> second(f).lease(Duration.ofHours(1))).attachAsync(builder.id()));
            for (int i = 0; i < 30; i++) {
                rig.pass(Duration.ofMinutes(1));
                assertThat(rig.lease(builder.id())).isAfter(rig.ticker.now().plus(Duration.ofMinutes(35)));
            }
        }
    }

    @Test
    void anAttachThatFailsLeavesTheMachineToItsLease() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            killFirst();
            rig.cloud.cutShells(builder.id());
            rig.cloud.refuseConnections(builder.id(), true);
            BuildFleet other = rig.another(fleet -> second(fleet).noReaper());
            rig.pass(Duration.ofMinutes(10));
            assertThatThrownBy(() -> rig.await(other.attachAsync(builder.id())))
                    .isInstanceOf(BuilderTimeoutException.class);
            Instant lease = rig.lease(builder.id());
            rig.pass(Duration.ofMinutes(20));
            assertThat(rig.lease(builder.id())).isEqualTo(lease);
            rig.close(other);
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
        }
    }

    @Test
    void aLeaseThatTheCloudDoesNotTakeMakesTheAttachFail() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            BuildFleet other = rig.another(this::second);
            rig.pass(Duration.ofMinutes(1));
            rig.cloud.failNext(
                    Call.RENEW, new ProviderException("a bad day", Effect.NONE, false, "Broken", null, null));
            assertThatThrownBy(() -> rig.await(other.attachAsync(builder.id())))
                    .isInstanceOfSatisfying(
                            ProviderException.class, e -> assertThat(e.code()).contains("Broken"));
        }
    }

    @Test
    void aMachineThatGoesWhileItIsAttachedToIsLostAndAccountedFor() {
        try (FleetRig rig = rig(Duration.ofMinutes(2))) {
            CompletableFuture<EphemeralBuilder> acquiring = rig.begin();
            String id = rig.firstMachine();
            killFirst();
            CompletableFuture<EphemeralBuilder> attaching =
                    rig.another(this::second).attachAsync(id);
            rig.pass(Duration.ofSeconds(70));
            rig.cloud.vanish(id);
            assertThatThrownBy(() -> rig.await(attaching)).isInstanceOf(BuilderLostException.class);
            assertThatThrownBy(() -> rig.await(acquiring)).isInstanceOf(ProviderException.class);
            rig.pass(Duration.ofMinutes(1));
            assertThat(store.readAll(Kind.BUILDER)).isEmpty();
            assertThat(ledger()).hasSize(1);
        }
    }

    @Test
    void aGivenUpAttachLeavesTheMachine() {
        try (FleetRig rig = rig(Duration.ofMinutes(2))) {
            CompletableFuture<EphemeralBuilder> acquiring = rig.begin();
            String id = rig.firstMachine();
            BuildFleet other = rig.another(this::second);
            CompletableFuture<EphemeralBuilder> attaching = other.attachAsync(id);
            rig.pass(Duration.ofMinutes(1));
            attaching.cancel(false);
            rig.close(other);
            assertThat(rig.await(acquiring).id()).isEqualTo(id);
        }
    }

    @Test
    void aFleetThatIsClosedWhileItAttachesLeavesTheMachine() {
        try (FleetRig rig = rig(Duration.ofMinutes(2))) {
            CompletableFuture<EphemeralBuilder> acquiring = rig.begin();
            String id = rig.firstMachine();
            BuildFleet other = rig.another(this::second);
            CompletableFuture<EphemeralBuilder> attaching = other.attachAsync(id);
            rig.pass(Duration.ofMinutes(1));
            rig.close(other);
            assertThat(attaching).isCompletedExceptionally();
            assertThat(rig.await(acquiring).id()).isEqualTo(id);
        }
    }

    @Test
    void aFleetThatIsAttachedGivesTheMachineBackWhenItIsClosed() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            BuildFleet other = rig.another(this::second);
            rig.await(other.attachAsync(builder.id()));
            rig.close(other);
            assertThat(rig.cloud.machines()).isEmpty();
        }
    }

    @Test
    void whatAFleetHoldsItReturnsAgain() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            assertThat(rig.await(rig.fleet.attachAsync(builder.id()))).isSameAs(builder);
            BuildFleet other = rig.another(this::second);
            EphemeralBuilder attached = rig.await(other.attachAsync(builder.id()));
            assertThat(rig.await(other.attachAsync(builder.id()))).isSameAs(attached);
        }
    }

    @Test
    void oneOfTwoCallersMayGiveUp() {
        try (FleetRig rig = rig(Duration.ofMinutes(2))) {
            CompletableFuture<EphemeralBuilder> acquiring = rig.begin();
            String id = rig.firstMachine();
            BuildFleet other = rig.another(this::second);
            CompletableFuture<EphemeralBuilder> one = other.attachAsync(id);
            CompletableFuture<EphemeralBuilder> two = other.attachAsync(id);
            rig.pass(Duration.ofMinutes(1));
            one.cancel(false);
            assertThat(run(rig, rig.await(two), "echo here")).isEqualTo("here\n");
            assertThat(rig.await(acquiring).id()).isEqualTo(id);
        }
    }

    @Test
    void aMachineThatWillBeTakenBackCanStillBeAttachedTo() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.pass(Duration.ofMinutes(61));
            rig.cloud.reclaim(builder.id(), Duration.ofMinutes(5));
            EphemeralBuilder attached = rig.await(rig.another(this::second).attachAsync(builder.id()));
            assertThat(rig.await(attached.reclaimNotice()).source()).isEqualTo("Recycling");
        }
    }

    @Test
    void theRecordOfAMachineThatIsGoneIsRemovedByWhoeverLooksForIt() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            killFirst();
            rig.pass(Duration.ofMinutes(2));
            rig.cloud.vanish(builder.id());
            BuildFleet other = rig.another(this::second);
            assertThatThrownBy(() -> rig.await(other.attachAsync(builder.id())))
                    .isInstanceOf(BuilderLostException.class);
            assertThat(store.readAll(Kind.BUILDER)).isEmpty();
            assertThat(ledger())
                    .singleElement()
                    .satisfies(line -> assertThat(line)
                            .containsEntry("machine", builder.id())
                            .containsEntry("request", builder.requestId()));
        }
    }

    @Test
    void aClosedFleetAttachesToNothing() {
        FleetRig rig = rig();
        rig.close();
        assertThatThrownBy(() -> rig.fleet.attachAsync("i-any")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> rig.fleet.release("i-any")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(rig.fleet::list).isInstanceOf(IllegalStateException.class);
    }
}
