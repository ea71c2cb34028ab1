package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.PartialAcquireException;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several machines with as few create calls as will do. */
@Timeout(120)
class AcquireAllTest {
    private static final int BATCH = 3;

    private final StateStore store = StateStore.inMemory();

    private FleetRig rig() {
        return new FleetRig(
                TestTicker.create(),
                cloud ->
                        cloud.limits(ProviderLimits.builder().launchBatch(BATCH).build()),
                fleet -> fleet.stateStore(store),
                provider -> provider);
    }

    private static CompletableFuture<List<EphemeralBuilder>> begin(FleetRig rig, int count) {
        return begin(rig, count, AcquireRequest.defaults());
    }

    private static CompletableFuture<List<EphemeralBuilder>> begin(FleetRig rig, int count, AcquireRequest request) {
        return rig.fleet.acquireAllAsync(FleetRig.SPEC, count, request);
    }

    private static BuilderException failureOf(FleetRig rig, CompletableFuture<?> future) {
        return catchThrowableOfType(BuilderException.class, () -> rig.await(future));
    }

    private static void passUntilLaunched(FleetRig rig, int machines) {
        for (int i = 0; i < 200 && rig.cloud.machines().size() < machines; i++) {
            rig.pass(Duration.ofMillis(20));
        }
        assertThat(rig.cloud.machines()).hasSize(machines);
    }

    /** Leaves this many machines on the first choice, and nothing elsewhere but on the given number of other offers. */
    private static Offer onlyChoice(FleetRig rig, int machines) {
        EphemeralBuilder first = rig.acquire();
        Offer offer = first.offer();
        first.close();
        rig.passUntilEmpty(FleetRig.PATIENCE);
        rig.creates.clear();
        rig.cloud.stock(offer.type().id(), offer.zone(), offer.market(), machines);
        return offer;
    }

    @Test
    void launchesFullBatchesAndEachBuilderWorks() {
        try (FleetRig rig = rig()) {
            List<EphemeralBuilder> all = rig.await(begin(rig, 7));

            assertThat(all)
                    .extracting(EphemeralBuilder::id)
                    .doesNotHaveDuplicates()
                    .hasSize(7);
            assertThat(rig.creates.stream().map(create -> create.launch().count()))
                    .containsExactlyInAnyOrder(3, 3, 1);
            assertThat(rig.creates.stream().map(create -> create.launch().minimum()))
                    .containsOnly(1);
            assertThat(rig.tokens()).doesNotHaveDuplicates();
            for (EphemeralBuilder builder : all) {
                assertThat(rig.await(builder.start(Script.of("exit 3")).thenCompose(s -> s.result()))
                                .exitCode())
                        .isEqualTo(3);
            }
        }
    }

    @Test
    void eachBuilderIsClosedByItself() {
        try (FleetRig rig = rig()) {
            List<EphemeralBuilder> all = rig.await(begin(rig, 3));

            all.get(1).close();
            rig.pass(FleetRig.PATIENCE.dividedBy(2));

            assertThat(rig.cloud.machines())
                    .containsExactlyInAnyOrder(all.get(0).id(), all.get(2).id());
            all.get(0).close();
            all.get(2).close();
            rig.passUntilEmpty(FleetRig.PATIENCE);
            rig.close(rig.fleet);
            assertThat(store.lines(StateStore.Log.LEDGER, Instant.EPOCH)).hasSize(3);
            assertThat(store.readAll(StateStore.Kind.BUILDER)).isEmpty();
        }
    }

    @Test
    void eachHasARecordWithWhichAnotherFleetAttaches() throws Exception {
        try (FleetRig rig = rig()) {
            List<EphemeralBuilder> all = rig.await(begin(rig, 2));
            var other = rig.another(fleet -> fleet.stateStore(store));

            assertThat(rig.blocking(other::list))
                    .extracting(BuilderSummary::attachable)
                    .containsExactly(true, true);
            for (EphemeralBuilder builder : all) {
                EphemeralBuilder attached = rig.await(other.attachAsync(builder.id()));
                assertThat(rig.await(attached.start(Script.of("exit 4")).thenCompose(s -> s.result()))
                                .exitCode())
                        .isEqualTo(4);
            }
        }
    }

    @Test
    void whatOneOfferDoesNotGiveComesFromTheNext() {
        try (FleetRig rig = rig()) {
            Offer scarce = onlyChoice(rig, 2);

            List<EphemeralBuilder> all = rig.await(begin(rig, 3));

            assertThat(all)
                    .filteredOn(b -> b.offer().pool().equals(scarce.pool()))
                    .hasSize(2);
            assertThat(all)
                    .filteredOn(b -> !b.offer().pool().equals(scarce.pool()))
                    .hasSize(1);
        }
    }

    @Test
    void aMachineThatVanishesIsReplaced() {
        try (FleetRig rig = rig()) {
            rig.cloud.vanishNextLaunch();

            assertThat(rig.await(begin(rig, 2))).hasSize(2);
            assertThat(rig.creates).hasSizeGreaterThan(1);
        }
    }

