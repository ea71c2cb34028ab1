package dev.ephemeralbuilder.testing.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.ContainerResult;
import dev.ephemeralbuilder.DuplicateRequestException;
import dev.ephemeralbuilder.ImagePullException;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderEvent.Acquired;
import dev.ephemeralbuilder.event.BuilderEvent.CommandEnded;
import dev.ephemeralbuilder.event.BuilderEvent.Gone;
import dev.ephemeralbuilder.event.BuilderEvent.LaunchFailed;
import dev.ephemeralbuilder.event.BuilderEvent.Launched;
import dev.ephemeralbuilder.event.BuilderEvent.Launching;
import dev.ephemeralbuilder.event.BuilderEvent.Ready;
import dev.ephemeralbuilder.event.BuilderEvent.Released;
import dev.ephemeralbuilder.event.BuilderEvent.Running;
import dev.ephemeralbuilder.event.BuilderEvent.Selected;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.Rejection;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.LogPage;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.MachineCopies;
import dev.ephemeralbuilder.testing.TestTicker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A container's own command as the job. */
@Tag("once")
class RunOnceTest {
    private static final MachineSpec SPEC = MachineSpec.builder()
            .vcpus(2)
            .memoryGib(4)
            .containerImage("registry.example/job:1")
            .build();

    private static final AcquireRequest REQUEST = AcquireRequest.defaults();
    private static final String GAP = "[ephemeral: the cloud dropped part of the log here]\n";

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();

    private static ContainerCommand sh(String script) {
        return ContainerCommand.of("sh", "-c", script);
    }

    private CompletableFuture<ContainerResult> begin(FleetRig rig, String script) {
        return rig.fleet.runOnceAsync(SPEC, REQUEST, sh(script), LogSink.to(output));
    }

    private ContainerResult run(FleetRig rig, String script) {
        return rig.await(begin(rig, script));
    }

    private String log() {
        return output.toString(UTF_8);
    }

    /** Lets time pass until the log has a text. */
    private void passUntilLog(FleetRig rig, String text) {
        for (int i = 0; i < 300 && !log().contains(text); i++) {
            rig.pass(Duration.ofSeconds(1));
        }
        assertThat(log()).contains(text);
    }

    @Test
    void theExitCodeAndTheWholeLogAreTheResult() {
        try (FleetRig rig = new FleetRig()) {
            ContainerResult result = run(rig, "echo out; echo err >&2; echo 'größer'; exit 7");
            assertThat(result.exitCode()).isEqualTo(7);
            assertThat(result.success()).isFalse();
            assertThat(result.logComplete()).isTrue();
            assertThat(result.offer().provider()).isEqualTo("memory");
            assertThat(log()).isEqualTo("out\nerr\ngrößer\n");
            rig.passUntilEmpty(Duration.ofMinutes(1));
            assertThat(rig.event(Launched.class).machineId()).isEqualTo(result.machineId());
            assertThat(rig.event(Released.class).cost()).isEqualTo(result.cost());
        }
    }

    @Test
    void theEventsAreThoseOfABuilder() {
        try (FleetRig rig = new FleetRig()) {
            run(rig, "exit 0");
            rig.passUntilEmpty(Duration.ofMinutes(1));
            rig.event(Gone.class);
            assertThat(rig.events.stream().map(BuilderEvent::getClass).map(type -> (Object) type))
                    .containsExactly(
                            Selected.class,
                            Launching.class,
                            Launched.class,
                            Running.class,
                            Ready.class,
                            Acquired.class,
                            CommandEnded.class,
                            Released.class,
                            Gone.class);
        }
    }

    @Test
    void theBlockingFormReturnsTheSame() {
        try (FleetRig rig = new FleetRig()) {
            ContainerResult result = rig.blocking(() -> rig.fleet.runOnce(SPEC, sh("echo once"), LogSink.to(output)));
            assertThat(result.success()).isTrue();
            assertThat(log()).isEqualTo("once\n");
        }
    }

