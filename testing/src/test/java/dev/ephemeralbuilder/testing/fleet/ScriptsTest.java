package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ScriptResult.Ending;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Scripts on one builder whose machine is a real local process room. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
@Tag("once")
class ScriptsTest {
    private Ticker ticker;
    private InMemoryProvider provider;
    private BuildFleet fleet;
    private EphemeralBuilder builder;

    @BeforeAll
    void acquire() throws InterruptedException {
        ticker = Ticker.system("test-ticker");
        provider = InMemoryProvider.builder()
                .ticker(ticker)
                .bootTime(Duration.ofMillis(200))
                .deletionTime(Duration.ofMillis(100))
                .build();
        fleet = BuildFleet.builder()
                .owner("scripts-test")
                .provider(provider)
                .ticker(ticker)
                .build();
        builder = fleet.acquire(MachineSpec.builder()
                .vcpus(1)
                .memoryGib(1)
                .machineImage("m-any")
                .build());
    }

    @AfterAll
    void giveBack() {
        builder.close();
        fleet.close();
        assertThat(provider.machines()).isEmpty();
        ticker.close();
    }

    private record Outcome(ScriptResult result, String output) {}

    private Outcome run(Script script) throws IOException, InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ScriptResult result = builder.run(script, LogSink.to(out));
        return new Outcome(result, out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void deliversOutputAndExitCode() throws Exception {
        Outcome outcome = run(Script.of("echo one; echo two >&2; exit 37"));
        assertThat(outcome.output()).isEqualTo("one\ntwo\n");
        assertThat(outcome.result().exitCode()).isEqualTo(37);
        assertThat(outcome.result().ending()).isEqualTo(Ending.EXITED);
        assertThat(outcome.result().outBytes()).isEqualTo(8);
        assertThat(outcome.result().success()).isFalse();
    }

    @Test
    void keepsStreamsApartWhenAsked() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        ScriptResult result =
                builder.run(Script.of("echo one; echo two >&2; echo three").separateStreams(), LogSink.to(out, err));
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("one\nthree\n");
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("two\n");
        assertThat(result.errBytes()).isEqualTo(4);
    }

    @Test
    void handsOverEnvironmentOfAnyText() throws Exception {
        String value = "it's \"quoted\" $HOME `id` \\ \n second line \t 构建 é";
        Outcome outcome = run(Script.of("printf %s \"$ODD\"").env("ODD", value));
        assertThat(outcome.output()).isEqualTo(value);
    }

    @Test
    void handsOverStandardInput() throws Exception {
        String text = "x".repeat(300_000) + "\nend";
        Outcome outcome = run(Script.of("cat").stdin(text));
        assertThat(outcome.output()).isEqualTo(text);
    }

    @Test
    void standardInputIsEmptyUnlessGiven() throws Exception {
        assertThat(run(Script.of("cat; echo done")).output()).isEqualTo("done\n");
    }

    @Test
    void runsInTheWorkspaceOrInTheGivenDirectory() throws Exception {
        assertThat(run(Script.of("pwd -P")).output().strip()).endsWith("/workspace");
        run(Script.of("mkdir -p 'a b/c'"));
        assertThat(run(Script.of("pwd").directory("a b/c")).output().strip()).isEqualTo(builder.workspace() + "/a b/c");
    }

