package dev.ephemeralbuilder.testing.fleet;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.ForwardingShell;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A fleet over a cloud in memory, in virtual time, with all that it asked for and said. */
final class FleetRig implements AutoCloseable {
    /** One create call. */
    record Create(Instant at, Launch launch) {}

    /** Holds the time while a short command runs, however slow this host is. */
    private static final class HeldShell extends ForwardingShell {
        private final TestTicker ticker;
        private final Duration patience;

        HeldShell(Shell shell, TestTicker ticker, Duration patience) {
            super(shell);
            this.ticker = ticker;
            this.patience = patience;
        }

        @Override
        public Channel open(String command) throws InterruptedException {
            TestTicker.Hold hold = ticker.hold(patience);
            Channel channel;
            try {
                channel = super.open(command);
            } catch (RuntimeException | InterruptedException e) {
                hold.close();
                throw e;
            }
            var unused = channel.ended().whenComplete((code, failure) -> hold.close());
            return channel;
        }
    }

    /** How long one step of time waits for a command; most end within some milliseconds. */
    private static final Duration COMMAND = Duration.ofSeconds(2);

    /** No step of time is longer while a test waits for the cloud to be empty. */
    private static final Duration STEP = Duration.ofSeconds(10);

    private static final Duration CLOSING_STEP = Duration.ofMillis(200);
    private static final int CLOSING_STEPS = 5_000;
    private static final int BLOCKED_STEPS = 500;

    static final String OWNER = "fleet-test";
    static final MachineSpec SPEC =
            MachineSpec.builder().vcpus(2).memoryGib(4).machineImage("m-any").build();

    /** More time than anything here takes that ends by itself. */
    static final Duration PATIENCE = Duration.ofHours(1);

    /** How long one step of time waits for a command of a shell that is opened from now on. */
    volatile Duration command = COMMAND;

    final TestTicker ticker;
    final InMemoryProvider cloud;
    final BuildFleet fleet;
    private final List<BuildFleet> others = new CopyOnWriteArrayList<>();
    final List<BuilderEvent> events = new CopyOnWriteArrayList<>();
    final List<Create> creates = new CopyOnWriteArrayList<>();

    FleetRig() {
        this(cloud -> cloud, fleet -> fleet);
    }

    FleetRig(UnaryOperator<InMemoryProvider.Builder> cloudSettings, UnaryOperator<BuildFleet.Builder> fleetSettings) {
        this(TestTicker.create(), cloudSettings, fleetSettings, provider -> provider);
    }

