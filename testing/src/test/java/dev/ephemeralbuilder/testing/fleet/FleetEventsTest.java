package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ReapReport.Fate;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderEvent.AcquireFailed;
import dev.ephemeralbuilder.event.BuilderEvent.Acquired;
import dev.ephemeralbuilder.event.BuilderEvent.Detached;
import dev.ephemeralbuilder.event.BuilderEvent.LeftBehind;
import dev.ephemeralbuilder.event.BuilderEvent.LimitReached;
import dev.ephemeralbuilder.event.BuilderEvent.Released;
import dev.ephemeralbuilder.event.BuilderEvent.Released.Ending;
import dev.ephemeralbuilder.event.BuilderEvent.ScriptEnded;
import dev.ephemeralbuilder.event.BuilderEvent.ScriptLost;
import dev.ephemeralbuilder.event.BuilderEvent.ScriptStarted;
import dev.ephemeralbuilder.event.BuilderEvent.TransferFailed;
import dev.ephemeralbuilder.event.BuilderEvent.Transferred;
import dev.ephemeralbuilder.event.BuilderListener;
import dev.ephemeralbuilder.event.CloudEvent;
import dev.ephemeralbuilder.event.CloudEvent.Called;
import dev.ephemeralbuilder.event.CloudEvent.Delayed;
import dev.ephemeralbuilder.event.CloudEvent.Swept;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a fleet tells of scripts, files, ends, limits, calls and sweeps, and what its listeners can do to it. */
@Timeout(120)
@Tag("once")
class FleetEventsTest {
    private final List<CloudEvent> cloudEvents = new CopyOnWriteArrayList<>();

    private final BuilderListener clouds = new BuilderListener() {
        @Override
        public void onEvent(BuilderEvent event) {
            // The rig's own listener has these.
        }

        @Override
        public void onCloudEvent(CloudEvent event) {
            cloudEvents.add(event);
        }
    };

    private static FleetRig rig(UnaryOperator<BuildFleet.Builder> fleet) {
        return new FleetRig(cloud -> cloud, fleet);
    }

    private <E extends CloudEvent> E cloudEvent(Class<E> type, Predicate<E> which) {
        Awaitility.await(type.getSimpleName())
                .atMost(Duration.ofSeconds(20))
                .until(() -> cloudEvents(type).stream().anyMatch(which));
        return cloudEvents(type).stream().filter(which).findFirst().orElseThrow();
    }

