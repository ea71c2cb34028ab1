package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.DuplicateRequestException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ScriptSummary;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A process is killed while it uses a machine; another one goes on with it, over the real SDK and real SSH. */
@Timeout(120)
@EnabledOnOs(value = OS.LINUX, disabledReason = "the machines need addresses of their own, as Linux has them")
class KilledProcessTest {
    private final AlibabaCloudSimulator simulator = AlibabaCloudSimulator.builder()
            .bootTime(Duration.ofMillis(500), Duration.ofMillis(500))
            .start();

    @TempDir
    Path folder;

    private @Nullable Process first;

    private Properties settings = new Properties();

    @BeforeEach
    void setUp() {
        settings = SharedMachines.settings(simulator, folder.resolve("state"));
    }

    @AfterEach
    void close() {
        Process process = first;
        if (process != null) {
            process.destroyForcibly();
        }
        simulator.close();
    }

    private Process startFirst() throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx128m",
                        "-cp",
                        classPath,
                        SharedMachines.class.getName())
                .redirectError(folder.resolve("first.err").toFile())
                .start();
        first = process;
        try (OutputStream in = process.getOutputStream()) {
            settings.store(in, null);
        }
        return process;
    }

    /** Returns what is behind a word that the first process says. */
    private static String await(BufferedReader out, String word) throws IOException {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith(word)) {
                return line.substring(word.length()).strip();
            }
        }
        throw new AssertionError("the first process ended before it said " + word);
    }

    private static void kill(Process process) throws InterruptedException {
        process.destroyForcibly();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        // 128 + 9: it had no chance to tidy up.
        assertThat(process.exitValue()).isEqualTo(137);
    }

    @Test
    void aScriptIsFollowedToItsEndByAnotherProcess() throws Exception {
        Process process = startFirst();
        String id;
        String scriptId;
        try (BufferedReader out = process.inputReader()) {
            id = await(out, "launched");
            scriptId = await(out, "started");
            await(out, "followed");
            kill(process);
        }
        try (BuildFleet fleet = SharedMachines.fleet(settings).build()) {
            assertThat(fleet.list()).singleElement().satisfies(summary -> {
                assertThat(summary.id()).isEqualTo(id);
                assertThat(summary.attachable()).isTrue();
            });
            EphemeralBuilder builder = fleet.attach(id);
            assertThat(builder.scripts().get(30, TimeUnit.SECONDS))
                    .extracting(ScriptSummary::id, ScriptSummary::state)
                    .containsExactly(tuple(scriptId, ScriptSummary.State.RUNNING));
            RunningScript script = builder.script(scriptId).get(30, TimeUnit.SECONDS);
            ByteArrayOutputStream log = new ByteArrayOutputStream();
            var following = script.follow(LogSink.to(log));
            builder.run(Script.of("touch " + SharedMachines.GATE), LogSink.discard());
            following.get(60, TimeUnit.SECONDS);
            ScriptResult result = script.result().get(30, TimeUnit.SECONDS);
            assertThat(result.exitCode()).isEqualTo(7);
            byte[] expected = SharedMachines.pattern().getBytes(StandardCharsets.US_ASCII);
            assertThat(result.outBytes()).isEqualTo(expected.length).isGreaterThan(2_000_000);
            assertThat(log.toByteArray()).isEqualTo(expected);
            builder.close();
            builder.gone().get(60, TimeUnit.SECONDS);
        }
        assertThat(simulator.machines()).isEmpty();
        StateStore store = SharedMachines.store(folder.resolve("state"));
        assertThat(store.readAll(StateStore.Kind.BUILDER)).isEmpty();
        assertThat(store.lines(StateStore.Log.LEDGER, Instant.EPOCH)).hasSize(1);
    }

    @Test
    void theSameRequestGoesOnWithTheMachineOfAKilledProcess() throws Exception {
        Process process = startFirst();
        String id;
        try (BufferedReader out = process.inputReader();
                BuildFleet fleet = SharedMachines.fleet(settings).build()) {
            id = await(out, "launched");
            assertThatThrownBy(() -> fleet.acquire(SharedMachines.spec(settings), SharedMachines.REQUEST))
                    .isInstanceOfSatisfying(
                            DuplicateRequestException.class,
                            e -> assertThat(e).hasMessageContaining("process " + process.pid()));
            kill(process);

            EphemeralBuilder builder = fleet.acquire(SharedMachines.spec(settings), SharedMachines.REQUEST);

            assertThat(builder.id()).isEqualTo(id);
            assertThat(builder.run(Script.of("exit 5"), LogSink.discard()).exitCode())
                    .isEqualTo(5);
            assertThat(simulator.machines()).hasSize(1);
        }
        assertThat(simulator.machines()).isEmpty();
    }

    @Test
    void aMachineWhoseProcessWasKilledDuringTheBootIsTakenOver() throws Exception {
        Process process = startFirst();
        String id;
        try (BufferedReader out = process.inputReader()) {
            id = await(out, "launched");
            kill(process);
        }
        try (BuildFleet fleet = SharedMachines.fleet(settings).build()) {
            EphemeralBuilder builder = fleet.attach(id);
            ScriptResult result = builder.run(Script.of("exit 3"), LogSink.discard());
            assertThat(result.exitCode()).isEqualTo(3);
            fleet.release(id);
            assertThat(fleet.list()).extracting(BuilderSummary::id).isEmpty();
        }
        assertThat(simulator.machines()).isEmpty();
    }
}
