package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.event.BuilderEvent.ReclaimNoticed;
import dev.ephemeralbuilder.event.BuilderEvent.Released;
import dev.ephemeralbuilder.selection.RankedOffer;
import dev.ephemeralbuilder.selection.SelectionPolicy;
import dev.ephemeralbuilder.selection.SelectionRequest;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.TestTicker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Machines that go, with and without a word, and machines that only cannot be reached. Never an exit code. */
@Timeout(120)
class LostTest {
    /** Spot machines that the cloud may take back at once. */
    static final SelectionPolicy UNPROTECTED = new SelectionPolicy() {
        @Override
        public List<RankedOffer> rank(SelectionRequest request) {
            return SelectionPolicy.cheapestFirst().rank(request);
        }

        @Override
        public Set<Duration> protections() {
            return Set.of(Duration.ZERO);
        }
    };

    /** Acquires a builder on which commands run for long, so that time must not wait for their end. */
    private static EphemeralBuilder acquire(FleetRig rig) {
        EphemeralBuilder builder = rig.acquire();
        rig.command = Duration.ZERO;
        rig.cloud.cutShells(builder.id());
        return builder;
    }

    private static FleetRig unprotected() {
        return new FleetRig(cloud -> cloud, fleet -> fleet.selectionPolicy(UNPROTECTED));
    }

    private static RunningScript start(FleetRig rig, EphemeralBuilder builder, String text) {
        return rig.await(builder.start(Script.of(text)));
    }

