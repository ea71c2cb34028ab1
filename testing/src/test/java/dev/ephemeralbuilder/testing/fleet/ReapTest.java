package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.ReapReport.Reason.CLOCK_JUMPED;
import static dev.ephemeralbuilder.ReapReport.Reason.IN_USE;
import static dev.ephemeralbuilder.ReapReport.Reason.LEASE_PASSED;
import static dev.ephemeralbuilder.ReapReport.Reason.LEASE_RUNS;
import static dev.ephemeralbuilder.ReapReport.Reason.NO_LEASE;
import static dev.ephemeralbuilder.ReapReport.Reason.RELEASED;
import static dev.ephemeralbuilder.ReapReport.Reason.RENEWED;
import static dev.ephemeralbuilder.ReapReport.Reason.UNKNOWN_SCHEMA;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.ReapReport;
import dev.ephemeralbuilder.ReapReport.Fate;
import dev.ephemeralbuilder.ReapReport.Finding;
import dev.ephemeralbuilder.ReapReport.Reason;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which machines a fleet deletes although it has not acquired them, and which it leaves. */
@Timeout(120)
@Tag("once")
class ReapTest {
    private static final Duration LEASE = Duration.ofMinutes(10);

    private final StateStore store = StateStore.inMemory();
    private final AtomicReference<SilencedProvider> first = new AtomicReference<>();

    /** Returns a rig whose fleet can be made dead to the cloud; nobody reaps unasked. */
    private FleetRig rig() {
        return rig(Duration.ZERO);
    }

    private FleetRig rig(Duration cloudsSkew) {
        return new FleetRig(
                TestTicker.create(),
                cloud -> cloud.clockSkew(cloudsSkew),
                fleet -> fleet.stateStore(store).noReaper(),
                cloud -> {
                    first.set(new SilencedProvider(cloud));
                    return first.get();
                });
    }

    private BuildFleet.Builder sharing(BuildFleet.Builder fleet) {
        return fleet.stateStore(store).noReaper();
    }

    private static ReapReport reap(FleetRig rig, BuildFleet by) {
        return rig.blocking(by::reap);
    }

    private static ReapReport look(FleetRig rig, BuildFleet by) {
        return rig.blocking(by::reapDryRun);
    }

    private static Reason reason(ReapReport report, String id) {
        return finding(report, id).reason();
    }

    private static Finding finding(ReapReport report, String id) {
        return report.parts().get(0).findings().stream()
                .filter(finding -> finding.machine().id().equals(id))
                .findFirst()
                .orElseThrow(() -> new AssertionError(id + " is not in " + report));
    }

    /** Acquires a machine whose process then dies, and lets its lease pass. */
    private String orphan(FleetRig rig) throws Exception {
        String id = rig.acquire().id();
        first.get().silence();
        rig.pass(Duration.between(rig.ticker.now(), rig.lease(id)).plusSeconds(90));
        return id;
    }

    private static Launch launch(FleetRig rig) {
        return rig.creates.get(0).launch();
    }

    private static String seconds(Instant time) {
        return Long.toString(time.getEpochSecond());
    }

    @Test
    void theMachineOfADeadProcessIsDeletedAndAccountedFor() throws Exception {
        try (FleetRig rig = rig()) {
            String id = orphan(rig);
            ReapReport report = reap(rig, rig.another(this::sharing));
            assertThat(report.deleted())
                    .extracting(f -> f.machine().id(), Finding::reason)
                    .containsExactly(tuple(id, LEASE_PASSED));
            assertThat(report.complete()).isTrue();
            assertThat(report.leftOver()).isEmpty();
            assertThat(rig.cloud.machines()).isEmpty();
            assertThat(store.readAll(Kind.BUILDER)).isEmpty();
            assertThat(store.lines(StateStore.Log.LEDGER, Instant.EPOCH))
                    .singleElement()
                    .satisfies(line ->
                            assertThat(line).containsEntry("machine", id).containsEntry("estimate", "true"));
        }
    }

