package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.RankedOffer;
import dev.ephemeralbuilder.selection.SelectionPolicy;
import dev.ephemeralbuilder.selection.SelectionRequest;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.StateStore;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** A fleet over the provider under test, on the cloud's own time. */
final class ContractFleet {
    /** What a script wrote, and how it ended. */
    static final class Ran {
        private final byte[] output;
        private final ScriptResult result;

        private Ran(byte[] output, ScriptResult result) {
            this.output = output;
            this.result = result;
        }

        byte[] output() {
            return output;
        }

        ScriptResult result() {
            return result;
        }
    }

    /** Takes spot machines that the cloud may take back at once. */
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

    private final ContractRig rig;
    private final StateStore store;
    private final UnaryOperator<BuildFleet.Builder> settings;
    private final WatchedProvider provider;
    private final EngineTime time;
    private final Map<Class<?>, CompletableFuture<BuilderEvent>> firsts = new ConcurrentHashMap<>();
    private final List<BuilderEvent> events = new CopyOnWriteArrayList<>();
    private final BuildFleet fleet;

    private ContractFleet(
            ContractRig rig, CloudProvider provider, StateStore store, UnaryOperator<BuildFleet.Builder> settings) {
        this.rig = rig;
        this.store = store;
        this.settings = settings;
        this.time = new EngineTime(rig.setup.ticker(), rig.setup.patience(), this::diagnosis);
        this.provider = new WatchedProvider(provider, time::hold);
        this.fleet = settings.apply(BuildFleet.builder()
                        .owner(rig.owner)
                        .stateStore(store)
                        .provider(this.provider)
                        .ticker(rig.setup.ticker())
                        .selectionPolicy(UNPROTECTED)
                        .listener(this::take))
                .build();
    }

    /** Starts a fleet of the rig's owner. */
    static ContractFleet over(ContractRig rig, CloudProvider provider) {
        return over(rig, provider, UnaryOperator.identity());
    }

    /** Starts a fleet of the rig's owner with settings of its own. */
    static ContractFleet over(ContractRig rig, CloudProvider provider, UnaryOperator<BuildFleet.Builder> settings) {
        return new ContractFleet(rig, provider, StateStore.inMemory(), settings);
    }

    /** Starts a fleet that shares owner, store and settings with this one, as another process would. */
    ContractFleet another() {
        return new ContractFleet(rig, rig.setup.other(), store, settings);
    }

    BuildFleet fleet() {
        return fleet;
    }

    EngineTime time() {
        return time;
    }

    /** Lets time pass while commands run that are started from now on. */
    void commandsMayTakeLong() {
        provider.commandsMayTakeLong();
    }

    /** Lets no machine get ready from now on. */
    void keepStarting() {
        provider.shut();
    }

    EphemeralBuilder acquire() throws Exception {
        return acquire(rig.setup.spec());
    }

    /** Acquires a builder; that it works is what most tests begin with. */
    EphemeralBuilder acquire(MachineSpec spec) throws Exception {
        try {
            return time.await("acquire", fleet.acquireAsync(spec, AcquireRequest.defaults()));
        } catch (BuilderException e) {
            throw new AssertionError(
                    "a fleet must be able to acquire a builder of this provider, but: " + e.getMessage() + ". "
                            + diagnosis(),
                    e);
        }
    }

    /** Acquires several builders that one caller trusts alike. */
    List<EphemeralBuilder> acquireAll(int count) throws Exception {
        return time.await("acquireAll", fleet.acquireAllAsync(rig.setup.spec(), count, AcquireRequest.defaults()));
    }

    EphemeralBuilder attach(String id) throws Exception {
        return time.await("attach", fleet.attachAsync(id));
    }

    /** Returns by which host keys a machine was accepted when it was connected to last. */
    Set<String> hostKeys(String id) {
        return provider.hostKeys(id);
    }

    /** Returns whether the provider was asked to replace host keys and has replaced none. */
    boolean keepsHostKeys() {
        return provider.keepsHostKeys();
    }

    /** Begins to acquire a builder. */
    CompletableFuture<EphemeralBuilder> begin() {
        return fleet.acquireAsync(rig.setup.spec(), AcquireRequest.defaults());
    }

    Ran run(EphemeralBuilder builder, Script script) throws Exception {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        ScriptResult result = time.await(
                "the end of a script", ContractTime.onAThread(() -> builder.run(script, LogSink.to(output))));
        return new Ran(output.toByteArray(), result);
    }

    RunningScript start(EphemeralBuilder builder, String text) throws Exception {
        return time.await("the start of a script", builder.start(Script.of(text)));
    }

    /** Lets time pass until there has been an event of a type, and returns the first one. */
    <E extends BuilderEvent> E awaitEvent(Class<E> type) throws Exception {
        return type.cast(time.await("the event " + type.getSimpleName(), first(type)));
    }

    /** Returns the events of a type until now. */
    <E extends BuilderEvent> List<E> events(Class<E> type) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private void take(BuilderEvent event) {
        events.add(event);
        first(event.getClass()).complete(event);
    }

    private CompletableFuture<BuilderEvent> first(Class<?> type) {
        return firsts.computeIfAbsent(type, t -> new CompletableFuture<>());
    }

    Machine machine(EphemeralBuilder builder) throws InterruptedException {
        return rig.described(builder.id());
    }

    /** Lets time pass until the cloud shows nothing of the owner any more. */
    void awaitNothingLeft(String after) throws InterruptedException {
        Set<String> left = rig.left();
        for (Duration waited = Duration.ZERO;
                !left.isEmpty() && waited.compareTo(rig.setup.goneBound()) < 0;
                waited = waited.plus(rig.setup.step())) {
            time.pass(rig.setup.step());
            left = rig.left();
        }
        assertThat(left)
                .as(
                        "%s must leave no machine behind. The engine deletes until describe no longer shows the machine and"
                                + " looks for lost ones with list: see that launch sends the tags, that describe and list show"
                                + " what is there, and that delete deletes",
                        after)
                .isEmpty();
    }

    /** Ends the fleet, once or again. */
    void end() throws Exception {
        time.awaitBlocked("the end of the fleet", ContractTime.onAThread(() -> {
            fleet.close();
            return true;
        }));
    }

    private String diagnosis() {
        String calls = provider.callsUnderWay();
        return calls.isEmpty()
                ? "No call of the provider is under way: see that the futures of its channels complete, and that"
                        + " setup().ticker() moves, as a TestTicker or by itself"
                : "These calls of the provider have not come back: " + calls
                        + ". A provider must not sleep, poll or wait for a state of the cloud: it makes its call and"
                        + " returns, and the engine waits, by its ticker";
    }
}