    @Test
    void theCommandGetsItsArgumentsAndVariablesAsTheyAre() {
        try (FleetRig rig = new FleetRig()) {
            ContainerCommand command = new ContainerCommand(
                    List.of("sh", "-c", "echo \"$1|$2|$WORD\""),
                    List.of("self", "it's", "a  \"b\" $HOME *"),
                    Map.of("WORD", "x y"));
            rig.await(rig.fleet.runOnceAsync(SPEC, REQUEST, command, LogSink.to(output)));
            assertThat(log()).isEqualTo("it's|a  \"b\" $HOME *|x y\n");
        }
    }

    @Test
    void aLongLogArrivesOnceAndInOrderWhileTheCommandRuns() {
        try (FleetRig rig = new FleetRig()) {
            CompletableFuture<ContainerResult> running =
                    begin(rig, "seq 1 900; while [ ! -f go ]; do sleep 0.05; done; seq 901 1800; exit 3");
            passUntilLog(rig, "\n900\n");
            assertThat(running).isNotDone();
            String id = rig.firstMachine();
            go(rig, id);
            ContainerResult result = rig.await(running);
            assertThat(result.exitCode()).isEqualTo(3);
            assertThat(result.duration()).isPositive();
            assertThat(result.logComplete()).isTrue();
            assertThat(log())
                    .isEqualTo(IntStream.rangeClosed(1, 1800)
                            .mapToObj(i -> i + "\n")
                            .collect(Collectors.joining()));
        }
    }

