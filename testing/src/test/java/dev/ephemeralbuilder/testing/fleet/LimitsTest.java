package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How often a fleet calls the cloud, and in which order. */
@Timeout(120)
@Tag("once")
class LimitsTest {
    private record Made(Instant at, CloudAction action) {}

    private final TestTicker ticker = TestTicker.create();
    private final List<Made> made = new CopyOnWriteArrayList<>();

    /** Writes down each call to the cloud. */
    private final class Recording extends ForwardingProvider {
        Recording(CloudProvider next) {
            super(next);
        }

        private void note(CloudAction action) {
            made.add(new Made(ticker.now(), action));
        }

        @Override
        public LaunchResult launch(Launch launch) throws InterruptedException {
            note(CloudAction.LAUNCH);
            return super.launch(launch);
        }

        @Override
        public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
            note(CloudAction.DESCRIBE);
            return super.describe(ids);
        }

        @Override
        public MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
            note(CloudAction.LIST);
            return super.list(owner, cursor);
        }

        @Override
        public Map<String, Outcome> renew(Collection<String> ids, Instant lease) throws InterruptedException {
            note(CloudAction.RENEW);
            return super.renew(ids, lease);
        }

        @Override
        public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
            note(CloudAction.DELETE);
            return super.delete(ids);
        }

        @Override
        public MarketSnapshot market(MarketQuery query) throws InterruptedException {
            note(CloudAction.MARKET);
            return super.market(query);
        }
    }

    private FleetRig rig(ProviderLimits limits, StateStore store) {
        return new FleetRig(
                ticker,
                cloud -> cloud.limits(limits),
                fleet -> fleet.stateStore(store).maxAttempts(50),
                Recording::new);
    }

    private static ProviderLimits limits(CloudAction action, int perMinute) {
        return ProviderLimits.builder().callsPerMinute(action, perMinute).build();
    }

    private List<Instant> times(CloudAction action) {
        return made.stream().filter(m -> m.action() == action).map(Made::at).toList();
    }

    private static void assertNeverMoreInAMinute(List<Instant> times, int most) {
        for (int i = 0; i < times.size(); i++) {
            Instant start = times.get(i);
            assertThat(times.stream()
                            .filter(t -> !t.isBefore(start) && t.isBefore(start.plusSeconds(60)))
                            .count())
                    .as("calls in the minute from %s", start)
                    .isLessThanOrEqualTo(most);
        }
    }

    private List<EphemeralBuilder> acquireMany(FleetRig rig, int n) {
        List<CompletableFuture<EphemeralBuilder>> begun = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            begun.add(rig.begin());
        }
        return begun.stream().map(rig::await).toList();
    }

    @Test
    void manyLaunchesKeepToTheLimit() {
        try (FleetRig rig = rig(limits(CloudAction.LAUNCH, 20), StateStore.inMemory())) {
            assertThat(acquireMany(rig, 60)).hasSize(60);
            assertThat(times(CloudAction.LAUNCH)).hasSize(60);
            assertNeverMoreInAMinute(times(CloudAction.LAUNCH), 20);
        }
    }

    @Test
    void twoFleetsWithOneStoreKeepToOneLimitTogether() {
        StateStore store = StateStore.inMemory();
        try (FleetRig rig = rig(limits(CloudAction.LAUNCH, 20), store)) {
            BuildFleet second = BuildFleet.builder()
                    .owner(FleetRig.OWNER)
                    .provider(new Recording(rig.cloud.sibling()))
                    .ticker(ticker)
                    .stateStore(store)
                    .build();
            List<CompletableFuture<EphemeralBuilder>> begun = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                begun.add(rig.begin());
                begun.add(second.acquireAsync(FleetRig.SPEC, AcquireRequest.defaults()));
            }
            begun.forEach(rig::await);
            assertThat(times(CloudAction.LAUNCH)).hasSize(40);
            assertNeverMoreInAMinute(times(CloudAction.LAUNCH), 20);
            rig.close(second);
        }
    }

    @Test
    void callsThatShareALimitOfTheCloudShareABucketAndTheUrgentGoFirst() {
        ProviderLimits shared = ProviderLimits.builder()
                .bucket(CloudAction.DELETE, "all")
                .bucket(CloudAction.DESCRIBE, "all")
                .callsPerMinute(CloudAction.DELETE, 2)
                .callsPerMinute(CloudAction.DESCRIBE, 2)
                .build();
        try (FleetRig rig = rig(shared, StateStore.inMemory())) {
            EphemeralBuilder builder = rig.acquire();
            // The next token is a minute away or so, and the watch is waiting for it.
            rig.pass(Duration.ofSeconds(45));
            made.clear();
            builder.close();
            rig.await(builder.gone());
            List<CloudAction> order = made.stream()
                    .map(Made::action)
                    .filter(a -> a == CloudAction.DELETE || a == CloudAction.DESCRIBE)
                    .toList();
            assertThat(order.indexOf(CloudAction.DELETE)).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void throttlingHoldsBackTheWholeActionUntilTheNextMinute() {
        try (FleetRig rig = rig(ProviderLimits.builder().build(), StateStore.inMemory())) {
            rig.acquire();
            rig.cloud.failNext(Call.LAUNCH, new ThrottledException("too many", "Throttling.User", "req-1", null));
            Instant asked = ticker.now();
            CompletableFuture<EphemeralBuilder> first = rig.begin();
            rig.pass(Duration.ofMillis(500));
            CompletableFuture<EphemeralBuilder> second = rig.begin();
            rig.await(first);
            rig.await(second);
            Instant nextMinute = Instant.ofEpochSecond((asked.getEpochSecond() / 60 + 1) * 60);
            assertThat(times(CloudAction.LAUNCH).stream().filter(t -> !t.isBefore(asked)))
                    .hasSize(3)
                    .satisfies(calls -> assertThat(calls.subList(1, 3))
                            .allSatisfy(t -> assertThat(t).isAfterOrEqualTo(nextMinute)));
        }
    }

    @Test
    void aStoreThatFailsDoesNotStopTheFleet() {
        StateStore store = new FailingBuckets(StateStore.inMemory(), 1);
        try (FleetRig rig = rig(limits(CloudAction.LAUNCH, 20), store)) {
            assertThat(acquireMany(rig, 30)).hasSize(30);
            assertNeverMoreInAMinute(times(CloudAction.LAUNCH), 20);
        }
    }

    @Test
    void aStoreThatFailsNowAndThenLetsNoMoreThrough() {
        StateStore store = new FailingBuckets(StateStore.inMemory(), 2);
        try (FleetRig rig = rig(limits(CloudAction.LAUNCH, 20), store)) {
            List<EphemeralBuilder> all = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                all.add(rig.acquire());
            }
            assertThat(all).hasSize(40);
            assertNeverMoreInAMinute(times(CloudAction.LAUNCH), 20);
        }
    }

    @Test
    void whatQueuedForItsTurnIsHeldBackTooWhenTheCloudStopsWorking() {
        try (FleetRig rig = rig(limits(CloudAction.LAUNCH, 20), StateStore.inMemory())) {
            for (int i = 0; i < 200; i++) {
                rig.cloud.failNext(Call.LAUNCH, outage());
            }
            List<CompletableFuture<EphemeralBuilder>> begun = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                begun.add(rig.begin());
            }
            rig.pass(Duration.ofMinutes(3));
            // Five to find out, what was on its way by then, and one now and then.
            assertThat(times(CloudAction.LAUNCH)).hasSizeBetween(5, 15);
            begun.forEach(b -> b.cancel(false));
        }
    }

    @Test
    void aCloudThatDoesNotWorkIsAskedOnceInAWhile() {
        try (FleetRig rig = rig(ProviderLimits.builder().build(), StateStore.inMemory())) {
            EphemeralBuilder builder = rig.acquire();
            for (int i = 0; i < 1_000; i++) {
                for (Call call : List.of(Call.DESCRIBE, Call.LAUNCH, Call.LIST, Call.RENEW, Call.MARKET)) {
                    rig.cloud.failNext(call, outage());
                }
            }
            rig.pass(Duration.ofMinutes(5));
            Instant settled = ticker.now();
            List<CompletableFuture<EphemeralBuilder>> begun = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                begun.add(rig.begin());
            }
            rig.pass(Duration.ofMinutes(10));
            long calls = made.stream()
                    .filter(m -> m.action() != CloudAction.RENEW)
                    .filter(m -> m.at().isAfter(settled))
                    .count();
            assertThat(calls).as("calls in ten minutes of outage").isBetween(1L, 25L);
            begun.forEach(b -> b.cancel(false));
            assertThat(builder.gone()).isNotDone();
        }
    }

    @Test
    void aMachineIsGivenBackAlthoughTheCloudFailsAtEverythingElse() {
        try (FleetRig rig = rig(ProviderLimits.builder().build(), StateStore.inMemory())) {
            EphemeralBuilder builder = rig.acquire();
            for (int i = 0; i < 30; i++) {
                rig.cloud.failNext(Call.DESCRIBE, outage());
            }
            rig.pass(Duration.ofMinutes(6));
            Instant closed = ticker.now();
            made.clear();
            builder.close();
            rig.pass(Duration.ofSeconds(2));
            assertThat(times(CloudAction.DELETE)).isNotEmpty();
            assertThat(times(CloudAction.DELETE).get(0)).isBefore(closed.plusSeconds(2));
        }
    }

    @Test
    void aLimitOfNothingIsRefused() {
        assertThatThrownBy(() -> limits(CloudAction.LIST, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    private static ProviderException outage() {
        return new ProviderException(
                "no connection", ProviderException.Effect.NONE, true, "SDK.ServerUnreachable", null, null);
    }

    /** A store whose disk is full as far as rate limits go, each n-th time. */
    private record FailingBuckets(StateStore next, int each, AtomicInteger asked) implements StateStore {
        FailingBuckets(StateStore next, int each) {
            this(next, each, new AtomicInteger());
        }

        @Override
        public Optional<Map<String, String>> read(Kind kind, String key) {
            return next.read(kind, key);
        }

        @Override
        public Map<String, Map<String, String>> readAll(Kind kind) {
            return next.readAll(kind);
        }

        @Override
        public Optional<Map<String, String>> update(
                Kind kind, String key, Function<@Nullable Map<String, String>, @Nullable Map<String, String>> change) {
            if (kind == Kind.BUCKET && asked.incrementAndGet() % each == 0) {
                throw new ConfigurationException("no space left on the disk", null, null, null);
            }
            return next.update(kind, key, change);
        }

        @Override
        public void append(Log log, Instant at, Map<String, String> line) {
            next.append(log, at, line);
        }

        @Override
        public List<Map<String, String>> lines(Log log, Instant since) {
            return next.lines(log, since);
        }

        @Override
        public void close() {
            next.close();
        }
    }
}
