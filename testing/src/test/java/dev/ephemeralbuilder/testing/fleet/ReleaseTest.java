package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.FleetRig.SPEC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.event.BuilderEvent.Released;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How machines are given back: by close, cancel, interrupt and the end of the fleet, whatever the cloud says. */
@Timeout(120)
@Tag("once")
class ReleaseTest {
    private static ProviderException failed(Effect effect, boolean retryable) {
        return new ProviderException("the server has a bad day", effect, retryable, "InternalError", "req-1", null);
    }

    private static FleetRig wrapped(UnaryOperator<CloudProvider> wrapper) {
        return new FleetRig(TestTicker.create(), cloud -> cloud, fleet -> fleet, wrapper);
    }

    @Test
    void closeDeletesAndGoneCompletesWhenTheCloudShowsTheMachineNoMore() {
        try (FleetRig rig = new FleetRig(cloud -> cloud.deletionTime(Duration.ofSeconds(90)), fleet -> fleet)) {
            EphemeralBuilder builder = rig.acquire();
            rig.pass(Duration.ofMinutes(1));
            assertThat(builder.gone()).isNotDone();
            builder.close();
            rig.pass(Duration.ofSeconds(80));
            assertThat(builder.gone()).isNotDone();
            CompletableFuture<Set<String>> left = builder.gone().thenApply(unused -> rig.cloud.machines());
            assertThat(rig.await(left)).isEmpty();
        }
    }