    /** Lets a command go on that waits for a file. */
    static void go(FleetRig rig, String id) {
        rig.cloud.processes().stream()
                .filter(process -> process.machine().equals(id))
                .map(process -> Path.of("/proc", Long.toString(process.pid()), "cwd", "go"))
                .forEach(file -> {
                    try {
                        Files.write(file, new byte[0]);
                    } catch (NoSuchFileException e) {
                        // A process that has just ended, such as a sleep.
                        assertThat(e.getFile()).contains("go");
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }

    @Test
    void looksAndReadsGetSeldomerWhileACommandRunsLong() {
        try (FleetRig rig = new FleetRig()) {
            CompletableFuture<ContainerResult> running = begin(rig, "echo begun; exec sleep 600");
            passUntilLog(rig, "begun");
            rig.pass(Duration.ofMinutes(4));
            int looks = rig.cloud.calls(Call.DESCRIBE);
            int reads = rig.cloud.calls(Call.LOG);
            rig.pass(Duration.ofMinutes(2));
            assertThat(rig.cloud.calls(Call.DESCRIBE) - looks).isBetween(10, 16);
            assertThat(rig.cloud.calls(Call.LOG) - reads).isBetween(10, 13);
            running.cancel(true);
        }
    }

    @Test
    void aGapIsALineOfItsOwnAndMakesTheLogIncomplete() {
        try (FleetRig rig = new FleetRig(cloud -> cloud.logLines(3), fleet -> fleet)) {
            ContainerResult result = run(rig, "seq 1 10");
            assertThat(log()).isEqualTo(GAP + "8\n9\n10\n");
            assertThat(result.exitCode()).isZero();
            assertThat(result.logComplete()).isFalse();
        }
    }

    @Test
    void aSinkThatThrowsGetsNothingMoreAndTheRunGoesOn() {
        try (FleetRig rig = new FleetRig()) {
            AtomicInteger calls = new AtomicInteger();
            ContainerResult result =
                    rig.await(rig.fleet.runOnceAsync(SPEC, REQUEST, sh("echo one; exit 5"), (stream, bytes, length) -> {
                        calls.incrementAndGet();
                        throw new IOException("the disk is full");
                    }));
            assertThat(result.exitCode()).isEqualTo(5);
            assertThat(result.logComplete()).isFalse();
            assertThat(calls).hasValue(1);
        }
    }

    @Test
    void aSlowSinkGetsEverythingAndIsCalledByOneThreadAtATime() throws Exception {
        try (FleetRig rig = new FleetRig()) {
            CountDownLatch open = new CountDownLatch(1);
            AtomicBoolean inside = new AtomicBoolean();
            List<String> troubles = Collections.synchronizedList(new ArrayList<>());
            // The time goes on although the sink blocks.
            rig.ticker.patience(Duration.ofMillis(5));
            CompletableFuture<ContainerResult> running = rig.fleet.runOnceAsync(
                    SPEC, REQUEST, sh("echo one; sleep 0.3; echo two"), (stream, bytes, length) -> {
                        if (inside.getAndSet(true)) {
                            troubles.add("two threads at once");
                        }
                        try {
                            if (!open.await(60, TimeUnit.SECONDS)) {
                                troubles.add("not opened");
                            }
                        } catch (InterruptedException e) {
                            throw new IOException(e);
                        }
                        output.write(bytes, 0, length);
                        inside.set(false);
                    });
            rig.pass(Duration.ofMinutes(3));
            assertThat(running).as("held up by its sink").isNotDone();
            assertThat(rig.cloud.machines()).hasSize(1);
            open.countDown();
            ContainerResult result = rig.await(running);
            assertThat(troubles).isEmpty();
            assertThat(log()).isEqualTo("one\ntwo\n");
            assertThat(result.logComplete()).isTrue();
        }
    }

    @Test
    void aLogThatCannotBeReadForATimeIsReadLater() {
        try (FleetRig rig = new FleetRig()) {
            for (int i = 0; i < 4; i++) {
                rig.cloud.failNext(Call.LOG, failure());
            }
            ContainerResult result = run(rig, "echo late; exit 2");
            assertThat(result.exitCode()).isEqualTo(2);
            assertThat(log()).isEqualTo("late\n");
            assertThat(result.logComplete()).isTrue();
        }
    }

    private static ProviderException failure() {
        return new ProviderException("ordered by the test", Effect.NONE, true, "InternalError", null, null);
    }

    @Test
    void aLogThatCanNeverBeReadStillHasAResult() {
        try (FleetRig rig = new FleetRig(TestTicker.create(), c -> c, f -> f, cloud -> new ForwardingProvider(cloud) {
            @Override
            public LogPage log(String id, @Nullable String cursor) {
                throw failure();
            }
        })) {
            ContainerResult result = run(rig, "echo unheard; exit 2");
            assertThat(result.exitCode()).isEqualTo(2);
            assertThat(result.logComplete()).isFalse();
            assertThat(log()).isEmpty();
            rig.passUntilEmpty(Duration.ofMinutes(1));
        }
    }

    @Test
    void aMachineThatVanishesIsLostAndHasNoExitCode() {
        try (FleetRig rig = new FleetRig()) {
            CompletableFuture<ContainerResult> running = begin(rig, "echo begun; exec sleep 600");
            passUntilLog(rig, "begun");
            rig.cloud.vanish(rig.firstMachine());
            assertThatThrownBy(() -> rig.await(running)).isInstanceOf(BuilderLostException.class);
            assertThat(rig.events(Launching.class)).as("a second start").hasSize(1);
        }
    }

    @Test
    void aMachineThatIsTakenBackIsReclaimedAndHasNoExitCode() {
        try (FleetRig rig = new FleetRig(cloud -> cloud, fleet -> fleet.selectionPolicy(LostTest.UNPROTECTED))) {
            MachineSpec spot = SPEC.toBuilder().markets(Set.of(Market.SPOT)).build();
            CompletableFuture<ContainerResult> running =
                    rig.fleet.runOnceAsync(spot, REQUEST, sh("echo begun; exec sleep 7200"), LogSink.to(output));
            passUntilLog(rig, "begun");
            rig.cloud.reclaim(rig.firstMachine(), Duration.ofMinutes(3));
            assertThatThrownBy(() -> rig.await(running))
                    .isInstanceOfSatisfying(
                            BuilderReclaimedException.class,
                            e -> assertThat(e.notice().source()).isEqualTo("Recycling"));
        }
    }

    @Test
    void aGroupThatHasEndedWithoutAnExitCodeIsLostAfterItsLastWords() {
        AtomicBoolean ended = new AtomicBoolean();
        try (FleetRig rig = new FleetRig(TestTicker.create(), c -> c, f -> f, cloud -> new ForwardingProvider(cloud) {
            @Override
            public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                Map<String, Machine> shown = new LinkedHashMap<>(super.describe(ids));
                if (ended.get()) {
                    shown.replaceAll((id, machine) -> endedWithoutACode(machine));
                }
                return shown;
            }
        })) {
            CompletableFuture<ContainerResult> running = begin(rig, "echo begun; exec sleep 600");
            passUntilLog(rig, "begun");
            ended.set(true);
            assertThatThrownBy(() -> rig.await(running))
                    .isInstanceOf(BuilderLostException.class)
                    .hasMessageContaining("does not say how its command ended");
            ended.set(false);
            rig.passUntilEmpty(Duration.ofMinutes(1));
        }
    }

    private static Machine endedWithoutACode(Machine machine) {
        return MachineCopies.of(machine).state(MachineState.ENDED).build();
    }

    @Test
    void theSpecsLifetimeIsTheTimeLimit() {
        try (FleetRig rig = new FleetRig()) {
            MachineSpec brief =
                    SPEC.toBuilder().maxLifetime(Duration.ofMinutes(3)).build();
            Instant began = rig.ticker.now();
            CompletableFuture<ContainerResult> running =
                    rig.fleet.runOnceAsync(brief, REQUEST, sh("echo begun; exec sleep 7200"), LogSink.to(output));
            assertThatThrownBy(() -> rig.await(running)).isInstanceOf(BuilderTimeoutException.class);
            assertThat(Duration.between(began, rig.ticker.now()))
                    .isBetween(Duration.ofMinutes(3), Duration.ofMinutes(3).plusSeconds(30));
            assertThat(log()).isEqualTo("begun\n");
            rig.passUntilEmpty(Duration.ofMinutes(1));
        }
    }

    @Test
    void leasesAreRenewedMeanwhile() throws Exception {
        try (FleetRig rig = new FleetRig(cloud -> cloud, fleet -> fleet.lease(Duration.ofMinutes(2)))) {
            CompletableFuture<ContainerResult> running = begin(rig, "echo begun; exec sleep 7200");
            passUntilLog(rig, "begun");
            rig.pass(Duration.ofMinutes(4));
            assertThat(rig.lease(rig.firstMachine())).isAfter(rig.ticker.now());
            running.cancel(true);
        }
    }

    @Test
    void aReadyTimeoutBoundsTheTimeUntilTheCommandRuns() {
        try (FleetRig rig = new FleetRig(cloud -> cloud.bootTime(Duration.ofHours(1)), fleet -> fleet)) {
            AcquireRequest hasty =
                    AcquireRequest.builder().readyTimeout(Duration.ofMinutes(2)).build();
            CompletableFuture<ContainerResult> running =
                    rig.fleet.runOnceAsync(SPEC, hasty, sh("true"), LogSink.discard());
            assertThatThrownBy(() -> rig.await(running))
                    .isInstanceOf(BuilderTimeoutException.class)
                    .hasMessageContaining("its command does not run");
            rig.passUntilEmpty(Duration.ofMinutes(1));
        }
    }

    @Test
    void anImageThatCannotBeHadFailsFast() {
        try (FleetRig rig = new FleetRig()) {
            rig.cloud.failNextPull();
            Instant began = rig.ticker.now();
            assertThatThrownBy(() -> run(rig, "true"))
                    .isInstanceOf(ImagePullException.class)
                    .hasMessageContaining("registry.example/job:1");
            assertThat(Duration.between(began, rig.ticker.now())).isLessThan(Duration.ofSeconds(30));
            rig.passUntilEmpty(Duration.ofMinutes(1));
        }
    }

    @Test
    void anOfferWithoutStockIsFollowedByTheNext() {
        try (FleetRig rig = new FleetRig()) {
            Offer first = run(rig, "true").offer();
            rig.cloud.stockOut(first.type().id(), first.zone());
            assertThat(run(rig, "true").offer().pool()).isNotEqualTo(first.pool());
            assertThat(rig.events(LaunchFailed.class)).isNotEmpty();
        }
    }

    @Test
    void aMachineThatGoesBeforeItRunsIsFollowedByTheNext() {
        try (FleetRig rig = new FleetRig()) {
            rig.cloud.vanishNextLaunch();
            assertThat(run(rig, "echo twice").success()).isTrue();
            assertThat(log()).isEqualTo("twice\n");
        }
    }

    @Test
    void aLostAnswerRunsTheCommandOnce() {
        try (FleetRig rig = new FleetRig()) {
            rig.cloud.loseNextAnswer(Call.LAUNCH);
            run(rig, "echo once");
            assertThat(log()).isEqualTo("once\n");
            assertThat(rig.events(Launched.class)).hasSize(1);
        }
    }

    @Test
    void aCommandThatEndedWhileItsLaunchWasInDoubtIsFoundAndNotRunAgain() {
        AtomicBoolean silent = new AtomicBoolean(true);
        try (FleetRig rig = new FleetRig(TestTicker.create(), c -> c, f -> f, cloud -> new ForwardingProvider(cloud) {
            @Override
            public LaunchResult launch(Launch launch) throws InterruptedException {
                var made = super.launch(launch);
                if (silent.get()) {
                    throw new ProviderException("no answer", Effect.UNKNOWN, true, null, null, null);
                }
                return made;
            }
        })) {
            ContainerResult result = run(rig, "echo once; exit 4");
            assertThat(result.exitCode()).isEqualTo(4);
            assertThat(log()).isEqualTo("once\n");
            assertThat(Set.copyOf(rig.tokens())).as("attempts").hasSize(1);
        }
    }

    @Test
    void cancellingGivesTheMachineBack() {
        try (FleetRig rig = new FleetRig()) {
            CompletableFuture<ContainerResult> running = begin(rig, "echo begun; exec sleep 600");
            passUntilLog(rig, "begun");
            running.cancel(true);
            rig.passUntilEmpty(Duration.ofMinutes(1));
        }
    }

    @Test
    void cancellingWhileItBootsGivesTheMachineBack() {
        try (FleetRig rig = new FleetRig(cloud -> cloud.bootTime(Duration.ofMinutes(3)), fleet -> fleet)) {
            CompletableFuture<ContainerResult> running = begin(rig, "true");
            rig.firstMachine();
            running.cancel(true);
            rig.passUntilEmpty(Duration.ofMinutes(1));
        }
    }

    @Test
    void anInterruptGivesTheMachineBack() throws Exception {
        try (FleetRig rig = new FleetRig()) {
            CompletableFuture<Thread> caller = new CompletableFuture<>();
            CompletableFuture<ContainerResult> running = rig.inBackground(() -> {
                caller.complete(Thread.currentThread());
                return rig.fleet.runOnce(SPEC, sh("echo begun; exec sleep 600"), LogSink.to(output));
            });
            passUntilLog(rig, "begun");
            caller.get(20, TimeUnit.SECONDS).interrupt();
            assertThat(catchThrowable(() -> rig.awaitBlocked(running)))
                    .hasRootCauseInstanceOf(InterruptedException.class);
            rig.passUntilEmpty(Duration.ofMinutes(1));
        }
    }

    @Test
    void closingTheFleetInTheMiddleEndsTheRunAndItsMachine() {
        FleetRig rig = new FleetRig();
        InMemoryProvider cloud = rig.cloud.sibling();
        CompletableFuture<ContainerResult> running;
        try (rig) {
            running = begin(rig, "echo begun; exec sleep 600");
            passUntilLog(rig, "begun");
        }
        assertThat(cloud.machines()).isEmpty();
        cloud.close();
        assertThat(catchThrowable(running::join))
                .hasCauseInstanceOf(BuilderLostException.class)
                .hasMessageContaining("The fleet was closed");
    }

    @Test
    void releasingTheMachineByItsIdEndsTheRun() {
        try (FleetRig rig = new FleetRig()) {
            CompletableFuture<ContainerResult> running = begin(rig, "echo begun; exec sleep 600");
            passUntilLog(rig, "begun");
            rig.release(rig.fleet, rig.firstMachine());
            assertThatThrownBy(() -> rig.await(running))
                    .isInstanceOf(BuilderLostException.class)
                    .hasMessageContaining("was released");
        }
    }

    @Test
    void nobodyCanAttachToIt() {
        try (FleetRig rig = new FleetRig()) {
            StateStore unused = StateStore.inMemory();
            CompletableFuture<ContainerResult> running = begin(rig, "echo begun; exec sleep 600");
            passUntilLog(rig, "begun");
            String id = rig.firstMachine();
            assertThatThrownBy(() -> rig.await(rig.fleet.attachAsync(id)))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("runs a command of its own");
            BuildFleet other = rig.another(fleet -> fleet.stateStore(unused));
            assertThatThrownBy(() -> rig.await(other.attachAsync(id)))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("runs a command of its own");
            assertThat(running).isNotDone();
            assertThat(rig.cloud.machines()).containsExactly(id);
            running.cancel(true);
        }
    }

    @Test
    void providersThatCannotAreLeftOutWithTheReason() {
        try (FleetRig rig = new FleetRig(
                TestTicker.create(),
                c -> c,
                fleet -> fleet.provider(
                        new ForwardingProvider(
                                InMemoryProvider.builder().name("machines").build()) {
                            @Override
                            public boolean runsContainerCommands() {
                                return false;
                            }
                        }),
                cloud -> cloud)) {
            assertThat(run(rig, "true").offer().provider()).isEqualTo("memory");
            assertThat(rig.event(Selected.class).selection().rejections())
                    .contains(new Rejection("machines", "runs machines, not a container's own command"));
        }
    }

    @Test
    void aFleetThatCannotRunItAtAllSaysWhy() {
        try (FleetRig rig = new FleetRig(TestTicker.create(), c -> c, f -> f, cloud -> new ForwardingProvider(cloud) {
            @Override
            public boolean runsContainerCommands() {
                return false;
            }
        })) {
            assertThatThrownBy(() -> run(rig, "true"))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("runs machines, not a container's own command");
            assertThat(rig.cloud.calls(Call.MARKET)).isZero();
        }
    }

    @Test
    void aSpecWithoutAContainerImageIsRefused() {
        try (FleetRig rig = new FleetRig()) {
            assertThatThrownBy(() -> rig.fleet.runOnceAsync(FleetRig.SPEC, REQUEST, sh("true"), LogSink.discard()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("container image");
        }
    }

    @Test
    void aRequestIdKeepsOneMachine() {
        try (FleetRig rig = new FleetRig()) {
            AcquireRequest named = AcquireRequest.builder().requestId("job-1").build();
            CompletableFuture<ContainerResult> first =
                    rig.fleet.runOnceAsync(SPEC, named, sh("echo begun; exec sleep 600"), LogSink.to(output));
            passUntilLog(rig, "begun");
            CompletableFuture<ContainerResult> second =
                    rig.fleet.runOnceAsync(SPEC, named, sh("echo begun; exec sleep 600"), LogSink.discard());
            assertThatThrownBy(() -> rig.await(second)).isInstanceOf(DuplicateRequestException.class);
            assertThat(rig.cloud.machines()).hasSize(1);
            first.cancel(true);
        }
    }

    @Test
    void theMachineSaysWhatItIsForAndShowsNothingOfTheCommand() throws Exception {
        try (FleetRig rig = new FleetRig()) {
            CompletableFuture<ContainerResult> running = begin(rig, "echo begun; exec sleep 600");
            passUntilLog(rig, "begun");
            assertThat(rig.tags(rig.firstMachine()).get(MachineTags.COMMAND)).matches("[0-9a-f]{32}");
            running.cancel(true);
        }
    }
}
