package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When machines are looked at and deleted, in which batches, and what counts as absence. */
@Timeout(120)
class AbsenceTest {
    private record Asked(Instant at, Set<String> ids) {}

    private final TestTicker ticker = TestTicker.create();
    private final List<Asked> looks = new CopyOnWriteArrayList<>();
    private final List<Asked> deletions = new CopyOnWriteArrayList<>();

    /** Writes the looks and deletions down. */
    private class Recording extends ForwardingProvider {
        Recording(CloudProvider next) {
            super(next);
        }

        @Override
        public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
            looks.add(new Asked(ticker.now(), Set.copyOf(ids)));
            return super.describe(ids);
        }

        @Override
        public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
            deletions.add(new Asked(ticker.now(), Set.copyOf(ids)));
            return super.delete(ids);
        }
    }

    private FleetRig rig(ProviderLimits limits, UnaryOperator<CloudProvider> wrapper) {
        return new FleetRig(
                ticker,
                cloud -> cloud.limits(limits).bootTime(Duration.ofSeconds(40)).pageSize(2),
                fleet -> fleet,
                next -> new Recording(wrapper.apply(next)));
    }

    private FleetRig rig() {
        return rig(ProviderLimits.builder().build(), next -> next);
    }

    private static List<EphemeralBuilder> acquireAll(FleetRig rig, int count) {
        return rig.await(rig.fleet.acquireAllAsync(FleetRig.SPEC, count, AcquireRequest.defaults()));
    }

    private static ProviderException outage() {
        return new ProviderException("no connection", Effect.NONE, true, "SDK.ServerUnreachable", null, null);
    }

    private List<Asked> since(List<Asked> all, Instant time) {
        return all.stream().filter(asked -> !asked.at().isBefore(time)).toList();
    }

    @Test
    void machinesThatOnlyMightBeTakenBackAreLookedAtEveryHalfMinuteAllInOneCall() {
        try (FleetRig rig = rig()) {
            acquireAll(rig, 5);
            rig.pass(Duration.ofMinutes(1));
            Instant idle = ticker.now();
            rig.pass(Duration.ofMinutes(2));

            // Within two minutes the leases may be looked at too.
            assertThat(since(looks, idle)).hasSizeBetween(4, 5);
            assertThat(since(looks, idle))
                    .allSatisfy(look -> assertThat(look.ids()).hasSize(5));
        }
    }

    @Test
    void noCallNamesMoreThanABatch() {
        ProviderLimits limits = ProviderLimits.builder()
                .describeBatch(3)
                .deleteBatch(2)
                .launchBatch(4)
                .build();
        try (FleetRig rig = rig(limits, next -> next)) {
            List<EphemeralBuilder> all = acquireAll(rig, 7);
            all.forEach(EphemeralBuilder::close);
            all.forEach(builder -> rig.await(builder.gone()));

            assertThat(looks).allSatisfy(look -> assertThat(look.ids()).hasSizeBetween(1, 3));
            assertThat(deletions)
                    .allSatisfy(deletion -> assertThat(deletion.ids()).hasSizeBetween(1, 2));
            assertThat(deletions).hasSize(4);
        }
    }

    @Test
    void aBatchThatFailsForOneOfItsIdsIsSplitDownToThatOne() {
        Set<String> bad = new HashSet<>();
        try (FleetRig rig = rig(ProviderLimits.builder().build(), next -> new ForwardingProvider(next) {
            @Override
            public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
                if (ids.stream().anyMatch(bad::contains)) {
                    throw new ConfigurationException("one of them is malformed", "InvalidInstanceId", null, null);
                }
                return super.delete(ids);
            }
        })) {
            List<EphemeralBuilder> all = acquireAll(rig, 8);
            bad.add(all.get(5).id());
            all.forEach(EphemeralBuilder::close);
            rig.pass(Duration.ofSeconds(10));

            assertThat(rig.cloud.machines()).containsExactly(all.get(5).id());
            assertThat(deletions)
                    .anySatisfy(deletion -> assertThat(deletion.ids())
                            .containsExactly(all.get(5).id()));
            // Eight, then halves down to one: log2 of eight steps with two calls each.
            assertThat(since(deletions, Instant.EPOCH).subList(0, 7))
                    .extracting(deletion -> deletion.ids().size())
                    .containsExactlyInAnyOrder(8, 4, 4, 2, 2, 1, 1);
            bad.clear();
            rig.await(all.get(5).gone());
        }
    }

    @Test
    void aDeletionIsAskedForAgainEachHalfMinuteWhileNothingHappens() {
        try (FleetRig rig = rig(ProviderLimits.builder().build(), next -> new ForwardingProvider(next) {
            @Override
            public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
                if (deletions.size() <= 3) {
                    return Map.of(ids.iterator().next(), Outcome.accepted());
                }
                return super.delete(ids);
            }
        })) {
            EphemeralBuilder builder = rig.acquire();
            builder.close();
            rig.await(builder.gone());

            assertThat(deletions).hasSize(4);
            for (int i = 1; i < 4; i++) {
                assertThat(Duration.between(
                                deletions.get(i - 1).at(), deletions.get(i).at()))
                        .isBetween(Duration.ofSeconds(30), Duration.ofSeconds(34));
            }
        }
    }

    @Test
    void aLookThatFailsIsNoAbsence() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            for (int i = 0; i < 20; i++) {
                rig.cloud.failNext(Call.DESCRIBE, outage());
            }
            builder.close();
            rig.pass(Duration.ofSeconds(20));

            assertThat(rig.cloud.machines()).isEmpty();
            assertThat(builder.gone()).isNotDone();
            rig.await(builder.gone());
        }
    }

    @Test
    void aHeldMachineIsNotLostWhileNobodyCanLook() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            for (int i = 0; i < 12; i++) {
                rig.cloud.failNext(Call.DESCRIBE, outage());
            }
            rig.pass(Duration.ofMinutes(10));

            assertThat(builder.gone()).isNotDone();
            assertThat(rig.cloud.machines()).contains(builder.id());
        }
    }

    @Test
    void aListWithoutOneOfItsPagesIsNoList() {
        List<@Nullable String> cursors = new ArrayList<>();
        try (FleetRig rig = rig(ProviderLimits.builder().build(), next -> new ForwardingProvider(next) {
            @Override
            public MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
                cursors.add(cursor);
                if (cursor != null) {
                    throw new ConfigurationException("the cursor is refused", "InvalidNextToken", null, null);
                }
                return super.list(owner, cursor);
            }
        })) {
            acquireAll(rig, 3);
            assertThatThrownBy(() -> rig.blocking(rig.fleet::list))
                    .isInstanceOf(BuilderException.class)
                    .hasMessageContaining("cursor");
            assertThat(cursors).hasSize(2);
        }
    }

    @Test
    void aNewMachineThatNoAnswerShowsYetIsNotTakenForAbsent() {
        try (FleetRig rig = rig()) {
            rig.cloud.hideNextLaunch(Duration.ofSeconds(50));
            CompletableFuture<EphemeralBuilder> acquired = rig.begin();
            String id = rig.firstMachine();

            acquired.cancel(false);

            rig.pass(Duration.ofSeconds(45));
            assertThat(rig.cloud.machines()).contains(id);
            rig.passUntilEmpty(Duration.ofMinutes(2));
            assertThat(deletions).hasSizeGreaterThan(1);
        }
    }
}
