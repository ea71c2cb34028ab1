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
import dev.ephemeralbuilder.testing.contract.OtherProcess;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A process is killed while it uses a machine; another one goes on with it, over the real SDK and real SSH. */
@Timeout(120)
@EnabledOnOs(value = OS.LINUX, disabledReason = "the machines need addresses of their own, as Linux has them")
@Tag("once")
class KilledProcessTest {
    private final AlibabaCloudSimulator simulator = AlibabaCloudSimulator.builder()
            .bootTime(Duration.ofMillis(500), Duration.ofMillis(500))
            .start();

    @TempDir
    Path folder;

    private Properties settings = new Properties();

    @BeforeEach
    void setUp() {
        settings = OtherProcess.settings(simulator, folder.resolve("state"));
    }

    @AfterEach
    void close() {
        simulator.close();
    }

    private OtherProcess startFirst() throws IOException {
        return new OtherProcess(SharedMachines.class, settings, folder.resolve("first.err"));
    }

    @Test
    void aScriptIsFollowedToItsEndByAnotherProcess() throws Exception {
        String id;
        String scriptId;
        try (OtherProcess first = startFirst()) {
            id = first.await("launched");
            scriptId = first.await("started");
            first.await("followed");
            first.kill();
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
        try (OtherProcess first = startFirst();
                BuildFleet fleet = SharedMachines.fleet(settings).build()) {
            String id = first.await("launched");
            assertThatThrownBy(() -> fleet.acquire(SharedMachines.spec(settings), SharedMachines.REQUEST))
                    .isInstanceOfSatisfying(
                            DuplicateRequestException.class,
                            e -> assertThat(e).hasMessageContaining("process " + first.pid()));
            first.kill();

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
        String id;
        try (OtherProcess first = startFirst()) {
            id = first.await("launched");
            first.kill();
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
