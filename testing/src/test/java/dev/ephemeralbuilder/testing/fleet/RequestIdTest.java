package dev.ephemeralbuilder.testing.fleet;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.DuplicateRequestException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One request id, several processes: at most one machine, and whoever asks again after a death gets that one. */
@Timeout(120)
class RequestIdTest {
    private static final AcquireRequest REQUEST =
            AcquireRequest.builder().requestId("job-7").build();

    private final StateStore store = StateStore.inMemory();

    /** A process that will die. */
    private final class Mortal {
        final BuildFleet fleet;
        private @Nullable SilencedProvider cloud;

        Mortal(FleetRig rig, String host) {
            this.fleet = rig.another(
                    settings -> settings.stateStore(store).host(host).closeTimeout(Duration.ofSeconds(2)), next -> {
                        cloud = new SilencedProvider(next);
                        return cloud;
                    });
        }

        SilencedProvider cloud() {
            return requireNonNull(cloud);
        }
    }

    private FleetRig rig() {
        return new FleetRig(
                cloud -> cloud.bootTime(Duration.ofSeconds(20)),
                fleet -> fleet.stateStore(store).host("b").noReaper());
    }

    private static CompletableFuture<EphemeralBuilder> begin(BuildFleet fleet) {
        return fleet.acquireAsync(FleetRig.SPEC, REQUEST);
    }

    /** Returns the machine of a create call without an answer. */
    private static String dieDuringTheCreateCall(FleetRig rig, Mortal process) {
        process.cloud().silenceAtLaunch();
        CompletableFuture<EphemeralBuilder> lost = begin(process.fleet);
        String id = rig.firstMachine();
        rig.close(process.fleet);
        assertThat(lost).isCompletedExceptionally();
        return id;
    }

    private static void assertRefused(FleetRig rig, BuildFleet fleet, String id) {
        CompletableFuture<EphemeralBuilder> refused = begin(fleet);
        assertThatThrownBy(() -> rig.await(refused))
                .isInstanceOfSatisfying(
                        DuplicateRequestException.class,
                        e -> assertThat(e.builderId()).contains(id))
                .hasMessageContaining("job-7")
                .hasMessageContaining(id)
                .hasMessageContaining("Attach");
    }

    private static void assertWorks(FleetRig rig, EphemeralBuilder builder) {
        assertThat(rig.await(builder.start(Script.of("exit 4")).thenCompose(s -> s.result()))
                        .exitCode())
                .isEqualTo(4);
    }

    private static void assertOneOfTwoHasOneMachine(
            FleetRig rig, CompletableFuture<EphemeralBuilder> one, CompletableFuture<EphemeralBuilder> two) {
        rig.await(CompletableFuture.allOf(one.handle((b, e) -> 0), two.handle((b, e) -> 0)));
        assertThat(List.of(one, two))
                .filteredOn(CompletableFuture::isCompletedExceptionally)
                .hasSize(1);
        rig.pass(Duration.ofMinutes(2));
        assertThat(rig.cloud.machines()).hasSize(1);
    }

    @Test
    void aSecondProcessIsToldWhoHasTheMachine() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder first = rig.await(begin(rig.fleet));
            BuildFleet other = rig.another(settings -> settings.stateStore(store));

