package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.JobRig.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.JobException;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult.Ending;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs on machines that stay. */
@Timeout(120)
class JobRunTest {
    @TempDir
    Path folder;

    @Test
    void aJobBringsFilesInRunsItsScriptsAndBringsFilesOut() throws Exception {
        Path source = Files.writeString(folder.resolve("in.txt"), "from here\n");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (FleetRig rig = new FleetRig()) {
            JobResult result = rig.await(rig.fleet.runAsync(
                    job().upload(source, "a/in.txt")
                            .script(Script.of("cat a/in.txt; mkdir out; echo one >out/1; echo two >out/2"))
                            .script(Script.of("ls out"))
                            .download("out/*", folder.resolve("back"))
                            .download("none/*", folder.resolve("back"))
                            .build(),
                    LogSink.to(out)));
            assertThat(result.success()).isTrue();
            assertThat(result.scripts()).hasSize(2);
            assertThat(result.downloads()).hasSize(2);
            assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("from here\n1\n2\n");
            assertThat(folder.resolve("back/1")).hasContent("one");
            assertThat(folder.resolve("back/2")).hasContent("two");
            rig.passUntilEmpty(Duration.ofMinutes(5));
        }
    }

    @Test
    void filesComeBackUnderTheNamesThatTheCallerGivesThem() {
        try (FleetRig rig = new FleetRig()) {
            JobResult result = rig.await(rig.fleet.runAsync(
                    job().script(Script.of("mkdir a b; echo one >a/x; echo two >b/x"))
                            .download("?/x", folder.resolve("back"), match -> Path.of("of", match))
                            .build(),
                    LogSink.discard()));
            assertThat(result.downloads()).hasSize(2);
            assertThat(folder.resolve("back/of/a/x")).hasContent("one");
            assertThat(folder.resolve("back/of/b/x")).hasContent("two");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "x/..", "/x"})
    void noNameLeadsOutOfTheFolder(String name) {
        try (FleetRig rig = new FleetRig()) {
            assertThatThrownBy(() -> rig.await(rig.fleet.runAsync(
                            job().script(Script.of("echo one >x"))
                                    .download("x", folder.resolve("back"), match -> Path.of(name))
                                    .build(),
                            LogSink.discard())))
                    .isInstanceOf(JobException.class)
                    .hasMessageContaining("outside of " + folder.resolve("back"));
            assertThat(folder.resolve("back")).doesNotExist();
        }
    }

