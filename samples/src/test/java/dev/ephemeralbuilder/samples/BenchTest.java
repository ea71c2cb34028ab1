package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small runs of the benchmarks: that they come to an end with the document that they promise. */
@EnabledOnOs(OS.LINUX)
@Tag("once")
@Execution(ExecutionMode.CONCURRENT)
class BenchTest {
    @TempDir
    private Path folder;

    private JsonNode run(int atMostExitCode, String... arguments) throws IOException {
        try (CommandRig rig = new CommandRig(folder, folder)) {
            assertThat(rig.run(arguments)).as(rig.err()).isBetween(0, atMostExitCode);
            assertThat(rig.out().lines()).hasSize(1);
            return new JsonMapper().readTree(rig.out());
        }
    }

    @Test
    void callsAreCountedOfAllThreeWays() throws IOException {
        JsonNode row = run(0, "bench", "calls", "--builders", "2", "--scale", "20", "--json")
                .path("rows")
                .path(0);
        assertThat(row.path("builders").asInt()).isEqualTo(2);
        for (String way : List.of("acquireAll", "independent", "market", "plainLoop")) {
            assertThat(row.path(way).asDouble()).as(way).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ecs", "any"})
    void everyJobOfTheFaultsIsInTheAccount(String provider) throws IOException {
        JsonNode document =
                run(0, "bench", "faults", "--lifecycles", "3", "--scale", "40", "--provider", provider, "--json");
        for (String name : List.of("ours", "plainLoop")) {
            JsonNode account = document.path(name);
            int sum = account.path("succeeded").asInt()
                    + account.path("failed").asInt()
                    + account.path("unaccounted").asInt();
            assertThat(account.path("asked").asInt()).as(name).isEqualTo(3).isEqualTo(sum);
        }
        for (String none : List.of("unaccounted", "duplicates", "leaked", "bytesLost", "bytesDoubled")) {
            assertThat(document.path("ours").path(none).asLong(-1)).as(none).isZero();
        }
    }

    @Test
    void everyContestantIsGivenTheJobsThatAreReclaimed() throws IOException {
        JsonNode document = run(
                0, "bench", "reclaim", "--jobs", "2", "--rate", "100%", "--scale", "60", "--seed", "11241", "--json");
        for (String name : List.of("oursWithoutReclaim", "ours", "noHandling", "retryOnSpotForEver")) {
            JsonNode row = document.path(name);
            assertThat(row.path("jobs").asInt()).as(name).isEqualTo(2);
            assertThat(row.path("finished").asInt()
                            + row.path("wronglyReported").asInt())
                    .as(name)
                    .isBetween(0, 2);
            if (name.startsWith("ours")) {
                assertThat(row.path("finished").asInt()).as(name).isEqualTo(2);
                assertThat(row.path("wronglyReported").asInt(-1)).as(name).isZero();
                assertThat(row.path("leaked").asInt(-1)).as(name).isZero();
                assertThat(row.path("ownEstimatePercent").asDouble()).as(name).isPositive();
            }
            assertThat(row.path("reclaimed").asInt() > 0).as(name).isNotEqualTo(name.equals("oursWithoutReclaim"));
        }
    }

    @Test
    void ctrlCEndsAllThatABenchmarkHasStarted() throws IOException, InterruptedException {
        File err = folder.resolve("err").toFile();
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process bench = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.io.tmpdir=" + folder,
                        "-cp",
                        classPath,
                        Ephemeral.class.getName(),
                        "bench",
                        "faults",
                        "--lifecycles",
                        "3")
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(err)
                .start();
        try {
            // The cloud and the controller.
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> bench.descendants().count() >= 2);
            List<ProcessHandle> children = bench.descendants().toList();
            Process kill = new ProcessBuilder("kill", "-INT", Long.toString(bench.pid())).start();
            assertThat(kill.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(bench.waitFor(90, TimeUnit.SECONDS)).isTrue();
            assertThat(children).noneMatch(ProcessHandle::isAlive);
        } finally {
            bench.destroyForcibly();
        }
        assertThat(bench.exitValue()).isEqualTo(130);
        assertThat(err).content().contains("interrupted; what was started has been ended");
        try (var left = Files.list(folder)) {
            assertThat(left.filter(f -> f.getFileName().toString().startsWith("ephemeral-")))
                    .isEmpty();
        }
    }
}
