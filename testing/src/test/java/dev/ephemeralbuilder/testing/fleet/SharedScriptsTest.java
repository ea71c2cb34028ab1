package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ScriptResult.Ending;
import dev.ephemeralbuilder.ScriptSummary;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Scripts on one machine that two fleets hold, with real processes in real time. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
@Tag("once")
class SharedScriptsTest {
    private static final int LINES = 20_000;

    private Ticker ticker;
    private InMemoryProvider provider;
    private BuildFleet starter;
    private BuildFleet other;
    private EphemeralBuilder started;
    private EphemeralBuilder attached;

    @BeforeAll
    void acquireAndAttach() throws InterruptedException {
        ticker = Ticker.system("test-ticker");
        provider = InMemoryProvider.builder()
                .ticker(ticker)
                .bootTime(Duration.ofMillis(200))
                .deletionTime(Duration.ofMillis(100))
                .build();
        StateStore store = StateStore.inMemory();
        other = fleet(store, provider.sibling());
        starter = fleet(store, provider);
        started = starter.acquire(MachineSpec.builder()
                .vcpus(1)
                .memoryGib(1)
                .machineImage("m-any")
                .build());
        attached = other.attach(started.id());
    }

    private BuildFleet fleet(StateStore store, InMemoryProvider client) {
        return BuildFleet.builder()
                .owner("shared-scripts-test")
                .stateStore(store)
                .ticker(ticker)
                .provider(client)
                .build();
    }

    @AfterAll
    void giveBack() {
        attached.close();
        other.close();
        starter.close();
        assertThat(provider.machines()).isEmpty();
        ticker.close();
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private static Throwable failure(CompletableFuture<?> future) throws Exception {
        try {
            future.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return e.getCause();
        }
        throw new AssertionError("it did not fail");
    }

    private ScriptSummary summary(String id) throws Exception {
        return get(attached.scripts()).stream()
                .filter(s -> s.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static String numbers() {
        StringBuilder all = new StringBuilder();
        for (int i = 1; i <= LINES; i++) {
            all.append(i).append(" of ").append(LINES).append('\n');
        }
        return all.toString();
    }

    @Test
    void twoFleetsFollowOneScriptFromItsFirstByteThroughCuts() throws Exception {
        RunningScript mine = get(started.start(Script.of("i=0; while [ $i -lt " + LINES + " ]; do i=$((i + 1));"
                + " echo \"$i of " + LINES + "\"; if [ $((i % 2000)) = 0 ]; then sleep 0.1; fi; done; exit 9")));
        ByteArrayOutputStream first = new ByteArrayOutputStream();
        CompletableFuture<Void> following = mine.follow(LogSink.to(first));
        RunningScript theirs = get(attached.script(mine.id()));
        ByteArrayOutputStream second = new ByteArrayOutputStream();
        CompletableFuture<Void> followingToo = theirs.follow(LogSink.to(second));
        provider.cutShells(started.id());
        get(following);
        get(followingToo);
        assertThat(first.toString(StandardCharsets.UTF_8)).isEqualTo(numbers());
        assertThat(second.toString(StandardCharsets.UTF_8)).isEqualTo(numbers());
        ScriptResult result = get(theirs.result());
        assertThat(result).isEqualTo(get(mine.result()));
        assertThat(result.exitCode()).isEqualTo(9);
    }

    @Test
    void streamsThatWereKeptApartStayApart() throws Exception {
        RunningScript mine = get(
                started.start(Script.of("echo one; echo two >&2; echo three").separateStreams()));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        get(get(attached.script(mine.id())).follow(LogSink.to(out, err)));
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("one\nthree\n");
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("two\n");
    }

    @Test
    void aScriptIsCancelledByAnotherFleetWithItsOwnGrace() throws Exception {
        RunningScript mine =
                get(started.start(Script.of("trap 'echo stopping; exit 5' TERM; echo on; while :; do sleep 0.1; done")
                        .grace(Duration.ofSeconds(30))));
        RunningScript theirs = get(attached.script(mine.id()));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CompletableFuture<Void> following = theirs.follow(LogSink.to(out));
        Awaitility.await().until(() -> out.size() > 0);
        get(theirs.cancel());
        get(following);
        ScriptResult result = get(mine.result());
        assertThat(result.ending()).isEqualTo(Ending.CANCELLED);
        assertThat(result.exitCode()).isEqualTo(5);
        assertThat(out.toString(StandardCharsets.UTF_8)).endsWith("stopping\n");
    }

    @Test
    void theTimeoutIsKeptForWhoeverWaits() throws Exception {
        RunningScript mine = get(started.start(
                Script.of("exec sleep 600").timeout(Duration.ofSeconds(1)).grace(Duration.ofSeconds(1))));
        assertThat(get(get(attached.script(mine.id())).result()).ending()).isEqualTo(Ending.TIMED_OUT);
    }

    @Test
    void theScriptsOfBothAreListedWithTheirStates() throws Exception {
        RunningScript over = get(started.start(Script.of("echo four; exit 4")));
        get(over.result());
        RunningScript running = get(attached.start(Script.of("while [ ! -e end ]; do sleep 0.1; done")));
        assertThat(get(started.scripts())).extracting(ScriptSummary::id).contains(over.id(), running.id());
        assertThat(summary(over.id()).state()).isEqualTo(ScriptSummary.State.ENDED);
        assertThat(summary(over.id()).result()).contains(get(over.result()));
        assertThat(summary(running.id()).state()).isEqualTo(ScriptSummary.State.RUNNING);
        assertThat(summary(running.id()).result()).isEmpty();
        assertThat(get(started.scripts())).isSortedAccordingTo(Comparator.comparing(ScriptSummary::startedAt));
        get(started.start(Script.of("touch end")));
        assertThat(get(running.result()).exitCode()).isZero();
    }

    @Test
    void aScriptWithoutItsSupervisorIsListedAsVanished() throws Exception {
        RunningScript mine = get(started.start(Script.of("exec sleep 600")));
        get(get(attached.start(Script.of("cd ~/.ephemeral-builder/scripts/" + mine.id()
                        + "; read sup rest <sup; read pid rest <pid; kill -9 $sup; kill -9 -$pid")))
                .result());
        assertThat(summary(mine.id()).state()).isEqualTo(ScriptSummary.State.VANISHED);
        assertThat(failure(get(attached.script(mine.id())).result())).isInstanceOf(BuilderLostException.class);
    }

    @Test
    void scriptsThatTwoFleetsStartAtOnceHaveIdsOfTheirOwn() throws Exception {
        List<CompletableFuture<RunningScript>> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            EphemeralBuilder by = i % 2 == 0 ? started : attached;
            all.add(by.start(Script.of("echo number " + i)));
        }
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < all.size(); i++) {
            RunningScript script = get(all.get(i));
            ids.add(script.id());
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            get(get((i % 2 == 0 ? attached : started).script(script.id())).follow(LogSink.to(out)));
            assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("number " + i + "\n");
        }
        assertThat(ids).hasSize(8);
    }

    @Test
    void aScriptThatNobodyStartedIsUnknown() throws Exception {
        assertThat(failure(attached.script("0123456789abcdef")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("0123456789abcdef");
    }

    @Test
    void whatIsNoIdNeverReachesTheMachine() throws Exception {
        for (String id : List.of("", "*", "../scripts", "a b", "$(touch ran)", ";touch ran;", "x".repeat(2_000))) {
            assertThat(failure(attached.script(id))).as(id).isInstanceOf(ConfigurationException.class);
        }
        assertThat(attached.glob("ran")).isEmpty();
    }
}