    @Test
    void aPartIsDeliveredWithTheReasonsOfTheRest() {
        try (FleetRig rig = new FleetRig(
                TestTicker.create(),
                cloud ->
                        cloud.limits(ProviderLimits.builder().launchBatch(BATCH).build()),
                fleet -> fleet.maxAttempts(1),
                provider -> provider)) {
            onlyChoice(rig, 3);
            rig.cloud.failNext(
                    Call.LAUNCH, new QuotaException("no more vCPUs", "QuotaExceed.ElasticQuota", "req-1", null));
            // The refusal meets one of two calls; what the other one brings is delivered.
            PartialAcquireException partial = (PartialAcquireException) failureOf(rig, begin(rig, 5));

            int came = partial.builders().size();
            assertThat(came).isIn(2, 3);
            assertThat(partial.failures()).hasSize(5 - came).hasOnlyElementsOfType(QuotaException.class);
            assertThat(partial).hasMessageContaining(came + " of 5").hasMessageContaining("no more vCPUs");
            assertThat(partial.builders())
                    .allSatisfy(b -> assertThat(rig.cloud.machines()).contains(b.id()));
        }
    }

    @Test
    void aPartIsReturnedToWhoeverAcceptsFewer() {
        try (FleetRig rig = rig()) {
            onlyChoice(rig, 3);
            rig.cloud.failNext(
                    Call.LAUNCH, new QuotaException("no more vCPUs", "QuotaExceed.ElasticQuota", "req-1", null));

            assertThat(rig.await(begin(
                            rig, 5, AcquireRequest.builder().acceptFewer(true).build())))
                    .hasSizeBetween(2, 3);
        }
    }

    @Test
    void nothingAtAllFailsAsASingleAcquireDoes() {
        try (FleetRig rig = rig()) {
            rig.cloud.failNext(
                    Call.LAUNCH, new QuotaException("no more vCPUs", "QuotaExceed.ElasticQuota", "req-1", null));

            assertThat(failureOf(rig, begin(rig, 2))).isInstanceOf(QuotaException.class);
            assertThat(rig.cloud.machines()).isEmpty();
        }
    }

    @Test
    void aLostAnswerIsAskedForAgainWithTheSameToken() {
        try (FleetRig rig = rig()) {
            rig.cloud.loseNextAnswer(Call.LAUNCH);

            assertThat(rig.await(begin(rig, 3))).hasSize(3);
            assertThat(rig.cloud.machines()).hasSize(3);
            assertThat(Set.copyOf(rig.tokens())).hasSize(1);
        }
    }

    @Test
    void givingUpGivesAllBack() {
        try (FleetRig rig = rig()) {
            CompletableFuture<List<EphemeralBuilder>> all = begin(rig, 5);
            passUntilLaunched(rig, 5);

            all.cancel(false);

            rig.passUntilEmpty(FleetRig.PATIENCE);
        }
    }

    @Test
    void anInterruptGivesAllBack() {
        try (FleetRig rig = rig()) {
            Thread[] caller = new Thread[1];
            CompletableFuture<List<EphemeralBuilder>> call = rig.inBackground(() -> {
                caller[0] = Thread.currentThread();
                return rig.fleet.acquireAll(FleetRig.SPEC, 4);
            });
            passUntilLaunched(rig, 4);
            caller[0].interrupt();

            assertThatThrownBy(() -> rig.awaitBlocked(call)).hasRootCauseInstanceOf(InterruptedException.class);
            rig.passUntilEmpty(FleetRig.PATIENCE);
        }
    }

    @Test
    void refusesARequestIdAndACountOfNone() {
        try (FleetRig rig = rig()) {
            AcquireRequest named = AcquireRequest.builder().requestId("one").build();

            assertThatThrownBy(() -> begin(rig, 2, named))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("labels");
            assertThatThrownBy(() -> begin(rig, 0)).isInstanceOf(IllegalArgumentException.class);
            assertThat(rig.creates).isEmpty();
        }
    }

    @Test
    void labelsAndOneRequestAreOnEach() throws Exception {
        try (FleetRig rig = rig()) {
            List<EphemeralBuilder> all = rig.await(begin(
                    rig, 4, AcquireRequest.builder().putLabel("team", "build").build()));

            for (EphemeralBuilder builder : all) {
                assertThat(rig.tags(builder.id())).containsEntry(MachineTags.LABEL + "team", "build");
            }
            assertThat(all)
                    .extracting(EphemeralBuilder::requestId)
                    .containsOnly(all.get(0).requestId());
        }
    }

    @Test
    void closingTheFleetEndsWhatIsUnderWay() {
        FleetRig rig = rig();
        CompletableFuture<List<EphemeralBuilder>> all = begin(rig, 5);
        passUntilLaunched(rig, 5);

        rig.close();

        assertThat(all).isCompletedExceptionally();
        assertThat(rig.cloud.machines()).isEmpty();
    }
}