            assertRefused(rig, other, first.id());
            assertThat(rig.cloud.calls(Call.LAUNCH)).isEqualTo(1);
            assertThat(rig.await(other.attachAsync(first.id())).id()).isEqualTo(first.id());
        }
    }

    @Test
    void itIsToldWhileTheMachineBootsToo() {
        try (FleetRig rig = rig()) {
            CompletableFuture<EphemeralBuilder> first = begin(rig.fleet);
            String id = rig.firstMachine();

            assertRefused(
                    rig, rig.another(settings -> settings.stateStore(store).host("b")), id);
            assertThat(rig.await(first).id()).isEqualTo(id);
        }
    }

    @Test
    void theIdIsFreeOnceTheMachineIsGone() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder first = rig.await(begin(rig.fleet));
            first.close();
            rig.await(first.gone());
            rig.pass(Duration.ofSeconds(1));

            EphemeralBuilder second = rig.await(
                    begin(rig.another(settings -> settings.stateStore(store).host("b"))));

            assertThat(rig.cloud.machines()).containsExactly(second.id());
        }
    }

    @Test
    void aMachineThatIsBeingGivenBackIsNotWaitedFor() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder first = rig.await(begin(rig.fleet));
            first.close();

            assertThat(rig.await(begin(rig.fleet)).id()).isNotEqualTo(first.id());
            assertThat(rig.tokens()).doesNotHaveDuplicates();
        }
    }

    @Test
    void theIdIsFreeAfterAFailure() {
        try (FleetRig rig = rig()) {
            rig.cloud.failNext(
                    Call.LAUNCH, new ConfigurationException("no such image", "InvalidImageId.NotFound", "r-1", null));
            CompletableFuture<EphemeralBuilder> failed = begin(rig.fleet);
            assertThatThrownBy(() -> rig.await(failed)).isInstanceOf(ConfigurationException.class);
            rig.pass(Duration.ofSeconds(1));

            BuildFleet other =
                    rig.another(settings -> settings.stateStore(store).host("b"));

            assertThat(rig.await(begin(other))).isNotNull();
        }
    }

    @Test
    void whatADeadProcessHadIsTakenOver() {
        try (FleetRig rig = rig()) {
            Mortal first = new Mortal(rig, "b");
            EphemeralBuilder had = rig.await(begin(first.fleet));
            first.cloud().silence();
            rig.close(first.fleet);

            EphemeralBuilder taken = rig.await(begin(rig.fleet));

            assertThat(taken.id()).isEqualTo(had.id());
            assertWorks(rig, taken);
            assertThat(first.cloud().launches()).hasSize(1);
            assertThat(rig.creates).isEmpty();
            // It is held as any other: the lease goes on, and closing it gives it back.
            rig.pass(Duration.ofMinutes(30));
            assertThat(rig.cloud.machines()).containsExactly(had.id());
            taken.close();
            rig.passUntilEmpty(FleetRig.PATIENCE);
        }
    }

    @Test
    void aCreateCallWithoutAnAnswerIsRepeatedUnchanged() {
        try (FleetRig rig = rig()) {
            Mortal first = new Mortal(rig, "b");
            String id = dieDuringTheCreateCall(rig, first);

            EphemeralBuilder taken = rig.await(begin(rig.fleet));

            assertThat(taken.id()).isEqualTo(id);
            assertWorks(rig, taken);
            assertThat(rig.cloud.machines()).containsExactly(id);
            Launch once = first.cloud().launches().get(0);
            Launch again = rig.creates.get(0).launch();
            assertThat(again.token()).isEqualTo(once.token());
            assertThat(again.tags()).isEqualTo(once.tags());
            assertThat(again.cap()).isEqualTo(once.cap());
            assertThat(again.hostKey().getPublic()).isEqualTo(once.hostKey().getPublic());
            assertThat(again.clientKey()).isEqualTo(once.clientKey());
        }
    }

    @Test
    void aMachineThatIsGoneMeanwhileIsReplaced() {
        try (FleetRig rig = rig()) {
            Mortal first = new Mortal(rig, "b");
            EphemeralBuilder had = rig.await(begin(first.fleet));
            first.cloud().silence();
            rig.close(first.fleet);
            rig.pass(Duration.ofMinutes(2));
            rig.cloud.vanish(had.id());
            rig.pass(Duration.ofMinutes(1));

            EphemeralBuilder next = rig.await(begin(rig.fleet));

            assertThat(next.id()).isNotEqualTo(had.id());
            assertThat(rig.cloud.machines()).containsExactly(next.id());
            assertThat(rig.tokens())
                    .doesNotContain(first.cloud().launches().get(0).token());
            rig.await(next.gone().isDone() ? next.gone() : CompletableFuture.completedFuture(null));
            assertThat(store.lines(StateStore.Log.LEDGER, Instant.EPOCH))
                    .extracting(line -> line.get("machine"))
                    .containsExactly(had.id());
        }
    }

    @Test
    void anotherHostIsTakenForDeadOnlyWhenTheLeaseHasPassed() {
        try (FleetRig rig = rig()) {
            Mortal first = new Mortal(rig, "a");
            EphemeralBuilder had = rig.await(begin(first.fleet));
            rig.pass(Duration.ofMinutes(40));
            assertRefused(rig, rig.fleet, had.id());
            first.cloud().silence();
            rig.pass(Duration.ofMinutes(5));
            assertRefused(rig, rig.fleet, had.id());
            rig.pass(Duration.ofMinutes(6));

            EphemeralBuilder taken = rig.await(begin(rig.fleet));

            assertThat(taken.id()).isEqualTo(had.id());
            assertWorks(rig, taken);
        }
    }

    @Test
    void whatADeadHostMayHaveLaunchedLongAgoIsFoundByItsTag() {
        try (FleetRig rig = rig()) {
            Mortal first = new Mortal(rig, "a");
            first.cloud().silenceAtLaunch();
            CompletableFuture<EphemeralBuilder> lost = begin(first.fleet);
            String id = rig.firstMachine();
            rig.pass(Duration.ofMinutes(25));

            EphemeralBuilder taken = rig.await(begin(rig.fleet));

            assertThat(taken.id()).isEqualTo(id);
            assertThat(rig.creates).isEmpty();
            assertThat(lost).isCompletedExceptionally();
        }
    }

    @Test
    void anotherSpecForTheRequestOfADeadProcessIsRefused() {
        try (FleetRig rig = rig()) {
            Mortal first = new Mortal(rig, "b");
            String id = dieDuringTheCreateCall(rig, first);
            MachineSpec larger = MachineSpec.builder()
                    .vcpus(4)
                    .memoryGib(8)
                    .machineImage("m-any")
                    .build();

            CompletableFuture<EphemeralBuilder> other = rig.fleet.acquireAsync(larger, REQUEST);

            assertThatThrownBy(() -> rig.await(other))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("another spec");
            assertThat(rig.cloud.machines()).containsExactly(id);
        }
    }

    @Test
    void twoThatBeginAtTheSameTimeHaveOneMachine() {
        try (FleetRig rig = rig()) {
            BuildFleet other =
                    rig.another(settings -> settings.stateStore(store).host("b"));
            assertOneOfTwoHasOneMachine(rig, begin(rig.fleet), begin(other));
        }
    }

    @Test
    void withoutACommonStoreThereIsStillOneMachine() {
        try (FleetRig rig = rig()) {
            BuildFleet other = rig.another(settings -> settings.host("a"));
            assertOneOfTwoHasOneMachine(rig, begin(rig.fleet), begin(other));
        }
    }

    @Test
    void withoutACommonStoreTheTokensThatOthersUsedUpAreLeft() {
        try (FleetRig rig = rig()) {
            BuildFleet other = rig.another(settings -> settings.host("a"));
            EphemeralBuilder first = rig.await(begin(other));
            first.close();
            rig.passUntilEmpty(FleetRig.PATIENCE);

            EphemeralBuilder second = rig.await(begin(rig.fleet));

            assertThat(rig.cloud.machines()).containsExactly(second.id());
            assertThat(rig.tokens()).hasSize(2).doesNotHaveDuplicates();
        }
    }

    @Test
    void aMachineThatIsLostDuringItsBootIsReplacedForTheSameRequest() {
        try (FleetRig rig = rig()) {
            CompletableFuture<EphemeralBuilder> wanted = begin(rig.fleet);
            String id = rig.firstMachine();
            rig.cloud.vanish(id);

            EphemeralBuilder other = rig.await(wanted);

            assertThat(rig.cloud.machines()).containsExactly(other.id());
            assertThat(rig.tokens()).hasSize(2).doesNotHaveDuplicates();
            assertRefused(
                    rig, rig.another(settings -> settings.stateStore(store).host("b")), other.id());
        }
    }

    @Test
    void aStockOutGoesOnWithTheNextNumber() {
        try (FleetRig rig = rig()) {
            BuilderException none = new CapacityException(
                    "sold out", CapacityException.Reason.NO_STOCK, "OperationDenied.NoStock", "r-2", null);
            rig.cloud.failNext(Call.LAUNCH, none);

            assertThat(rig.await(begin(rig.fleet))).isNotNull();

            assertThat(rig.tokens()).hasSize(2).doesNotHaveDuplicates();
            assertThat(rig.tokens()).allSatisfy(token -> assertThat(token).hasSizeLessThanOrEqualTo(64));
        }
    }
}