    @Test
    void anOrphanOfAnotherHostsStoreIsDeletedByItsTagsAlone() throws Exception {
        try (FleetRig rig = rig()) {
            String id = orphan(rig);
            ReapReport report = reap(rig, rig.another(BuildFleet.Builder::noReaper));
            assertThat(report.deleted()).extracting(f -> f.machine().id()).containsExactly(id);
            assertThat(rig.cloud.machines()).isEmpty();
        }
    }

    @Test
    void aDryRunSaysTheSameAndDeletesNothing() throws Exception {
        try (FleetRig rig = rig()) {
            String id = orphan(rig);
            ReapReport report = look(rig, rig.another(this::sharing));
            assertThat(report.dryRun()).isTrue();
            assertThat(finding(report, id))
                    .extracting(Finding::reason, Finding::fate)
                    .containsExactly(LEASE_PASSED, Fate.LEFT);
            assertThat(report.leftOver()).hasSize(1);
            rig.pass(Duration.ofMinutes(1));
            assertThat(rig.cloud.machines()).containsExactly(id);
            assertThat(rig.cloud.calls(Call.DELETE)).isZero();
        }
    }

    @Test
    void whatIsNoOrphanIsLeftAndSaid() throws Exception {
        try (FleetRig rig = rig()) {
            String mine = rig.acquire().id();
            Instant now = rig.ticker.now();
            Launch launch = launch(rig);
            String running = like(rig, launch, 1, Map.of(MachineTags.LEASE, seconds(now.plusSeconds(1))));
            String justPassed = like(rig, launch, 2, Map.of(MachineTags.LEASE, seconds(now.minusSeconds(50))));
            String unknown = like(
                    rig,
                    launch,
                    3,
                    Map.of(MachineTags.SCHEMA, "2", MachineTags.LEASE, seconds(now.minus(Duration.ofHours(5)))));
            String unreadable = like(rig, launch, 4, Map.of(MachineTags.LEASE, "soon"));
            String released = like(rig, launch, 5, Map.of(MachineTags.LEASE, MachineTags.RELEASED));
            String passed = like(rig, launch, 6, Map.of(MachineTags.LEASE, seconds(now.minus(Duration.ofHours(5)))));
            String others = like(
                    rig,
                    launch,
                    7,
                    Map.of(MachineTags.OWNER, "others", MachineTags.LEASE, seconds(now.minus(Duration.ofHours(5)))));
            ReapReport report = reap(rig, rig.fleet);
            assertThat(reason(report, mine)).isEqualTo(IN_USE);
            assertThat(reason(report, running)).isEqualTo(LEASE_RUNS);
            assertThat(reason(report, justPassed)).isEqualTo(LEASE_RUNS);
            assertThat(reason(report, unknown)).isEqualTo(UNKNOWN_SCHEMA);
            assertThat(reason(report, unreadable)).isEqualTo(NO_LEASE);
            assertThat(reason(report, released)).isEqualTo(RELEASED);
            assertThat(reason(report, passed)).isEqualTo(LEASE_PASSED);
            assertThat(report.deleted()).extracting(f -> f.machine().id()).containsExactlyInAnyOrder(released, passed);
            assertThat(report.parts().get(0).findings()).hasSize(7);
            assertThat(rig.cloud.machines())
                    .containsExactlyInAnyOrder(mine, running, justPassed, unknown, unreadable, others);
        }
    }

    private static String like(FleetRig rig, Launch launch, int number, Map<String, String> tags)
            throws InterruptedException {
        return rig.cloud
                .launch(Launch.builder()
                        .spec(launch.spec())
                        .offer(launch.offer())
                        .token("like-" + number)
                        .tags(merged(launch.tags(), tags))
                        .cap(launch.cap())
                        .hostKey(launch.hostKey())
                        .clientKey(launch.clientKey())
                        .build())
                .ids()
                .get(0);
    }

    private static Map<String, String> merged(Map<String, String> tags, Map<String, String> changes) {
        tags.putAll(changes);
        return tags;
    }

