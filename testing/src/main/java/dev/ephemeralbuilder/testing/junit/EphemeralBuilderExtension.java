package dev.ephemeralbuilder.testing.junit;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each test a fleet on a pretended cloud, closes it afterwards, and fails the test that leaves something behind.
 *
 * <pre>{@code
 * @RegisterExtension
 * final EphemeralBuilderExtension cloud = EphemeralBuilderExtension.inMemory();
 *
 * @Test
 * void theBuildPasses(BuildFleet fleet, TestTicker ticker) { ... }
 * }</pre>
 *
 * <p>Parameters of test and life-cycle methods, each made when it is first asked for:
 *
 * <ul>
 *   <li>{@link BuildFleet}: the fleet of this test, and {@link Ticker}: its ticker; not in {@code @BeforeAll} or a
 *       constructor.
 *   <li>In memory: {@link InMemoryProvider} and {@link dev.ephemeralbuilder.testing.TestTicker}.
 *   <li>On the simulator: {@link AlibabaCloudSimulator} and {@link SimulatedClock}.
 * </ul>
 *
 * <p>In an instance field each test has a cloud of its own. In a static field the tests of a class share one, with a fleet
 * and an owner of its own for each test; a simulator starts in about a second, so that pays. Tests may run at the same
 * time; those that move the time want a cloud of their own.
 *
 * <p><b>Leak check.</b> After the test, and after its {@code @AfterEach} methods, the fleet is closed. The test fails if it
 * did not close a builder, if a machine is still there, if a process of a machine outlived it (on hosts with
 * {@code /proc}), or if a thread of fleet, provider or simulator still lives: those named {@code ephemeral-...} of pools
 * that were made while this extension made them. The failure names each. Threads and processes are waited for a while, some
 * seconds at most. With a shared cloud a test answers for the machines of its own fleet, and the class for the rest. A test
 * that has failed keeps its failure; what it left behind is suppressed in it.
 *
 * <p>Works with JUnit Jupiter 5.10 to 6.1. Immutable: the methods that set something return another extension. Safe for use
 * by many threads.
 */