    @Test
    void refusesADirectoryThatDoesNotExist() {
        assertThatThrownBy(() -> run(Script.of("true").directory("nowhere")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("no directory")
                .hasMessageContaining("nowhere");
    }

    @Test
    void refusesAnInterpreterThatDoesNotExist() {
        assertThatThrownBy(() -> run(Script.of("true").interpreter("no-such-shell", "-e")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("no-such-shell");
    }

    @Test
    void runsWithAnotherInterpreter() throws Exception {
        Outcome outcome =
                run(Script.of("echo $0 | wc -l; false; echo not reached").interpreter("sh", "-e"));
        assertThat(outcome.output().strip()).isEqualTo("1");
        assertThat(outcome.result().exitCode()).isEqualTo(1);
    }

    @Test
    void endsAScriptThatRunsTooLongEvenIfItIgnoresTerm() throws Exception {
        Outcome outcome = run(Script.of("trap '' TERM; echo started; while :; do sleep 1; done")
                .timeout(Duration.ofSeconds(1))
                .grace(Duration.ofSeconds(1)));
        assertThat(outcome.output()).isEqualTo("started\n");
        assertThat(outcome.result().ending()).isEqualTo(Ending.TIMED_OUT);
        assertThat(outcome.result().exitCode()).isEqualTo(137);
    }

    @Test
    void endsAScriptThatWritesTooMuch() throws Exception {
        Outcome outcome = run(Script.of("while :; do head -c 100000 /dev/zero; sleep 0.1; done")
                .outputLimit(300_000)
                .grace(Duration.ZERO));
        assertThat(outcome.result().ending()).isEqualTo(Ending.OUTPUT_LIMIT);
        assertThat(outcome.result().outBytes()).isGreaterThan(300_000);
    }

    @Test
    void cancelEndsTheWholeProcessGroup() throws Exception {
        RunningScript script = builder.start(
                        Script.of("sleep 600 & echo $! > group.pid; wait").grace(Duration.ofSeconds(2)))
                .get(30, TimeUnit.SECONDS);
        // The group's second process is up once its number is written down.
        run(Script.of("until [ -s group.pid ]; do sleep 0.05; done"));
        script.cancel().get(30, TimeUnit.SECONDS);
        ScriptResult result = script.result().get(30, TimeUnit.SECONDS);
        assertThat(result.ending()).isEqualTo(Ending.CANCELLED);
        Outcome left =
                run(Script.of("grep -q . /proc/$(cat group.pid)/cmdline 2>/dev/null && echo alive || echo dead"));
        assertThat(left.output()).isEqualTo("dead\n");
    }

    @Test
    void aScriptIsFollowedMoreThanOnceAndFromItsFirstByte() throws Exception {
        RunningScript script = builder.start(Script.of("for i in 1 2 3; do echo line $i; done"))
                .get(30, TimeUnit.SECONDS);
        for (int i = 0; i < 2; i++) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            script.follow(LogSink.to(out)).get(30, TimeUnit.SECONDS);
            assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("line 1\nline 2\nline 3\n");
        }
    }

    @Test
    void resultComesWithoutAFollower() throws Exception {
        RunningScript script = builder.start(Script.of("sleep 0.3; exit 5")).get(30, TimeUnit.SECONDS);
        assertThat(script.result().get(30, TimeUnit.SECONDS).exitCode()).isEqualTo(5);
    }

    @Test
    void noByteIsLostOrDoubledWhenTheConnectionIsCut() throws Exception {
        int lines = 400_000;
        String expected =
                "awk 'BEGIN { for (i = 0; i < " + lines + "; i++) printf \"%d some text to fill the line\\n\", i }'";
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        LogSink cutting = new LogSink() {
            private long next = 1_000_000;

            @Override
            public void write(LogStream stream, byte[] bytes, int length) {
                whole.write(bytes, 0, length);
                if (whole.size() >= next) {
                    next += 4_000_000;
                    provider.cutShells(builder.id());
                }
            }
        };
        ScriptResult result = builder.run(Script.of(expected), cutting);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < lines; i++) {
            text.append(i).append(" some text to fill the line\n");
        }
        assertThat(whole.toString(StandardCharsets.UTF_8).equals(text.toString()))
                .isTrue();
        assertThat(result.outBytes()).isEqualTo(text.length());
    }

    @Test
    void aSinkThatFailsEndsTheRunAndTheScript() throws Exception {
        LogSink full = (stream, bytes, length) -> {
            throw new IOException("disk full");
        };
        assertThatThrownBy(() -> builder.run(Script.of("echo $$ > sink.pid; echo x; sleep 600"), full))
                .isInstanceOf(IOException.class)
                .hasMessage("disk full");
        Outcome end = run(Script.of("p=$(cat sink.pid); i=0; while kill -0 $p 2>/dev/null && [ $i -lt 300 ]; do"
                + " i=$((i+1)); sleep 0.05; done; kill -0 $p 2>/dev/null && echo alive || echo dead"));
        assertThat(end.output()).isEqualTo("dead\n");
    }

    @Test
    void aScriptWhoseSupervisorIsKilledIsLostAndHasNoExitCode() throws Exception {
        RunningScript script = builder.start(Script.of("sleep 600")).get(30, TimeUnit.SECONDS);
        run(Script.of("kill -KILL $(cat \"$HOME/.ephemeral-builder/scripts/" + script.id() + "/sup\")"));
        assertThatThrownBy(() -> script.result().get(30, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(BuilderLostException.class)
                .hasMessageContaining("Nobody knows how script");
    }
}