    private static CompletableFuture<ScriptResult> run(EphemeralBuilder builder, String text, LogSink sink) {
        CompletableFuture<ScriptResult> end = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        end.complete(builder.run(Script.of(text), sink));
                    } catch (IOException | InterruptedException | RuntimeException | Error e) {
                        end.completeExceptionally(e);
                    }
                },
                "test-run");
        thread.setDaemon(true);
        thread.start();
        return end;
    }

    /** Waits until a script has written something. */
    private static void awaitOutput(FleetRig rig, ByteArrayOutputStream out) {
        for (int i = 0; i < 200 && out.size() == 0; i++) {
            rig.await(CompletableFuture.runAsync(() -> {}));
            rig.pass(Duration.ofMillis(100));
        }
        assertThat(out.size()).isPositive();
    }

    @Test
    void aRunOnAMachineThatVanishesIsLost() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = acquire(rig);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            CompletableFuture<ScriptResult> run = run(builder, "echo begun; sleep 600", LogSink.to(out));
            awaitOutput(rig, out);
            rig.cloud.vanish(builder.id());
            assertThatThrownBy(() -> rig.await(run)).isInstanceOf(BuilderLostException.class);
            assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("begun\n");
        }
    }

    @Test
    void followAndResultOnAMachineThatVanishesAreLost() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = acquire(rig);
            RunningScript script = start(rig, builder, "sleep 600");
            CompletableFuture<Void> follow = script.follow(LogSink.discard());
            CompletableFuture<ScriptResult> result = script.result();
            rig.pass(Duration.ofSeconds(5));
            rig.cloud.vanish(builder.id());
            assertThatThrownBy(() -> rig.await(follow)).isInstanceOf(BuilderLostException.class);
            assertThatThrownBy(() -> rig.await(result)).isInstanceOf(BuilderLostException.class);
        }
    }

    @Test
    void whatIsAskedAfterTheLossIsLostToo() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = acquire(rig);
            RunningScript script = start(rig, builder, "sleep 600");
            rig.cloud.vanish(builder.id());
            rig.await(builder.gone());
            assertThatThrownBy(() -> rig.await(script.result())).isInstanceOf(BuilderLostException.class);
            assertThatThrownBy(() -> rig.await(script.follow(LogSink.discard())))
                    .isInstanceOf(BuilderLostException.class);
            assertThatThrownBy(() -> rig.await(builder.start(Script.of("true"))))
                    .isInstanceOf(BuilderLostException.class);
            assertThatThrownBy(() -> rig.await(run(builder, "true", LogSink.discard())))
                    .isInstanceOf(BuilderLostException.class);
        }
    }

    @Test
    void whatIsAskedBeforeTheLossIsNoticedIsLostToo() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = acquire(rig);
            RunningScript script = start(rig, builder, "sleep 600");
            rig.cloud.cutShells(builder.id());
            rig.cloud.vanish(builder.id());
            CompletableFuture<RunningScript> started = builder.start(Script.of("true"));
            CompletableFuture<Void> cancelled = script.cancel();
            CompletableFuture<ScriptResult> run = run(builder, "true", LogSink.discard());
            assertThatThrownBy(() -> rig.await(started)).as("start").isInstanceOf(BuilderLostException.class);
            assertThatThrownBy(() -> rig.await(run)).as("run").isInstanceOf(BuilderLostException.class);
            assertThatThrownBy(() -> rig.await(cancelled)).as("cancel").isInstanceOf(BuilderLostException.class);
        }
    }

    @Test
    void aConnectionThatFailsOnlyAfterTheLossWasNoticedIsLostToo() throws Exception {
        AtomicBoolean slow = new AtomicBoolean();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch noticed = new CountDownLatch(1);
        try (FleetRig rig = new FleetRig(TestTicker.create(), c -> c, f -> f, cloud -> new ForwardingProvider(cloud) {
            @Override
            public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
                if (slow.get()) {
                    begun.countDown();
                    assertThat(noticed.await(60, TimeUnit.SECONDS)).isTrue();
                }
                return super.open(machine, keys);
            }
        })) {
            EphemeralBuilder builder = acquire(rig);
            // The call that hangs must not stop the time.
            rig.ticker.patience(Duration.ofMillis(20));
            slow.set(true);
            CompletableFuture<RunningScript> started = builder.start(Script.of("true"));
            rig.pass(Duration.ofMillis(1));
            assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
            rig.cloud.vanish(builder.id());
            rig.await(builder.gone());
            noticed.countDown();
            assertThatThrownBy(() -> rig.await(started)).isInstanceOf(BuilderLostException.class);
        }
    }

    @Test
    void theLossOfAnIdleMachineIsNoticed() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = acquire(rig);
            rig.pass(Duration.ofMinutes(1));
            rig.cloud.vanish(builder.id());
            Instant lostAt = rig.ticker.now();
            rig.await(builder.gone());
            assertThat(Duration.between(lostAt, rig.ticker.now())).isLessThan(Duration.ofMinutes(10));
            assertThat(rig.event(Released.class).machineId()).isEqualTo(builder.id());
            assertThat(builder.reclaimNotice()).isNotDone();
        }
    }

    @Test
    void aNoticeOfReclaimIsHeardWhileTheMachineStillWorks() {
        try (FleetRig rig = unprotected()) {
            EphemeralBuilder builder = acquire(rig);
            RunningScript script = start(rig, builder, "sleep 600");
            rig.cloud.reclaim(builder.id(), Duration.ofMinutes(5));
            Instant deadline = rig.ticker.now().plus(Duration.ofMinutes(5));
            ReclaimNotice notice = rig.await(builder.reclaimNotice());
            assertThat(rig.ticker.now()).isBefore(deadline);
            assertThat(notice.deadline()).isEqualTo(deadline);
            assertThat(notice.source()).isEqualTo("Recycling");
            assertThat(rig.event(ReclaimNoticed.class).notice()).isEqualTo(notice);
            assertThat(script.result()).isNotDone();
            assertThat(rig.await(run(builder, "exit 7", LogSink.discard())).exitCode())
                    .isEqualTo(7);
            assertThat(builder.gone()).isNotDone();
        }
    }

    @Test
    void afterTheReclaimEverythingSaysSo() {
        try (FleetRig rig = unprotected()) {
            EphemeralBuilder builder = acquire(rig);
            RunningScript script = start(rig, builder, "sleep 600");
            CompletableFuture<Void> follow = script.follow(LogSink.discard());
            CompletableFuture<ScriptResult> result = script.result();
            CompletableFuture<ScriptResult> run = run(builder, "sleep 600", LogSink.discard());
            rig.cloud.reclaim(builder.id(), Duration.ofMinutes(2));
            ReclaimNotice notice = rig.await(builder.reclaimNotice());
            Map<String, CompletableFuture<?>> ends = Map.of("follow", follow, "result", result, "run", run);
            for (Map.Entry<String, CompletableFuture<?>> end : ends.entrySet()) {
                assertThatThrownBy(() -> rig.await(end.getValue()))
                        .as(end.getKey())
                        .isInstanceOfSatisfying(
                                BuilderReclaimedException.class,
                                e -> assertThat(e.notice()).isEqualTo(notice));
            }
            rig.await(builder.gone());
            assertThatThrownBy(() -> rig.await(builder.start(Script.of("true"))))
                    .isInstanceOf(BuilderReclaimedException.class);
        }
    }

    @Test
    void aReclaimWithoutNoticeIsALoss() {
        try (FleetRig rig = unprotected()) {
            EphemeralBuilder builder = acquire(rig);
            RunningScript script = start(rig, builder, "sleep 600");
            rig.cloud.reclaim(builder.id(), Duration.ZERO);
            assertThatThrownBy(() -> rig.await(script.result()))
                    .isInstanceOfAny(BuilderLostException.class, BuilderReclaimedException.class);
        }
    }

    @Test
    void aMachineThatIsOutOfReachButThereTimesOut() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = acquire(rig);
            RunningScript script = start(rig, builder, "sleep 600");
            CompletableFuture<ScriptResult> result = script.result();
            rig.cloud.refuseConnections(builder.id(), true);
            rig.cloud.cutShells(builder.id());
            rig.pass(Duration.ofSeconds(10));
            assertThat(result).isNotDone();
            assertThatThrownBy(() -> rig.await(result)).isInstanceOf(BuilderTimeoutException.class);
            assertThat(builder.gone()).isNotDone();
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
        }
    }

    @Test
    void aMachineThatComesBackInTimeHasLostNothing() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = acquire(rig);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            CompletableFuture<ScriptResult> run = run(
                    builder, "echo begun; until [ -e go ]; do sleep 0.1; done; echo ended; exit 3", LogSink.to(out));
            awaitOutput(rig, out);
            rig.cloud.refuseConnections(builder.id(), true);
            rig.cloud.cutShells(builder.id());
            rig.pass(Duration.ofSeconds(10));
            rig.cloud.refuseConnections(builder.id(), false);
            rig.await(run(builder, "touch go", LogSink.discard()));
            assertThat(rig.await(run).exitCode()).isEqualTo(3);
            assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("begun\nended\n");
        }
    }

    @Test
    void aMachineThatNobodyCanAskForIsNotLost() {
        AtomicBoolean blind = new AtomicBoolean();
        try (FleetRig rig = new FleetRig(TestTicker.create(), c -> c, f -> f, cloud -> new ForwardingProvider(cloud) {
            @Override
            public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                if (blind.get()) {
                    throw new ProviderException("no answer", Effect.NONE, true, null, null, null);
                }
                return super.describe(ids);
            }
        })) {
            EphemeralBuilder builder = acquire(rig);
            RunningScript script = start(rig, builder, "sleep 600");
            blind.set(true);
            rig.cloud.refuseConnections(builder.id(), true);
            rig.cloud.cutShells(builder.id());
            Throwable failure = catchThrowable(() -> rig.await(script.result()));
            assertThat(failure).isInstanceOf(BuilderException.class).isNotInstanceOf(BuilderLostException.class);
            assertThat(builder.gone()).isNotDone();
            blind.set(false);
        }
    }

    @Test
    void giveBackDuringARunIsNoExitCode() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = acquire(rig);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            CompletableFuture<ScriptResult> run = run(builder, "echo begun; sleep 600", LogSink.to(out));
            awaitOutput(rig, out);
            builder.close();
            Throwable failure = catchThrowable(() -> rig.await(run));
            assertThat(failure instanceof CompletionException ? failure.getCause() : failure)
                    .isInstanceOfAny(BuilderException.class, IllegalStateException.class);
        }
    }
}
