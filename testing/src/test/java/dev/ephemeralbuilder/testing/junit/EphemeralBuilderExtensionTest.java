package dev.ephemeralbuilder.testing.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.EphemeralBuilderAssertions;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.TestTicker;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.RegisterExtension;

class EphemeralBuilderExtensionTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Instant START = Instant.parse("2026-03-01T00:00:00Z");
    private static final MachineSpec SPEC =
            MachineSpec.builder().vcpus(2).memoryGib(4).machineImage("m-any").build();

    private static EphemeralBuilder acquire(BuildFleet fleet, TestTicker ticker) {
        return ticker.advanceUntil(fleet.acquireAsync(SPEC, AcquireRequest.defaults()), HOUR);
    }

    /** The living threads of this library, of whatever group. */
    private static Set<Thread> libraryThreads() {
        Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
        threads.removeIf(thread -> !thread.getName().startsWith("ephemeral-"));
        return threads;
    }

    @Test
    void anInstanceFieldGivesEachTestACloudAndAnOwnerOfItsOwn() {
        OfEachTest.CLOUDS.clear();
        OfEachTest.OWNERS.clear();
        ExampleRun.of(OfEachTest.class).allPassed();
        assertThat(OfEachTest.CLOUDS).hasSize(2).doesNotHaveDuplicates();
        assertThat(OfEachTest.OWNERS).hasSize(2).doesNotHaveDuplicates();
    }

    static class OfEachTest {
        static final List<InMemoryProvider> CLOUDS = new CopyOnWriteArrayList<>();
        static final List<String> OWNERS = new CopyOnWriteArrayList<>();

        @RegisterExtension
        final EphemeralBuilderExtension cloud = EphemeralBuilderExtension.inMemory();

        private BuildFleet before;

        @BeforeEach
        void keep(BuildFleet fleet, InMemoryProvider provider) {
            before = fleet;
            CLOUDS.add(provider);
            OWNERS.add(fleet.owner());
        }

        @Test
        void one(BuildFleet fleet) {
            assertThat(fleet).isSameAs(before);
        }

        @Test
        void two(TestTicker ticker, Ticker same) {
            assertThat(same).isSameAs(ticker);
        }
    }

    @Test
    void aStaticFieldGivesAClassOneCloudAndEachTestAFleet() {
        OfTheClass.OWNERS.clear();
        ExampleRun.of(OfTheClass.class).allPassed();
        assertThat(OfTheClass.OWNERS).hasSize(3).doesNotHaveDuplicates();
    }

    static class OfTheClass {
        @RegisterExtension
        static final EphemeralBuilderExtension CLOUD =
                EphemeralBuilderExtension.inMemory().cloud(cloud -> cloud.region("memory-7"));

        static final List<String> OWNERS = new CopyOnWriteArrayList<>();
        private static InMemoryProvider shared;

        @BeforeAll
        static void keep(InMemoryProvider provider) {
            shared = provider;
        }

        @Test
        void one(BuildFleet fleet, InMemoryProvider provider) {
            sameCloud(fleet, provider);
        }

        @Test
        void two(BuildFleet fleet, InMemoryProvider provider) {
            sameCloud(fleet, provider);
        }

        @Nested
        class Inside {
            @Test
            void three(BuildFleet fleet, InMemoryProvider provider) {
                sameCloud(fleet, provider);
            }
        }

        private static void sameCloud(BuildFleet fleet, InMemoryProvider provider) {
            assertThat(provider).isSameAs(shared);
            assertThat(provider.region()).isEqualTo("memory-7");
            OWNERS.add(fleet.owner());
        }
    }

    @Test
    void onASharedCloudATestAnswersForItsFleetAndTheClassForTheRest() {
        ExampleRun run = ExampleRun.of(Sharing.class);
        run.passed("leavesTheMachineOfAnother");
        run.passed("leavesNothing");
        assertThat(run.failure("Sharing"))
                .hasMessageContaining("Sharing left behind:\n  - machine i-memory-")
                .hasMessageContaining(" is still there");
    }

    @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
    static class Sharing {
        @RegisterExtension
        static final EphemeralBuilderExtension CLOUD =
                EphemeralBuilderExtension.inMemory().cloud(cloud -> cloud.deletionTime(HOUR));

        @Test
        @Order(1)
        void leavesTheMachineOfAnother(InMemoryProvider provider, TestTicker ticker) throws Exception {
            BuildFleet other = BuildFleet.builder()
                    .owner("other")
                    .provider(provider.sibling())
                    .ticker(ticker)
                    .closeTimeout(Duration.ZERO)
                    .build();
            EphemeralBuilderAssertions.assertThat(acquire(other, ticker)).isNotReclaimed();
            assertThat(ticker.advanceWhile(() -> closed(other), HOUR)).isTrue();
        }

        @Test
        @Order(2)
        void leavesNothing(BuildFleet fleet) {
            assertThat(fleet.owner()).isNotEqualTo("other");
        }

        private static boolean closed(BuildFleet fleet) {
            fleet.close();
            return true;
        }
    }

    @Test
    void aFleetIsNotForAWholeClass() {
        assertThat(ExampleRun.of(FleetOfTheClass.class).failure("FleetOfTheClass"))
                .isInstanceOf(ParameterResolutionException.class)
                .hasMessageContaining("belong to one test");
    }

    static class FleetOfTheClass {
        @RegisterExtension
        static final EphemeralBuilderExtension CLOUD = EphemeralBuilderExtension.inMemory();

        @BeforeAll
        static void ask(BuildFleet fleet) {
            assertThat(fleet).as("what nobody gets").isNull();
        }

        @Test
        void one() {}
    }

    @Test
    void theFleetIsSetUpAsAsked() {
        ExampleRun.of(SetUp.class).allPassed();
    }

    static class SetUp {
        @RegisterExtension
        final EphemeralBuilderExtension cloud =
                EphemeralBuilderExtension.inMemory().owner("mine").fleet(fleet -> fleet.maxAttempts(1));

        @Test
        void one(BuildFleet fleet) {
            assertThat(fleet.owner()).isEqualTo("mine");
            assertThat(Set.of(fleet)).contains(fleet);
        }
    }

    @Test
    void aSimulatorHasTheSeedAndTheClockThatWereAskedFor() {
        ExampleRun.of(Simulated.class).allPassed();
    }

    static class Simulated {
        @RegisterExtension
        static final EphemeralBuilderExtension CLOUD = EphemeralBuilderExtension.onSimulator(
                        simulator -> InMemoryProvider.on(simulator.ticker()))
                .seed(7)
                .clock(() -> SimulatedClock.manual(START))
                .simulator(simulator -> simulator.region("cn-beijing"));

        @Test
        void timeStandsStill(AlibabaCloudSimulator simulator, SimulatedClock clock, Ticker ticker) {
            assertThat(simulator.region()).isEqualTo("cn-beijing");
            Instant before = clock.now();
            assertThat(before).isBetween(START, START.plus(HOUR));
            clock.advance(HOUR);
            assertThat(ticker.now()).isEqualTo(clock.now()).isEqualTo(before.plus(HOUR));
        }

        @Test
        void aFleetEndsInATimeThatNobodyMoves(BuildFleet fleet, SimulatedClock clock) {
            assertThat(fleet.acquireAsync(SPEC, AcquireRequest.defaults())).isNotDone();
            assertThat(clock.movedByHand()).isTrue();
        }
    }

    @Test
    void whatFailsToMakeAProviderFailsTheTest() {
        assertThat(ExampleRun.of(NoProvider.class).failure("one"))
                .isInstanceOf(ParameterResolutionException.class)
                .hasStackTraceContaining("no provider today");
    }

    static class NoProvider {
        @RegisterExtension
        final EphemeralBuilderExtension cloud = EphemeralBuilderExtension.onSimulator(simulator -> {
            throw new IllegalStateException("no provider today");
        });

        @Test
        void one(BuildFleet fleet) {
            assertThat(fleet).as("what nobody gets").isNull();
        }
    }

    @Test
    void allThreadsOfFleetAndCloudBelongToTheTest() {
        OwnThreads threads = new OwnThreads();
        Set<Thread> before = libraryThreads();
        TestTicker ticker = TestTicker.create();
        BuildFleet fleet = threads.make(() -> BuildFleet.builder()
                .owner("threads")
                .provider(InMemoryProvider.on(ticker))
                .ticker(ticker)
                .build());
        AlibabaCloudSimulator simulator =
                threads.make(() -> AlibabaCloudSimulator.builder().start());
        try (EphemeralBuilder builder = acquire(fleet, ticker)) {
            assertThat(ticker.advanceUntil(builder.start(Script.of("true")).thenCompose(RunningScript::result), HOUR))
                    .isNotNull();
            Set<Thread> made = libraryThreads();
            made.removeAll(before);
            assertThat(made).isNotEmpty();
            assertThat(threads.alive()).containsAll(made);
        } finally {
            threads.end(fleet::close, () -> ticker.advance(Duration.ofMillis(200)));
            threads.end(simulator::close, () -> {});
        }
        assertThat(threads.left()).isEmpty();
    }

    @Test
    void whatDoesNotFitTheCloudIsRefused() {
        EphemeralBuilderExtension inMemory = EphemeralBuilderExtension.inMemory();
        assertThatIllegalStateException().isThrownBy(() -> inMemory.seed(1));
        assertThatIllegalStateException().isThrownBy(() -> inMemory.clock(SimulatedClock::wall));
        assertThatIllegalStateException()
                .isThrownBy(() -> EphemeralBuilderExtension.onSimulator(s -> InMemoryProvider.on(s.ticker()))
                        .cloud(cloud -> {}));
        assertThatIllegalArgumentException().isThrownBy(() -> inMemory.withoutLeakCheck(" "));
    }
}