    @Test
    void aMachineThatThisFleetHoldsIsLeftAlsoIfItsLeaseCouldNotBeRenewed() throws Exception {
        AtomicBoolean broken = new AtomicBoolean();
        try (FleetRig rig = new FleetRig(
                TestTicker.create(),
                cloud -> cloud,
                fleet -> fleet.reaper(Duration.ofMinutes(1)),
                cloud -> new ForwardingProvider(cloud) {
                    @Override
                    public Map<String, Outcome> renew(Collection<String> ids, Instant lease)
                            throws InterruptedException {
                        if (broken.get()) {
                            throw new ProviderException("tags cannot be set", Effect.NONE, true, null, null, null);
                        }
                        return super.renew(ids, lease);
                    }
                })) {
            EphemeralBuilder builder = rig.acquire();
            broken.set(true);
            rig.pass(Duration.ofMinutes(30));
            assertThat(rig.lease(builder.id())).isBefore(rig.ticker.now());
            assertThat(reason(look(rig, rig.fleet), builder.id())).isEqualTo(IN_USE);
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
        }
    }

    @Test
    void aRenewalBetweenTheTwoLooksSavesTheMachine() throws Exception {
        try (FleetRig rig = rig()) {
            String id = orphan(rig);
            BuildFleet other = rig.another(this::sharing, cloud -> new ForwardingProvider(cloud) {
                @Override
                public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                    var unused = super.renew(ids, rig.ticker.now().plus(LEASE));
                    return super.describe(ids);
                }
            });
            assertThat(finding(reap(rig, other), id))
                    .extracting(Finding::reason, Finding::fate)
                    .containsExactly(RENEWED, Fate.LEFT);
            rig.pass(Duration.ofMinutes(1));
            assertThat(rig.cloud.machines()).containsExactly(id);
        }
    }

    @Test
    void whatPassedLatelyIsLookedAtAgainTenSecondsLater() throws Exception {
        try (FleetRig rig = rig()) {
            String id = orphan(rig);
            AtomicReference<Instant> listed = new AtomicReference<>();
            AtomicReference<Duration> between = new AtomicReference<>();
            BuildFleet other = rig.another(this::sharing, cloud -> new ForwardingProvider(cloud) {
                @Override
                public MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
                    listed.set(rig.ticker.now());
                    return super.list(owner, cursor);
                }

                @Override
                public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                    between.compareAndSet(null, Duration.between(listed.get(), rig.ticker.now()));
                    return super.describe(ids);
                }
            });
            assertThat(reap(rig, other).deleted())
                    .extracting(f -> f.machine().id())
                    .containsExactly(id);
            assertThat(between.get()).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(11));
        }
    }

    @Test
    void aProviderThatCannotBeAskedIsInTheReportAndTheOthersAreSwept() throws Exception {
        try (FleetRig rig = rig()) {
            String id = orphan(rig);
            InMemoryProvider south = InMemoryProvider.builder()
                    .region("south-1")
                    .ticker(rig.ticker)
                    .build();
            south.failNext(Call.LIST, new CredentialsException("not you", null, null, null));
            BuildFleet other = rig.another(fleet -> sharing(fleet).provider(south));
            ReapReport report = reap(rig, other);
            assertThat(report.complete()).isFalse();
            assertThat(report.parts())
                    .extracting(ReapReport.Part::region, part -> part.failure() == null)
                    .containsExactlyInAnyOrder(tuple("memory-1", true), tuple("south-1", false));
            assertThat(report.deleted()).extracting(f -> f.machine().id()).containsExactly(id);
        }
    }

    @Test
    void whatCannotBeLookedAtAgainIsLeft() throws Exception {
        try (FleetRig rig = rig()) {
            String id = orphan(rig);
            rig.cloud.failNext(Call.DESCRIBE, new CredentialsException("not you", null, null, null));
            ReapReport report = reap(rig, rig.another(this::sharing));
            assertThat(report.complete()).isFalse();
            assertThat(report.leftOver())
                    .extracting(f -> f.machine().id(), Finding::fate)
                    .containsExactly(tuple(id, Fate.LEFT));
            assertThat(rig.cloud.machines()).containsExactly(id);
        }
    }

    @Test
    void aFleetReapsByItselfEveryFiveMinutes() throws Exception {
        try (FleetRig rig = rig()) {
            String id = rig.acquire().id();
            var unused = rig.another(fleet -> fleet.stateStore(store));
            first.get().silence();
            rig.passUntil(rig.lease(id));
            assertThat(rig.cloud.machines()).containsExactly(id);
            // The margin, the longest time between two sweeps, and the sweep.
            rig.passUntilEmpty(Duration.ofMinutes(1).plus(Duration.ofMinutes(6)).plusSeconds(40));
        }
    }

    @Test
    void aFleetWithoutReaperLeavesThemToOthers() throws Exception {
        try (FleetRig rig = rig()) {
            String id = orphan(rig);
            var unused = rig.another(this::sharing);
            rig.pass(Duration.ofMinutes(30));
            assertThat(rig.cloud.machines()).containsExactly(id);
        }
    }

    @Test
    void aReaperThatCannotAskTriesAgain() throws Exception {
        try (FleetRig rig = rig()) {
            String id = orphan(rig);
            for (int i = 0; i < 3; i++) {
                rig.cloud.failNext(Call.LIST, new CredentialsException("not you", null, null, null));
            }
            var unused = rig.another(fleet -> fleet.reaper(Duration.ofMinutes(1)));
            rig.pass(Duration.ofMinutes(2));
            assertThat(rig.cloud.machines()).containsExactly(id);
            rig.passUntilEmpty(Duration.ofMinutes(5));
        }
    }

    @Test
    void inTheRoundAfterAJumpOfThisHostsClockNothingIsDeleted() throws Exception {
        try (FleetRig rig = rig()) {
            HostTicker host = new HostTicker(rig.ticker, Duration.ZERO);
            BuildFleet other = rig.another(fleet -> sharing(fleet).ticker(host));
            String living = rig.acquire().id();
            assertThat(reason(reap(rig, other), living)).isEqualTo(LEASE_RUNS);
            host.jump(Duration.ofHours(1));
            String passed = like(
                    rig,
                    launch(rig),
                    1,
                    Map.of(MachineTags.LEASE, seconds(rig.ticker.now().minus(Duration.ofHours(5)))));
            ReapReport report = reap(rig, other);
            assertThat(reason(report, living)).isEqualTo(LEASE_RUNS);
            assertThat(finding(report, passed))
                    .extracting(Finding::reason, Finding::fate)
                    .containsExactly(CLOCK_JUMPED, Fate.LEFT);
            assertThat(report.leftOver()).hasSize(1);
            assertThat(reap(rig, other).deleted())
                    .extracting(f -> f.machine().id())
                    .containsExactly(passed);
            assertThat(rig.cloud.machines()).containsExactly(living);
        }
    }

    private static CloudProvider withoutTime(CloudProvider cloud) {
        return new ForwardingProvider(cloud) {
            @Override
            public void onCloudTime(Consumer<Instant> listener) {
                // This one does not know.
            }
        };
    }

    @Test
    void whereNobodyKnowsTheCloudsTimeALeaseMustHavePassedByLonger() throws Exception {
        try (FleetRig rig = rig()) {
            String id = orphan(rig);
            HostTicker host = new HostTicker(rig.ticker, Duration.ofMinutes(12));
            BuildFleet other = rig.another(fleet -> sharing(fleet).ticker(host), ReapTest::withoutTime);
            assertThat(reason(reap(rig, other), id)).isEqualTo(LEASE_RUNS);
            rig.pass(Duration.ofMinutes(3));
            assertThat(reap(rig, other).deleted())
                    .extracting(f -> f.machine().id())
                    .containsExactly(id);
        }
    }

    @Test
    void aClosedFleetReapsNothing() {
        try (FleetRig rig = rig()) {
            BuildFleet other = rig.another(this::sharing);
            rig.close(other);
            assertThatThrownBy(other::reap).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(other::reapDryRun).isInstanceOf(IllegalStateException.class);
        }
    }
}