    @Test
    void closeTwiceIsCloseOnce() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = rig.acquire();
            builder.close();
            builder.close();
            rig.await(builder.gone());
            builder.close();
            rig.pass(Duration.ofMinutes(5));
            assertThat(rig.cloud.calls(Call.DELETE)).isEqualTo(1);
            rig.event(Released.class);
            assertThat(rig.events(Released.class)).hasSize(1);
        }
    }

    @Test
    void aMachineThatCannotBeDeletedYetIsDeletedLater() {
        try (FleetRig rig = new FleetRig(cloud -> cloud.initializingTime(Duration.ofMinutes(4)), fleet -> fleet)) {
            EphemeralBuilder builder = rig.acquire();
            builder.close();
            rig.pass(Duration.ofMinutes(2));
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
            assertThat(builder.gone()).isNotDone();
            rig.await(builder.gone());
            assertThat(rig.cloud.machines()).isEmpty();
            assertThat(rig.cloud.calls(Call.DELETE)).isGreaterThan(1);
        }
    }

    @Test
    void aDeletionThatFailsIsRepeatedWhateverTheReason() {
        List<BuilderException> reasons = List.of(
                failed(Effect.NONE, true),
                failed(Effect.UNKNOWN, true),
                failed(Effect.NONE, false),
                new ThrottledException("too many calls", "Throttling.User", null, null),
                new CredentialsException("the key is being rotated", "Forbidden.RAM", null, null));
        for (BuilderException reason : reasons) {
            try (FleetRig rig = new FleetRig()) {
                EphemeralBuilder builder = rig.acquire();
                for (int i = 0; i < 4; i++) {
                    rig.cloud.failNext(Call.DELETE, reason);
                }
                builder.close();
                rig.await(builder.gone());
                assertThat(rig.cloud.machines()).as("after %s", reason).isEmpty();
            }
        }
    }

    @Test
    void aDeletionWhoseAnswerIsLostIsNoTrouble() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.cloud.loseNextAnswer(Call.DELETE);
            builder.close();
            rig.await(builder.gone());
            assertThat(rig.cloud.machines()).isEmpty();
        }
    }

    @Test
    void aMachineThatNobodyCouldAskForIsNotTakenForGone() {
        AtomicBoolean blind = new AtomicBoolean();
        try (FleetRig rig = wrapped(cloud -> new ForwardingProvider(cloud) {
            @Override
            public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                if (blind.get()) {
                    throw failed(Effect.NONE, true);
                }
                return super.describe(ids);
            }

            @Override
            public MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
                if (blind.get()) {
                    throw failed(Effect.NONE, true);
                }
                return super.list(owner, cursor);
            }
        })) {
            EphemeralBuilder builder = rig.acquire();
            blind.set(true);
            builder.close();
            rig.pass(Duration.ofMinutes(3));
            assertThat(rig.cloud.machines()).isEmpty();
            assertThat(builder.gone()).isNotDone();
            blind.set(false);
            rig.await(builder.gone());
        }
    }

    @Test
    void aDeletionThatTheCloudForgetsIsOrderedAgain() {
        AtomicInteger forgotten = new AtomicInteger();
        try (FleetRig rig = wrapped(cloud -> new ForwardingProvider(cloud) {
            @Override
            public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
                if (forgotten.getAndIncrement() < 2) {
                    return ids.stream().collect(java.util.stream.Collectors.toMap(id -> id, id -> Outcome.accepted()));
                }
                return super.delete(ids);
            }
        })) {
            EphemeralBuilder builder = rig.acquire();
            builder.close();
            rig.await(builder.gone());
            assertThat(rig.cloud.machines()).isEmpty();
        }
    }

    @Test
    void anAbsentWordRightAfterTheCreationIsNoProof() {
        AtomicInteger denials = new AtomicInteger();
        try (FleetRig rig = wrapped(cloud -> new ForwardingProvider(cloud) {
            @Override
            public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
                if (denials.getAndIncrement() < 1) {
                    return ids.stream()
                            .collect(java.util.stream.Collectors.toMap(
                                    id -> id, id -> new Outcome(Outcome.Status.ABSENT, "InvalidInstanceId.NotFound")));
                }
                return super.delete(ids);
            }
        })) {
            EphemeralBuilder builder = rig.acquire();
            builder.close();
            rig.await(builder.gone());
            assertThat(rig.cloud.machines()).isEmpty();
        }
    }

    private static List<EphemeralBuilder> acquireAll(FleetRig rig, int n) {
        List<CompletableFuture<EphemeralBuilder>> all = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            all.add(rig.begin());
        }
        rig.await(CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)));
        return all.stream().map(CompletableFuture::join).toList();
    }

    private static void closeAll(FleetRig rig, List<EphemeralBuilder> builders) {
        builders.forEach(EphemeralBuilder::close);
        rig.await(CompletableFuture.allOf(
                builders.stream().map(EphemeralBuilder::gone).toArray(CompletableFuture[]::new)));
        assertThat(rig.cloud.machines()).isEmpty();
    }

    @Test
    void oneMachineThatSpoilsItsBatchKeepsNoOtherAlive() {
        AtomicReference<String> poison = new AtomicReference<>("");
        Set<Integer> sizes = java.util.Collections.synchronizedSet(new TreeSet<>());
        try (FleetRig rig = wrapped(cloud -> new ForwardingProvider(cloud) {
            @Override
            public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
                sizes.add(ids.size());
                if (ids.size() > 1 && ids.contains(poison.get())) {
                    throw failed(Effect.NONE, false);
                }
                return super.delete(ids);
            }
        })) {
            List<EphemeralBuilder> builders = acquireAll(rig, 7);
            poison.set(builders.get(3).id());
            closeAll(rig, builders);
            assertThat(sizes).contains(1).anyMatch(size -> size > 1);
        }
    }

    @Test
    void manyDeletionsShareTheirCalls() {
        try (FleetRig rig = new FleetRig()) {
            closeAll(rig, acquireAll(rig, 30));
            assertThat(rig.cloud.calls(Call.DELETE)).isLessThanOrEqualTo(3);
        }
    }

    @Test
    void aRefusedIdKeepsNoOtherAliveAndIsAskedForAgain() {
        AtomicInteger refusals = new AtomicInteger();
        try (FleetRig rig = wrapped(cloud -> new ForwardingProvider(cloud) {
            @Override
            public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
                String first = ids.iterator().next();
                if (refusals.getAndIncrement() >= 3) {
                    return super.delete(ids);
                }
                List<String> rest = ids.stream().filter(id -> !id.equals(first)).toList();
                Map<String, Outcome> outcomes = new java.util.HashMap<>(rest.isEmpty() ? Map.of() : super.delete(rest));
                outcomes.put(first, new Outcome(Outcome.Status.REFUSED, "OperationDenied"));
                return outcomes;
            }
        })) {
            closeAll(rig, acquireAll(rig, 3));
        }
    }

    @Test
    void aCancelAtAnyMomentLeavesNoMachine() {
        for (int i = 0; i <= 24; i++) {
            Duration moment = Duration.ofMillis(i * 250L);
            try (FleetRig rig = new FleetRig(cloud -> cloud.bootTime(Duration.ofSeconds(3)), fleet -> fleet)) {
                if (i % 3 == 1) {
                    rig.cloud.loseNextAnswer(Call.LAUNCH);
                }
                CompletableFuture<EphemeralBuilder> acquire = rig.begin();
                rig.pass(moment);
                acquire.cancel(true);
                rig.pass(Duration.ofSeconds(30));
                if (acquire.isCancelled()) {
                    rig.passUntilEmpty(Duration.ofMinutes(5));
                } else {
                    assertThat(rig.cloud.machines())
                            .containsExactly(acquire.join().id());
                }
                int creates = rig.creates.size();
                rig.pass(Duration.ofMinutes(2));
                assertThat(rig.creates).as("cancelled after %s", moment).hasSize(creates);
            }
        }
    }

    @Test
    void aCancelDuringTheCreateCallLeavesNoMachine() {
        for (boolean lost : new boolean[] {false, true}) {
            AtomicReference<CompletableFuture<EphemeralBuilder>> acquire = new AtomicReference<>();
            try (FleetRig rig = wrapped(cloud -> new ForwardingProvider(cloud) {
                @Override
                public LaunchResult launch(Launch launch) throws InterruptedException {
                    LaunchResult result = super.launch(launch);
                    acquire.get().cancel(true);
                    if (lost) {
                        throw failed(Effect.UNKNOWN, true);
                    }
                    return result;
                }
            })) {
                acquire.set(rig.begin());
                rig.pass(Duration.ofSeconds(30));
                assertThat(acquire.get()).isCancelled();
                rig.passUntilEmpty(Duration.ofMinutes(10));
            }
        }
    }

    private static BuildFleet wallFleet(CloudProvider provider, Ticker ticker) {
        return BuildFleet.builder()
                .owner(FleetRig.OWNER)
                .provider(provider)
                .ticker(ticker)
                .closeTimeout(Duration.ofSeconds(3))
                .build();
    }

    @Test
    void anInterruptDuringAnAcquireLeavesNoMachine() throws Exception {
        try (Ticker ticker = Ticker.system("test-ticker");
                InMemoryProvider cloud = InMemoryProvider.builder()
                        .ticker(ticker)
                        .bootTime(Duration.ofHours(1))
                        .build();
                BuildFleet fleet = wallFleet(cloud, ticker)) {
            CompletableFuture<Throwable> end = new CompletableFuture<>();
            Thread caller = new Thread(
                    () -> {
                        try {
                            fleet.acquire(SPEC);
                            end.completeExceptionally(new AssertionError("acquired"));
                        } catch (InterruptedException | RuntimeException e) {
                            end.complete(e);
                        }
                    },
                    "test-caller");
            caller.setDaemon(true);
            caller.start();
            Awaitility.await().until(() -> !cloud.machines().isEmpty());
            caller.interrupt();
            assertThat(end.get(20, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> cloud.machines().isEmpty());
        }
    }

    @Test
    void anAcquireOfAnInterruptedThreadLeavesNoMachine() {
        try (Ticker ticker = Ticker.system("test-ticker");
                InMemoryProvider cloud = InMemoryProvider.on(ticker)) {
            try (BuildFleet fleet = wallFleet(cloud, ticker)) {
                Thread.currentThread().interrupt();
                try {
                    assertThatThrownBy(() -> fleet.acquire(SPEC)).isInstanceOf(InterruptedException.class);
                } finally {
                    Thread.interrupted();
                }
            }
            assertThat(cloud.machines()).isEmpty();
        }
    }

    @Test
    void theEndOfTheFleetGivesBackEveryBuilder() {
        FleetRig rig = new FleetRig();
        List<EphemeralBuilder> builders = acquireAll(rig, 5);
        rig.close();
        assertThat(rig.cloud.machines()).isEmpty();
        assertThat(builders).allSatisfy(builder -> assertThat(builder.gone()).isCompleted());
    }

    @Test
    void theEndOfTheFleetEndsAcquiresUnderWay() {
        for (int i = 0; i < 6; i++) {
            FleetRig rig = new FleetRig(cloud -> cloud.bootTime(Duration.ofSeconds(4)), fleet -> fleet);
            CompletableFuture<EphemeralBuilder> first = rig.begin();
            CompletableFuture<EphemeralBuilder> second = rig.begin();
            rig.pass(Duration.ofSeconds(i));
            rig.close();
            assertThat(rig.cloud.machines()).isEmpty();
            assertThat(first).isDone();
            assertThat(second).isDone();
        }
    }

    @Test
    void theEndOfTheFleetIsBoundedAndNamesWhatItLeavesWhenTheCloudCannotBeAsked() {
        AtomicBoolean down = new AtomicBoolean();
        FleetRig rig = new FleetRig(
                TestTicker.create(),
                c -> c,
                fleet -> fleet.closeTimeout(Duration.ofSeconds(3)),
                cloud -> new ForwardingProvider(cloud) {
                    private void ask() {
                        if (down.get()) {
                            throw failed(Effect.NONE, true);
                        }
                    }

                    @Override
                    public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                        ask();
                        return super.describe(ids);
                    }

                    @Override
                    public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
                        ask();
                        return super.delete(ids);
                    }
                });
        EphemeralBuilder builder = rig.acquire();
        down.set(true);
        PrintStream console = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        Instant begun = rig.ticker.now();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            rig.close(rig.fleet);
        } finally {
            System.setErr(console);
        }
        assertThat(Duration.between(begun, rig.ticker.now())).isLessThan(Duration.ofMinutes(10));
        assertThat(said.toString(StandardCharsets.UTF_8)).contains("WARN").contains(builder.id());
        assertThat(rig.cloud.machines()).containsExactly(builder.id());
        assertThat(builder.gone()).isNotCompleted();
        // What is left ends by its cap.
        rig.ticker.advance(Duration.ofHours(3));
        assertThat(rig.cloud.machines()).isEmpty();
        rig.close();
    }

    @Test
    void aClosedFleetLeavesNothingOnATickerThatIsNotItsOwn() {
        AtomicBoolean down = new AtomicBoolean();
        FleetRig rig =
                new FleetRig(TestTicker.create(), c -> c, fleet -> fleet.closeTimeout(Duration.ofSeconds(1)), cloud -> {
                    return new ForwardingProvider(cloud) {
                        @Override
                        public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
                            if (down.get()) {
                                throw failed(Effect.NONE, true);
                            }
                            return super.delete(ids);
                        }
                    };
                });
        rig.acquire();
        down.set(true);
        rig.close(rig.fleet);
        // Past the machine's cap, so that the cloud waits for nothing either.
        rig.ticker.advance(Duration.ofHours(3));
        assertThat(rig.cloud.machines()).isEmpty();
        assertThat(rig.ticker.pending()).isZero();
        rig.close();
    }

    @Test
    void theEndOfTheFleetIsBoundedWhenTheCloudHangs() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        try (Ticker ticker = Ticker.system("test-ticker");
                InMemoryProvider cloud = InMemoryProvider.on(ticker)) {
            BuildFleet fleet = wallFleet(
                    new ForwardingProvider(cloud) {
                        @Override
                        public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
                            never.await();
                            return super.delete(ids);
                        }
                    },
                    ticker);
            fleet.acquire(SPEC);
            CompletableFuture.runAsync(fleet::close).get(60, TimeUnit.SECONDS);
            assertThat(never.getCount()).isOne();
        }
    }

    @Test
    void aClosedFleetAcquiresNothing() {
        FleetRig rig = new FleetRig();
        rig.close();
        assertThatThrownBy(() -> rig.fleet.acquire(SPEC)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> rig.fleet.acquireAsync(SPEC, AcquireRequest.defaults()))
                .isInstanceOf(IllegalStateException.class);
        assertThatCode(rig.fleet::close).doesNotThrowAnyException();
    }

    @Test
    void aBuilderMayBeClosedAfterItsFleet() {
        FleetRig rig = new FleetRig();
        EphemeralBuilder builder = rig.acquire();
        rig.close();
        assertThatCode(builder::close).doesNotThrowAnyException();
        assertThat(builder.cost().billed()).isPositive();
    }

    @Test
    void aClosedBuilderRunsNothing() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = rig.acquire();
            builder.close();
            assertThatThrownBy(() -> rig.await(CompletableFuture.supplyAsync(() -> {
                        try {
                            return builder.run(Script.of("true"), LogSink.discard());
                        } catch (java.io.IOException | InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    })))
                    .isInstanceOfAny(IllegalStateException.class, BuilderException.class);
        }
    }

    private static Instant lease(FleetRig rig, EphemeralBuilder builder) throws InterruptedException {
        return Instant.ofEpochSecond(Long.parseLong(rig.tags(builder.id()).get(MachineTags.LEASE)));
    }

    @Test
    void theLeaseIsRenewedWhileTheBuilderIsHeld() throws Exception {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.cloud.failNext(Call.RENEW, failed(Effect.NONE, true));
            rig.cloud.failNext(Call.RENEW, failed(Effect.UNKNOWN, true));
            for (int minute = 0; minute < 60; minute++) {
                rig.pass(Duration.ofMinutes(1));
                assertThat(lease(rig, builder))
                        .isAfter(rig.ticker.now())
                        .isBefore(rig.ticker.now().plus(Duration.ofMinutes(11)));
            }
        }
    }

    @Test
    void theLeasesOfManyBuildersAreRenewedInOneCall() {
        try (FleetRig rig = new FleetRig()) {
            assertThat(acquireAll(rig, 20)).hasSize(20);
            rig.pass(Duration.ofMinutes(30));
            assertThat(rig.cloud.calls(Call.RENEW)).isBetween(2, 30);
        }
    }

    @Test
    void theLeaseIsNotRenewedOnceTheBuilderIsGivenBack() throws Exception {
        try (FleetRig rig = new FleetRig(
                cloud -> cloud.deletionTime(Duration.ofHours(1)), fleet -> fleet.closeTimeout(Duration.ZERO))) {
            EphemeralBuilder builder = rig.acquire();
            rig.pass(Duration.ofMinutes(20));
            builder.close();
            rig.pass(Duration.ofMinutes(1));
            int renewals = rig.cloud.calls(Call.RENEW);
            String lease = rig.tags(builder.id()).get(MachineTags.LEASE);
            rig.pass(Duration.ofMinutes(11));
            assertThat(rig.cloud.calls(Call.RENEW)).isEqualTo(renewals);
            assertThat(rig.tags(builder.id()).get(MachineTags.LEASE)).isEqualTo(lease);
        }
    }

    @Test
    void aFleetLeavesNoThreadBehind() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        FleetRig rig = new FleetRig();
        rig.acquire();
        rig.close();
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> !before.contains(thread)
                                && thread.isAlive()
                                && thread.getName().startsWith("ephemeral-")));
    }
}