    /** Creates a rig whose fleet sees the cloud through a wrapper. */
    FleetRig(
            TestTicker ticker,
            UnaryOperator<InMemoryProvider.Builder> cloudSettings,
            UnaryOperator<BuildFleet.Builder> fleetSettings,
            UnaryOperator<CloudProvider> wrapper) {
        this.ticker = ticker;
        // Fleet and cloud say when they are at work elsewhere; nothing else is waited for.
        ticker.grace(Duration.ZERO);
        this.cloud =
                cloudSettings.apply(InMemoryProvider.builder().ticker(ticker)).build();
        CloudProvider recording = new ForwardingProvider(cloud) {
            @Override
            public LaunchResult launch(Launch launch) throws InterruptedException {
                creates.add(new Create(ticker.now(), launch));
                return super.launch(launch);
            }

            @Override
            public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
                return new HeldShell(super.open(machine, keys), ticker, command);
            }
        };
        this.fleet = fleetSettings
                .apply(BuildFleet.builder()
                        .owner(OWNER)
                        .provider(wrapper.apply(recording))
                        .ticker(ticker)
                        .listener(events::add))
                .build();
    }

    /** Returns another fleet of the same owner on the same cloud, as another process would have it. */
    BuildFleet another(UnaryOperator<BuildFleet.Builder> settings) {
        return another(settings, provider -> provider);
    }

    BuildFleet another(UnaryOperator<BuildFleet.Builder> settings, UnaryOperator<CloudProvider> wrapper) {
        CloudProvider holding = new ForwardingProvider(cloud.sibling()) {
            @Override
            public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
                return new HeldShell(super.open(machine, keys), ticker, command);
            }
        };
        BuildFleet other = settings.apply(BuildFleet.builder()
                        .owner(OWNER)
                        .provider(wrapper.apply(holding))
                        .ticker(ticker))
                .build();
        others.add(other);
        return other;
    }

    /** A call that blocks its thread. */
    interface Blocking<T extends @Nullable Object> {
        T call() throws InterruptedException;
    }

    /** Begins a call that blocks, on a thread of its own, and comes back once it waits. */
    <T extends @Nullable Object> CompletableFuture<T> inBackground(Blocking<T> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        result.complete(call.call());
                    } catch (InterruptedException | RuntimeException | Error e) {
                        result.completeExceptionally(e);
                    }
                },
                "test-caller");
        thread.setDaemon(true);
        thread.start();
        Awaitility.await("the call waits")
                .pollInterval(Duration.ofMillis(1))
                .atMost(Duration.ofSeconds(20))
                .until(() -> result.isDone() || isWaiting(thread));
        return result;
    }

    private static boolean isWaiting(Thread thread) {
        return thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING;
    }

    /** Makes a call that blocks, while time passes. */
    <T extends @Nullable Object> T blocking(Blocking<T> call) {
        return awaitBlocked(inBackground(call));
    }

    /**
     * Lets time pass, in small steps, until a thread that waits has come back: no ticker sees a thread wake up, so time
     * would run far ahead of it.
     */
    <T extends @Nullable Object> T awaitBlocked(CompletableFuture<T> call) {
        for (int i = 0; i < BLOCKED_STEPS; i++) {
            if (isDone(call)) {
                return await(call);
            }
            pass(i < BLOCKED_STEPS / 10 ? CLOSING_STEP : CLOSING_STEP.multipliedBy(10));
        }
        throw new AssertionError("the call did not come back");
    }

    void detach(EphemeralBuilder builder) {
        blocking(() -> {
            builder.detach();
            return true;
        });
    }

    Instant keep(EphemeralBuilder builder, Duration time) {
        return blocking(() -> builder.keep(time));
    }

    void release(BuildFleet by, String id) {
        blocking(() -> {
            by.release(id);
            return true;
        });
    }

    /** Lets another machine appear that says the same as a launched one, but for some tags. */
    String machineLike(Launch launch, Map<String, String> changes) throws InterruptedException {
        Map<String, String> tags = new TreeMap<>(launch.tags());
        tags.putAll(changes);
        return cloud.launch(Launch.builder()
                        .spec(launch.spec())
                        .offer(launch.offer())
                        .token("like-" + launch.token())
                        .tags(tags)
                        .cap(launch.cap())
                        .hostKey(launch.hostKey())
                        .clientKey(launch.clientKey())
                        .build())
                .ids()
                .get(0);
    }

    /** Lets a machine appear that is like the first that was launched, but its lease has passed. */
    String orphan() throws InterruptedException {
        return machineLike(
                creates.get(0).launch(),
                Map.of(
                        MachineTags.LEASE,
                        Long.toString(ticker.now().minusSeconds(3600).getEpochSecond())));
    }

    /** Returns the lease of a machine. */
    Instant lease(String id) throws InterruptedException {
        return seconds(id, MachineTags.LEASE);
    }

    /** Returns the cap of a machine, as its tag says. */
    Instant cap(String id) throws InterruptedException {
        return seconds(id, MachineTags.CAP);
    }

    private Instant seconds(String id, String tag) throws InterruptedException {
        return Instant.ofEpochSecond(Long.parseLong(requireNonNull(tags(id).get(tag), tag)));
    }

    EphemeralBuilder acquire() {
        return acquire(SPEC);
    }

    EphemeralBuilder acquire(MachineSpec spec) {
        return acquire(spec, AcquireRequest.defaults());
    }

    EphemeralBuilder acquire(MachineSpec spec, AcquireRequest request) {
        return await(fleet.acquireAsync(spec, request));
    }

    /** Lets time pass until something has come about. */
    <T extends @Nullable Object> T await(CompletableFuture<T> future) {
        return await(future, PATIENCE);
    }

    <T extends @Nullable Object> T await(CompletableFuture<T> future, Duration most) {
        return ticker.advanceUntil(future, most);
    }

    CompletableFuture<EphemeralBuilder> begin() {
        return fleet.acquireAsync(SPEC, AcquireRequest.defaults());
    }

    /** Lets virtual time pass, and what happens in it happen. */
    void pass(Duration time) {
        CompletableFuture<Boolean> over = new CompletableFuture<>();
        ticker.schedule(time, () -> over.complete(true));
        ticker.advanceUntil(over, time);
    }

    void passUntil(Instant time) {
        pass(Duration.between(ticker.now(), time));
    }

    /** Lets time pass until a machine is there, and returns its id. */
    String firstMachine() {
        for (int i = 0; i < 600 && cloud.machines().isEmpty(); i++) {
            pass(Duration.ofMillis(100));
        }
        assertThat(cloud.machines()).hasSize(1);
        return cloud.machines().iterator().next();
    }

    /** Lets time pass until no machine is left; fails if one stays. */
    void passUntilEmpty(Duration most) {
        Instant end = ticker.now().plus(most);
        while (!cloud.machines().isEmpty() && ticker.now().isBefore(end)) {
            pass(STEP);
        }
        assertThat(cloud.machines()).as("machines left after %s", most).isEmpty();
    }

    Machine describe(String id) throws InterruptedException {
        Machine machine = cloud.describe(List.of(id)).get(id);
        assertThat(machine).as("machine %s", id).isNotNull();
        return machine;
    }

    Map<String, String> tags(String id) throws InterruptedException {
        return describe(id).tags();
    }

    <E extends BuilderEvent> List<E> events(Class<E> type) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    /** Waits for the first event of a type, which comes on a thread of its own. */
    <E extends BuilderEvent> E event(Class<E> type) {
        Awaitility.await(type.getSimpleName())
                .atMost(Duration.ofSeconds(20))
                .until(() -> !events(type).isEmpty());
        return events(type).get(0);
    }

    List<String> tokens() {
        return creates.stream().map(create -> create.launch().token()).toList();
    }

    /** Closes a fleet while time goes on. */
    void close(BuildFleet closing) {
        CompletableFuture<Boolean> end = inBackground(() -> {
            closing.close();
            return true;
        });
        // A fleet ends by the wall clock too, when its threads have ended: virtual time must not run ahead of it.
        for (int i = 0; i < CLOSING_STEPS; i++) {
            if (isDone(end)) {
                assertThat(end).as("the end of the fleet").isCompleted();
                return;
            }
            pass(CLOSING_STEP);
        }
        throw new AssertionError("the fleet did not end within " + CLOSING_STEP.multipliedBy(CLOSING_STEPS));
    }

    /** Waits a moment, by the wall clock. */
    static boolean isDone(CompletableFuture<?> end) {
        CompletableFuture<?> either = end.handle((value, failure) -> true);
        try {
            either.get(5, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError("interrupted while waiting", e);
        }
    }

    @Override
    public void close() {
        close(fleet);
        others.forEach(this::close);
        ticker.close();
    }
}