    @Test
    void filesThatCannotComeBackDoNotHideThatAScriptHasFailed() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "in the way");
        try (FleetRig rig = new FleetRig()) {
            JobResult result = rig.await(rig.fleet.runAsync(
                    job().script(Script.of("echo one >x; exit 3"))
                            .download("x", file)
                            .download("x", folder.resolve("back"))
                            .build(),
                    LogSink.discard()));
            assertThat(result.exitCode()).isEqualTo(3);
            assertThat(folder.resolve("back/x")).hasContent("one");
        }
    }

    @Test
    void theOneAttemptIsTold() {
        try (FleetRig rig = new FleetRig()) {
            JobResult result =
                    rig.await(rig.fleet.runAsync(job().script(Script.of("true")).build(), LogSink.discard()));
            assertThat(result.attempts()).singleElement().satisfies(attempt -> {
                assertThat(attempt.number()).isEqualTo(1);
                assertThat(attempt.machineId()).isPresent();
                assertThat(attempt.offer()).contains(rig.creates.get(0).launch().offer());
                assertThat(attempt.readyAt())
                        .hasValueSatisfying(at -> assertThat(at)
                                .isAfterOrEqualTo(attempt.startedAt())
                                .isBeforeOrEqualTo(attempt.endedAt()));
                assertThat(attempt.end()).isEqualTo(JobAttempt.End.SUCCEEDED);
                assertThat(attempt.reason()).isNotBlank();
                assertThat(attempt.cost()).isPresent();
            });
        }
    }

    @Test
    void aScriptThatFailsIsTheResultAndWhatComesBehindItIsNotRun() {
        try (FleetRig rig = new FleetRig()) {
            JobResult result = rig.await(rig.fleet.runAsync(
                    job().script(Script.of("echo kept >f; exit 3"))
                            .script(Script.of("echo never >>f"))
                            .download("f", folder)
                            .build(),
                    LogSink.discard()));
            assertThat(result.success()).isFalse();
            assertThat(result.exitCode()).isEqualTo(3);
            assertThat(result.scripts()).hasSize(1);
            assertThat(folder.resolve("f")).hasContent("kept");
            assertThat(result.attempts()).extracting(JobAttempt::end).containsExactly(JobAttempt.End.SCRIPT_FAILED);
            assertThat(rig.creates).hasSize(1);
        }
    }

    @Test
    void aScriptThatEndsAsIfByASignalOnAMachineThatRunsHasFailed() {
        try (FleetRig rig = new FleetRig()) {
            JobResult result = rig.await(
                    rig.fleet.runAsync(job().script(Script.of("kill -9 $$")).build(), LogSink.discard()));
            assertThat(result.exitCode()).isEqualTo(137);
            assertThat(rig.creates).hasSize(1);
        }
    }

    @Test
    void ofScriptsSideBySideOneThatFailsCancelsTheOthers() {
        try (FleetRig rig = new FleetRig()) {
            JobResult result = rig.await(rig.fleet.runAsync(
                    job().together(List.of(
                                    Script.of("sleep 60").grace(Duration.ofSeconds(1)), Script.of("sleep 0.3; exit 4")))
                            .build(),
                    LogSink.discard()));
            assertThat(result.scripts()).hasSize(2);
            assertThat(result.scripts().get(0).ending()).isEqualTo(Ending.CANCELLED);
            assertThat(result.exitCode()).isEqualTo(4);
        }
    }

    @Test
    void scriptsSideBySideShareTheSinkInTurn() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (FleetRig rig = new FleetRig()) {
            JobResult result = rig.await(rig.fleet.runAsync(
                    job().together(List.of(Script.of("echo a"), Script.of("echo b")))
                            .build(),
                    LogSink.to(out)));
            assertThat(result.success()).isTrue();
            assertThat(out.toString(StandardCharsets.UTF_8).lines()).containsExactlyInAnyOrder("a", "b");
        }
    }

    @Test
    void aFileThatIsNotHereEndsTheJobAndNothingIsTriedAgain() {
        try (FleetRig rig = new FleetRig()) {
            Job job = job().upload(folder.resolve("missing"), "x")
                    .script(Script.of("true"))
                    .build();
            assertThatThrownBy(() -> rig.await(rig.fleet.runAsync(job, LogSink.discard())))
                    .isInstanceOf(JobException.class)
                    .hasCauseInstanceOf(NoSuchFileException.class)
                    .satisfies(e -> assertThat(((JobException) e).attempts())
                            .extracting(JobAttempt::end)
                            .containsExactly(JobAttempt.End.FAILED));
            assertThat(rig.creates).hasSize(1);
            rig.passUntilEmpty(Duration.ofMinutes(5));
        }
    }

    @Test
    void aSinkThatThrowsEndsTheJob() {
        try (FleetRig rig = new FleetRig()) {
            LogSink broken = (stream, bytes, length) -> {
                throw new IOException("disk full");
            };
            Job job = job().script(Script.of("echo x; sleep 60")).build();
            assertThatThrownBy(() -> rig.await(rig.fleet.runAsync(job, broken)))
                    .isInstanceOf(JobException.class)
                    .hasRootCauseMessage("disk full");
            rig.passUntilEmpty(Duration.ofMinutes(5));
        }
    }

    @Test
    void aJobWithoutAMachineSaysSo() {
        try (FleetRig rig = new FleetRig(cloud -> cloud.zones("z-a"), fleet -> fleet.maxAttempts(1))) {
            Job job = job().script(Script.of("true")).build();
            rig.cloud.failNext(
                    InMemoryProvider.Call.LAUNCH,
                    new CapacityException("none", CapacityException.Reason.NO_STOCK, "NoStock", null, null));
            rig.cloud.failNext(
                    InMemoryProvider.Call.LAUNCH,
                    new CapacityException("none", CapacityException.Reason.NO_STOCK, "NoStock", null, null));
            assertThatThrownBy(() -> rig.await(rig.fleet.runAsync(job, LogSink.discard())))
                    .isInstanceOf(JobException.class)
                    .hasCauseInstanceOf(CapacityException.class)
                    .satisfies(e -> assertThat(((JobException) e).attempts())
                            .extracting(JobAttempt::end)
                            .containsExactly(JobAttempt.End.NO_MACHINE));
        }
    }

    @Test
    void anIdThatIsTooLongForItsAttemptsIsRefusedAtOnce() {
        try (FleetRig rig = new FleetRig()) {
            Job job = job().script(Script.of("true"))
                    .request(AcquireRequest.builder().requestId("x".repeat(61)).build())
                    .build();
            assertThatThrownBy(() -> rig.fleet.runAsync(job, LogSink.discard()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("60");
        }
    }
}