public final class EphemeralBuilderExtension
        implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback, ParameterResolver {
    private static final String REPORT_KEY = "ephemeral-builder leak check";

    /** What can be set; never changed once an extension has it. */
    private static final class Options {
        private @Nullable String owner;
        private Consumer<BuildFleet.Builder> fleet = builder -> {};
        private Consumer<InMemoryProvider.Builder> inMemory = builder -> {};
        private @Nullable Function<? super AlibabaCloudSimulator, ? extends CloudProvider> provider;
        private Supplier<SimulatedClock> clock = SimulatedClock::wall;
        private Consumer<AlibabaCloudSimulator.Builder> simulator = builder -> {};
        private @Nullable String noLeakCheck;

        Options copy() {
            Options copy = new Options();
            copy.owner = owner;
            copy.fleet = fleet;
            copy.inMemory = inMemory;
            copy.provider = provider;
            copy.clock = clock;
            copy.simulator = simulator;
            copy.noLeakCheck = noLeakCheck;
            return copy;
        }

        TestCloud.Kind kind() {
            return provider == null
                    ? InMemoryTestCloud.kind(inMemory)
                    : SimulatorTestCloud.kind(provider, clock, simulator);
        }
    }

    private final Options options;
    private final TestCloud.Kind kind;
    private final ExtensionContext.Namespace namespace =
            ExtensionContext.Namespace.create(EphemeralBuilderExtension.class, this);

    private EphemeralBuilderExtension(Options options) {
        this.options = options;
        this.kind = options.kind();
    }

    /**
     * Returns an extension whose fleets run on an {@link InMemoryProvider}, in the time of a
     * {@link dev.ephemeralbuilder.testing.TestTicker} that the test moves.
     */
    public static EphemeralBuilderExtension inMemory() {
        return new EphemeralBuilderExtension(new Options());
    }

    /**
     * Returns an extension whose fleets run on an {@link AlibabaCloudSimulator}, whose machines take 0.1 to 0.2 seconds to
     * boot, by the wall clock unless {@link #clock} says otherwise.
     *
     * @param provider makes the provider of each fleet, which closes it; it is called on another thread than the test's
     */
    public static EphemeralBuilderExtension onSimulator(
            Function<? super AlibabaCloudSimulator, ? extends CloudProvider> provider) {
        requireNonNull(provider, "provider");
        return inMemory().with(options -> options.provider = provider);
    }

    /**
     * Sets the owner of the fleets. Default: another one for each test. Tests of a shared cloud with equal owners must not
     * run at the same time, since each answers for the machines of all.
     */
    public EphemeralBuilderExtension owner(String owner) {
        requireNonNull(owner, "owner");
        return with(changed -> changed.owner = owner);
    }

    /** Adds something that sets up each fleet, after owner, provider and ticker are set; called on another thread. */
    public EphemeralBuilderExtension fleet(Consumer<? super BuildFleet.Builder> settings) {
        requireNonNull(settings, "settings");
        return with(changed -> changed.fleet = changed.fleet.andThen(settings));
    }

    /**
     * Adds something that sets up the cloud in memory, all but its ticker; called on another thread.
     *
     * @throws IllegalStateException if this extension is one on the simulator
     */
    public EphemeralBuilderExtension cloud(Consumer<? super InMemoryProvider.Builder> settings) {
        requireNonNull(settings, "settings");
        if (options.provider != null) {
            throw new IllegalStateException("a simulator is set up by simulator(...)");
        }
        return with(changed -> changed.inMemory = changed.inMemory.andThen(settings));
    }

    /**
     * Adds something that sets up the simulator, all but its clock; called on another thread.
     *
     * @throws IllegalStateException if this extension is one in memory
     */
    public EphemeralBuilderExtension simulator(Consumer<? super AlibabaCloudSimulator.Builder> settings) {
        requireNonNull(settings, "settings");
        requireSimulator("simulator");
        return with(changed -> changed.simulator = changed.simulator.andThen(settings));
    }

    /**
     * Sets what the simulator's prices, ids, boot times and draws of faults come from. Default: 1.
     *
     * @throws IllegalStateException if this extension is one in memory
     */
    public EphemeralBuilderExtension seed(long seed) {
        return simulator(builder -> builder.seed(seed));
    }

    /**
     * Sets what makes the clock of each simulator. Default: {@link SimulatedClock#wall}. With a manual clock, the time also
     * moves while the fleet is closed after the test.
     *
     * @throws IllegalStateException if this extension is one in memory
     */
    public EphemeralBuilderExtension clock(Supplier<SimulatedClock> clock) {
        requireNonNull(clock, "clock");
        requireSimulator("clock");
        return with(changed -> changed.clock = clock);
    }

    /**
     * Turns the leak check off. Fleets and clouds are closed all the same.
     *
     * @param reason why; each test publishes it as a report entry
     * @throws IllegalArgumentException if it is blank
     */
    public EphemeralBuilderExtension withoutLeakCheck(String reason) {
        if (reason.isBlank()) {
            throw new IllegalArgumentException("reason must not be blank");
        }
        return with(changed -> changed.noLeakCheck = reason);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        ExtensionContext.Store store = context.getStore(namespace);
        // A nested class finds that of the class around it.
        if (store.get(CloudScope.class) == null) {
            store.put(CloudScope.class, new CloudScope(kind));
            store.put(context.getUniqueId(), true);
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        ExtensionContext.Store store = context.getStore(namespace);
        CloudScope shared = store.get(CloudScope.class, CloudScope.class);
        store.put(
                TestScope.class,
                new TestScope(
                        shared == null ? new CloudScope(kind) : shared, shared == null, options.owner, options.fleet));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        TestScope scope = context.getStore(namespace).remove(TestScope.class, TestScope.class);
        if (scope == null) {
            return;
        }
        Leaks leaks = new Leaks("the test " + context.getDisplayName());
        scope.end(leaks);
        check(leaks, context);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        ExtensionContext.Store store = context.getStore(namespace);
        if (store.remove(context.getUniqueId()) == null) {
            return;
        }
        CloudScope scope = store.remove(CloudScope.class, CloudScope.class);
        if (scope == null) {
            return;
        }
        Leaks leaks = new Leaks("the tests of " + context.getDisplayName());
        scope.reportMachines(null, leaks);
        scope.reportProcesses(leaks);
        scope.close();
        leaks.addThreads(scope.threads().left());
        check(leaks, context);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == BuildFleet.class
                || type == Ticker.class
                || kind.parameters().contains(type);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        ExtensionContext.Store store = context.getStore(namespace);
        TestScope test = store.get(TestScope.class, TestScope.class);
        if (type == BuildFleet.class || type == Ticker.class) {
            if (test == null) {
                throw new ParameterResolutionException(
                        "a fleet and its ticker belong to one test: ask for them in the test or in @BeforeEach");
            }
            return type == BuildFleet.class ? test.fleet() : test.ticker();
        }
        CloudScope cloud = test == null ? store.get(CloudScope.class, CloudScope.class) : test.cloud();
        if (cloud == null) {
            throw new ParameterResolutionException(
                    "a cloud is shared by the tests of a class only if its extension is in a static field");
        }
        return cloud.cloud().parameter(type);
    }

    private void check(Leaks leaks, ExtensionContext context) {
        if (options.noLeakCheck == null) {
            leaks.check();
        } else {
            context.publishReportEntry(REPORT_KEY, "off: " + options.noLeakCheck);
        }
    }

    private void requireSimulator(String option) {
        if (options.provider == null) {
            throw new IllegalStateException(option + " is for an extension on the simulator");
        }
    }

    private EphemeralBuilderExtension with(Consumer<Options> change) {
        Options changed = options.copy();
        change.accept(changed);
        return new EphemeralBuilderExtension(changed);
    }
}