    private <E extends CloudEvent> List<E> cloudEvents(Class<E> type) {
        return cloudEvents.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private static ScriptResult run(FleetRig rig, EphemeralBuilder builder, String text) {
        RunningScript script = rig.await(builder.start(Script.of(text)));
        return rig.await(script.result());
    }

    @Test
    void aScriptIsToldFromItsStartToItsEndWithItsExitCode() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = rig.acquire();
            RunningScript script = rig.await(builder.start(Script.of("exit 7")));
            rig.await(script.follow(LogSink.discard()));
            ScriptResult result = rig.await(script.result());
            rig.await(rig.await(builder.script(script.id())).result());

            ScriptEnded ended = rig.event(ScriptEnded.class);
            assertThat(ended.result())
                    .isEqualTo(result)
                    .extracting(ScriptResult::exitCode)
                    .isEqualTo(7);
            assertThat(ended.scriptId()).isEqualTo(script.id());
            assertThat(rig.event(ScriptStarted.class).scriptId()).isEqualTo(script.id());
            assertThat(rig.events(ScriptEnded.class)).hasSize(1);
            builder.close();
            rig.await(builder.gone());
            rig.event(Released.class);
            assertThat(rig.events(ScriptLost.class)).isEmpty();
        }
    }

    @Test
    void aScriptThatRunsWhenItsMachineVanishesIsLost() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.command = Duration.ZERO;
            rig.cloud.cutShells(builder.id());
            RunningScript script = rig.await(builder.start(Script.of("exec sleep 600")));
            rig.cloud.vanish(builder.id());

            assertThatThrownBy(() -> rig.await(script.result())).isInstanceOf(BuilderLostException.class);

            ScriptLost lost = rig.event(ScriptLost.class);
            assertThat(lost.scriptId()).isEqualTo(script.id());
            assertThat(lost.reason()).isInstanceOf(BuilderLostException.class);
            Released released = rig.event(Released.class);
            assertThat(released.ending()).isEqualTo(Ending.LOST);
            assertThat(released.offer()).isEqualTo(builder.offer());
            assertThat(released.held()).isPositive();
            assertThat(rig.events(ScriptEnded.class)).isEmpty();
        }
    }

    @Test
    void aScriptThatRunsWhenItsBuilderIsClosedIsLostAndOneOnADetachedMachineIsNot() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder closed = rig.acquire();
            EphemeralBuilder detached = rig.acquire();
            rig.command = Duration.ZERO;
            rig.cloud.cutShells(closed.id());
            rig.cloud.cutShells(detached.id());
            RunningScript script = rig.await(closed.start(Script.of("exec sleep 600")));
            rig.await(detached.start(Script.of("exec sleep 600")));
            rig.detach(detached);
            closed.close();
            rig.await(closed.gone());

            assertThat(rig.event(Detached.class).machineId()).isEqualTo(detached.id());
            assertThat(rig.event(Released.class).ending()).isEqualTo(Ending.CLOSED);
            assertThat(rig.events(ScriptLost.class))
                    .extracting(ScriptLost::scriptId)
                    .containsExactly(script.id());
        }
    }

    @Test
    void aMachineThatIsTakenBackEndsAsReclaimed() {
        try (FleetRig rig = rig(fleet -> fleet.selectionPolicy(LostTest.UNPROTECTED))) {
            EphemeralBuilder builder = rig.acquire();
            rig.cloud.reclaim(builder.id(), Duration.ofMinutes(3));
            rig.await(builder.gone());

            Released released = rig.event(Released.class);
            assertThat(released.ending()).isEqualTo(Ending.RECLAIMED);
            assertThat(rig.events(BuilderEvent.ReclaimNoticed.class)).hasSize(1);
            assertThatThrownBy(() -> rig.await(builder.start(Script.of("true"))))
                    .isInstanceOf(BuilderReclaimedException.class);
        }
    }

    @Test
    void aMachineThatNeverGetsReadyEndsAsUnready() {
        try (FleetRig rig = new FleetRig()) {
            rig.cloud.vanishNextLaunch();
            EphemeralBuilder builder = rig.acquire();

            Released released = rig.event(Released.class);
            assertThat(released.machineId()).isNotEqualTo(builder.id());
            assertThat(released.ending()).isIn(Ending.LOST, Ending.UNREADY);
            assertThat(rig.event(Acquired.class).machines()).isEqualTo(1);
        }
    }

    @Test
    void filesAreToldWithTheirSizeAndTheirFailure(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("a.txt"), "12345");
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.blocking(() -> quietly(() -> builder.upload(file, "a.txt")));
            assertThatThrownBy(() -> rig.blocking(
                            () -> quietly(() -> builder.download("there-is-none", folder.resolve("none")))))
                    .isInstanceOf(UncheckedIOException.class);

            Transferred up = rig.event(Transferred.class);
            assertThat(up.direction()).isEqualTo(BuilderEvent.Direction.UPLOAD);
            assertThat(up.transfer().bytes()).isEqualTo(5);
            TransferFailed down = rig.event(TransferFailed.class);
            assertThat(down.direction()).isEqualTo(BuilderEvent.Direction.DOWNLOAD);
            assertThat(down.failure()).isInstanceOf(IOException.class);
        }
    }

    interface Copying<T> {
        T run() throws IOException, InterruptedException;
    }

    static <T> T quietly(Copying<T> copying) throws InterruptedException {
        try {
            return copying.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void anOwnersLimitIsTold() {
        try (FleetRig rig = rig(fleet -> fleet.maxMachines(1))) {
            rig.acquire();
            assertThatThrownBy(rig::acquire).isInstanceOf(QuotaException.class);

            LimitReached reached = rig.event(LimitReached.class);
            assertThat(reached.wanted()).isEqualTo(1);
            assertThat(reached.room()).isZero();
            assertThat(reached.reason()).isNotNull();
            AcquireFailed failed = rig.event(AcquireFailed.class);
            assertThat(failed.failure()).isInstanceOf(QuotaException.class);
            assertThat(failed.requestId()).isEqualTo(reached.requestId());
        }
    }

    @Test
    void anAcquireThatIsGivenUpHasNoFailure() {
        try (FleetRig rig = new FleetRig()) {
            var acquiring = rig.begin();
            rig.firstMachine();
            acquiring.cancel(true);
            rig.passUntilEmpty(Duration.ofMinutes(5));

            assertThat(rig.event(AcquireFailed.class).failure()).isNull();
            assertThat(rig.event(Released.class).ending()).isEqualTo(Ending.UNREADY);
        }
    }

    @Test
    void callsAreToldWithWhatTheyMetAndHowOftenTheyWereTried() {
        try (FleetRig rig = rig(fleet -> fleet.listener(clouds))) {
            rig.cloud.failNext(
                    Call.LAUNCH,
                    new ProviderException("meant to fail", ProviderException.Effect.NONE, true, "Busy", null, null));
            rig.acquire();

            Called failed = cloudEvent(Called.class, call -> call.failure() != null);
            assertThat(failed.action()).isEqualTo(CloudAction.LAUNCH);
            assertThat(failed.attempt()).isEqualTo(1);
            assertThat(failed.throttled()).isFalse();
            assertThat(failed.provider()).isEqualTo(rig.cloud.name());
            assertThat(failed.region()).isEqualTo(rig.cloud.region());
            Called again = cloudEvent(Called.class, call -> call.attempt() == 2);
            assertThat(again.action()).isEqualTo(CloudAction.LAUNCH);
            assertThat(again.failure()).isNull();
        }
    }

    @Test
    void waitsForARateLimitAreTold() {
        ProviderLimits slow =
                ProviderLimits.builder().callsPerMinute(CloudAction.LAUNCH, 1).build();
        try (FleetRig rig = new FleetRig(cloud -> cloud.limits(slow), fleet -> fleet.listener(clouds))) {
            rig.acquire();
            rig.acquire();

            Delayed delayed = cloudEvent(Delayed.class, d -> true);
            assertThat(delayed.reason()).isEqualTo(Delayed.Reason.RATE_LIMIT);
            assertThat(delayed.took()).isGreaterThanOrEqualTo(Duration.ofMillis(100));
        }
    }

    @Test
    void aSweepIsToldWithWhatItDidOrWouldHaveDone() throws Exception {
        try (FleetRig rig = rig(fleet -> fleet.listener(clouds))) {
            rig.acquire();
            String orphan = rig.orphan();
            rig.blocking(() -> rig.fleet.reapDryRun());
            rig.blocking(() -> rig.fleet.reap());

            Swept dry = cloudEvent(Swept.class, Swept::dryRun);
            assertThat(dry.part().findings()).noneMatch(finding -> finding.fate() != Fate.LEFT);
            Swept wet = cloudEvent(Swept.class, swept -> !swept.dryRun());
            assertThat(wet.part().findings())
                    .filteredOn(finding -> finding.fate() == Fate.DELETED)
                    .extracting(finding -> finding.machine().id())
                    .containsExactly(orphan);
        }
    }

    @Test
    void whatIsLeftWhenTheFleetClosesIsTold() {
        List<BuilderEvent> told;
        String id;
        try (FleetRig rig = new FleetRig(
                cloud -> cloud.deletionTime(Duration.ofMinutes(10)),
                fleet -> fleet.closeTimeout(Duration.ofSeconds(5)))) {
            told = rig.events;
            id = rig.acquire().id();
        }
        assertThat(told)
                .filteredOn(event -> event instanceof LeftBehind)
                .extracting(event -> ((LeftBehind) event).machineId())
                .containsExactly(id);
    }

    @Test
    void eightListenersThatBlockStopNeitherSinksNorTheFleet() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        CountDownLatch blocked = new CountDownLatch(8);
        BuilderListener blocking = event -> {
            blocked.countDown();
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        try (FleetRig rig = rig(fleet -> {
            for (int i = 0; i < 8; i++) {
                fleet.listener(blocking);
            }
            return fleet;
        })) {
            // What blocks a listener holds the test's time for a moment of the wall clock at each step.
            rig.ticker.patience(Duration.ofMillis(5));
            EphemeralBuilder builder = rig.acquire();
            CountDownLatch lines = new CountDownLatch(1);
            RunningScript script = rig.await(builder.start(Script.of("echo hello")));
            rig.await(script.follow(LogSink.to(new OutputStream() {
                @Override
                public void write(int b) {
                    lines.countDown();
                }
            })));
            assertThat(lines.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(blocked.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(run(rig, builder, "exit 3").exitCode()).isEqualTo(3);
            never.countDown();
        }
    }
}
