package dev.ephemeralbuilder.testing.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.testing.EphemeralBuilderAssertions;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.TestTicker;
import dev.ephemeralbuilder.testing.simulator.MachineProcess;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("once")
class LeakCheckTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final MachineSpec SPEC =
            MachineSpec.builder().vcpus(2).memoryGib(4).machineImage("m-any").build();

    private static EphemeralBuilder acquire(BuildFleet fleet, TestTicker ticker, String requestId) {
        AcquireRequest request = AcquireRequest.builder().requestId(requestId).build();
        return ticker.advanceUntil(fleet.acquireAsync(SPEC, request), HOUR);
    }

    @Test
    void whoClosesHisBuilderPasses() {
        ExampleRun.of(Closing.class).allPassed();
    }

    static class Closing {
        @RegisterExtension
        final EphemeralBuilderExtension cloud = EphemeralBuilderExtension.inMemory();

        private @Nullable EphemeralBuilder kept;

        @Test
        void runsAScript(BuildFleet fleet, TestTicker ticker) throws Exception {
            ScriptResult result = ticker.advanceWhile(
                    () -> {
                        try (EphemeralBuilder builder = fleet.acquire(SPEC)) {
                            return builder.run(Script.of("exit 3"), LogSink.to(new ByteArrayOutputStream()));
                        }
                    },
                    HOUR);
            EphemeralBuilderAssertions.assertThat(result).exitedWith(3);
        }

        @Test
        void closesLater(BuildFleet fleet, TestTicker ticker) {
            kept = acquire(fleet, ticker, "later");
        }

        @Test
        void closesTheFleet(BuildFleet fleet, TestTicker ticker) throws Exception {
            EphemeralBuilder builder = acquire(fleet, ticker, "by-the-fleet");
            boolean closed = ticker.advanceWhile(
                    () -> {
                        fleet.close();
                        return true;
                    },
                    HOUR);
            assertThat(closed).isTrue();
            EphemeralBuilderAssertions.assertThat(builder).isGone();
        }

        @Test
        void givesUpWaiting(BuildFleet fleet, TestTicker ticker, InMemoryProvider provider) {
            CompletableFuture<EphemeralBuilder> future = fleet.acquireAsync(SPEC, AcquireRequest.defaults());
            future.cancel(false);
            ticker.advance(Duration.ofSeconds(10));
            assertThat(future).isCancelled();
        }

        @Test
        void asksForNothing() {
            assertThat(kept).isNull();
        }

        @AfterEach
        void close() {
            if (kept != null) {
                kept.close();
            }
        }
    }

    @Test
    void aForgottenBuilderIsNamedWithItsRequestAndItsPlace() {
        Throwable failure = ExampleRun.of(Forgetting.class).failure("forgets");
        assertThat(failure)
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("the test forgets(BuildFleet, TestTicker) left behind:\n  - builder i-memory-")
                .hasMessageContaining(" of request job-17 was not closed; acquired at ")
                .hasMessageContaining(LeakCheckTest.class.getName() + ".acquire(LeakCheckTest.java:")
                .hasMessageNotContaining("machine i-");
        assertThat(failure.getSuppressed())
                .singleElement()
                .satisfies(place -> assertThat(place.getStackTrace())
                        .anyMatch(frame -> frame.getMethodName().equals("forgets")));
    }

    static class Forgetting {
        @RegisterExtension
        final EphemeralBuilderExtension cloud = EphemeralBuilderExtension.inMemory();

        @Test
        void forgets(BuildFleet fleet, TestTicker ticker) {
            assertThat(acquire(fleet, ticker, "job-17").id()).startsWith("i-memory-");
        }
    }

    @Test
    void machinesProcessesAndThreadsThatStayAreNamed() {
        Throwable failure = ExampleRun.of(Leaving.class).failure("leaves");
        assertThat(failure)
                .isInstanceOf(AssertionError.class)
                .hasMessageMatching("(?s)the test leaves.* left behind:\n"
                        + "  - machine i-memory-000001 \\(mem.c1.large, RUNNING, request job-18\\) is still there,"
                        + " with processes .*\\d+ \\(sleep\\).*\n"
                        + "  - thread ephemeral-a-example \\(TIMED_WAITING\\) still lives\n"
                        + "        at [^\n]*park.*CountDownLatch.await.*")
                .hasMessageNotContaining("4711.25");
        assertThat(Leaving.processes.get())
                .as("what a test left is ended all the same")
                .isEmpty();
    }

    static class Leaving {
        private static volatile Supplier<List<MachineProcess>> processes = List::of;

        private final CountDownLatch end = new CountDownLatch(1);

        @RegisterExtension
        final EphemeralBuilderExtension cloud =
                EphemeralBuilderExtension.inMemory().fleet(this::startThread);

        private void startThread(BuildFleet.Builder fleet) {
            Thread thread = new Thread(
                    () -> {
                        try {
                            // It must not end with a failure: whatever test runs by then would be blamed.
                            boolean unused = end.await(1, TimeUnit.MINUTES);
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    },
                    "ephemeral-a-example");
            thread.setDaemon(true);
            thread.start();
        }

        @Test
        void leaves(BuildFleet fleet, InMemoryProvider provider, TestTicker ticker) {
            processes = provider::processes;
            BuildFleet other = BuildFleet.builder()
                    .owner("other")
                    .provider(provider.sibling())
                    .ticker(ticker)
                    .build();
            EphemeralBuilder builder = acquire(other, ticker, "job-18");
            RunningScript script = ticker.advanceUntil(builder.start(Script.of("exec sleep 4711.25")), HOUR);
            assertThat(script.result()).isNotDone();
            Awaitility.await()
                    .until(() -> provider.processes().stream()
                            .anyMatch(process -> process.program().equals("sleep")));
            assertThat(fleet.owner()).startsWith("test-");
        }
    }

    @Test
    void aTestThatFailsKeepsItsFailure() {
        Throwable failure = ExampleRun.of(Failing.class).failure("fails");
        assertThat(failure).hasMessage("of its own");
        assertThat(failure.getSuppressed())
                .singleElement()
                .satisfies(leak -> assertThat(leak).hasMessageContaining("of request job-19 was not closed"));
    }

    static class Failing {
        @RegisterExtension
        final EphemeralBuilderExtension cloud = EphemeralBuilderExtension.inMemory();

        @Test
        void fails(BuildFleet fleet, TestTicker ticker) {
            acquire(fleet, ticker, "job-19");
            fail("of its own");
        }
    }

    @Test
    void withoutTheCheckTheReasonIsReported() {
        ExampleRun run = ExampleRun.of(Unchecked.class);
        run.allPassed();
        assertThat(run.reports()).containsExactly("{ephemeral-builder leak check=off: it is about forgetting}");
    }

    static class Unchecked {
        @RegisterExtension
        final EphemeralBuilderExtension cloud =
                EphemeralBuilderExtension.inMemory().withoutLeakCheck("it is about forgetting");

        @Test
        void forgets(BuildFleet fleet, TestTicker ticker) {
            assertThat(acquire(fleet, ticker, "job-20").requestId()).isEqualTo("job-20");
        }
    }

    @Test
    void ofTestsAtTheSameTimeOnlyTheLeakingOneFails() {
        ExampleRun run = ExampleRun.of(AtTheSameTime.class, 3);
        run.passed("clean1");
        run.passed("clean2");
        assertThat(run.failure("leaks"))
                .hasMessageContaining("thread ephemeral-a-example (")
                .hasMessageContaining("request job-21 was not closed");
        run.passed("AtTheSameTime");
    }

    static class AtTheSameTime {
        private static final CountDownLatch ALL_HAVE_BEGUN = new CountDownLatch(3);
        private static final CountDownLatch NEVER = new CountDownLatch(1);

        @RegisterExtension
        final EphemeralBuilderExtension cloud = EphemeralBuilderExtension.inMemory();

        @Test
        void clean1(BuildFleet fleet, TestTicker ticker) throws InterruptedException {
            works(fleet, ticker, "clean-1");
        }

        @Test
        void clean2(BuildFleet fleet, TestTicker ticker) throws InterruptedException {
            works(fleet, ticker, "clean-2");
        }

        @Test
        void leaks(BuildFleet fleet, TestTicker ticker) throws InterruptedException {
            EphemeralBuilder builder = acquire(fleet, ticker, "job-21");
            ALL_HAVE_BEGUN.countDown();
            assertThat(ALL_HAVE_BEGUN.await(30, TimeUnit.SECONDS)).isTrue();
            // A thread of the fleet's own pools starts this one.
            var unused = builder.gone().whenComplete((gone, failure) -> {
                Thread thread = new Thread(AtTheSameTime::waitLong, "ephemeral-a-example");
                thread.setDaemon(true);
                thread.start();
            });
        }

        private static void waitLong() {
            try {
                // No failure at the end, as above.
                boolean unused = NEVER.await(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private static void works(BuildFleet fleet, TestTicker ticker, String requestId) throws InterruptedException {
            try (EphemeralBuilder builder = acquire(fleet, ticker, requestId)) {
                ALL_HAVE_BEGUN.countDown();
                assertThat(ALL_HAVE_BEGUN.await(30, TimeUnit.SECONDS)).isTrue();
                assertThat(builder.requestId()).isEqualTo(requestId);
            }
        }
    }
}
