package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** {@code run} whose machine the cloud takes back in the middle. */
@Timeout(180)
@ResourceLock(Resources.SYSTEM_PROPERTIES)
@Tag("once")
class RunRecoveryTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    /** Hangs where it runs for the first time; the machines are processes of this host and see the same file. */
    private static final String SCRIPT =
            "if [ -e \"$SEEN\" ]; then cat in; seq 1 2000; mkdir made; echo x >made/x; exit 0; fi;"
                    + " >\"$SEEN\"; printf 'first '; sleep 300";

    @TempDir
    private Path folder;

    private static void awaitOutput(CommandRig rig, CompletableFuture<Integer> run, String text) {
        await().atMost(LONG).until(() -> rig.out().contains(text) || run.isDone());
        assertThat(run).as(rig.err()).isNotDone();
    }

    private static String numbers() {
        return IntStream.rangeClosed(1, 2000).mapToObj(i -> i + "\n").collect(Collectors.joining());
    }

    private static int exitCode(CommandRig rig, CompletableFuture<Integer> run) throws Exception {
        await(rig.err()).atMost(LONG).until(run::isDone);
        return run.get(1, TimeUnit.SECONDS);
    }

    @Test
    void aMachineThatGoesWithoutAWordCostsTimeAndNotTheBuild() throws Exception {
        Files.writeString(folder.resolve("in"), "carried\n");
        try (CommandRig rig = new CommandRig(folder, folder)) {
            CompletableFuture<Integer> run = rig.start(
                    "run",
                    "--simulated",
                    "--env",
                    "SEEN=" + folder.resolve("seen"),
                    "--upload",
                    "in",
                    "--download",
                    "made/*:out/",
                    "--",
                    SCRIPT);
            awaitOutput(rig, run, "first ");
            Matcher said = Pattern.compile("(?s)simulated cloud at (\\S+),.* took [^\\n]*: (i-\\S+)")
                    .matcher(rig.err());
            assertThat(said.find()).as(rig.err()).isTrue();
            String lost = said.group(2);
            reclaim(said.group(1), lost);

            assertThat(exitCode(rig, run)).as(rig.err()).isZero();
            assertThat(rig.out()).isEqualTo("first carried\n" + numbers());
            assertThat(folder.resolve("out/x")).hasContent("x");
            assertThat(rig.err())
                    .containsSubsequence(
                            "script    starts",
                            "attempt 1 has ended: ",
                            lost,
                            "attempt 2 is to follow: another machine is asked for",
                            " took ",
                            "attempt 2 begins the build from the start; what attempt 1 on " + lost,
                            "came to nothing",
                            "script    starts",
                            "exit code 0",
                            "download ",
                            "no machine is left",
                            " on 2 machines; on demand ")
                    .doesNotContain("\tat ");
        }
    }

    private static void reclaim(String simulator, String machine) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(simulator).resolve("/_simulator/machines/" + machine + "/reclaim"))
                .timeout(LONG)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"noticeSeconds\": 0}"))
                .build();
        assertThat(HttpClient.newHttpClient()
                        .send(request, BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void afterANoticeTheNextMachineIsAskedForWhileTheFarewellRuns() throws Exception {
        try (CloudRig setting = new CloudRig(folder)) {
            CommandRig rig = setting.commands;
            CompletableFuture<Integer> run = rig.start(
                    "run",
                    "--env",
                    "SEEN=" + folder.resolve("seen"),
                    "--env",
                    "SAVED=" + folder.resolve("saved"),
                    "--farewell",
                    "echo saved >\"$SAVED\"",
                    "--deadline",
                    "1h",
                    "--spot-attempts",
                    "1",
                    "--",
                    "[ -e in ] || : >in; " + SCRIPT);
            awaitOutput(rig, run, "first ");
            AlibabaCloudSimulator cloud = setting.cloud;
            String lost = cloud.machines().get(0).id();
            cloud.reclaim(lost, Duration.ofMinutes(5));

            assertThat(exitCode(rig, run)).as(rig.err()).isZero();
            assertThat(rig.out()).isEqualTo("first " + numbers());
            assertThat(folder.resolve("saved")).hasContent("saved");
            assertThat(rig.err())
                    .containsSubsequence("reclaim   the cloud takes " + lost + " back at ", "attempt 2 is to follow")
                    .containsSubsequence(
                            "attempt 1 has ended: The cloud takes machine " + lost + " back at ",
                            "attempt 2 begins the build from the start",
                            "exit code 0")
                    .contains("farewell  starts on " + lost)
                    .containsPattern("(?s)attempt 2 is to follow.* took [^\\n]* on demand\\)")
                    .doesNotContain("was cancelled");
            assertThat(cloud.machines()).isEmpty();
        }
    }

    @Test
    void aBuildThatTakesLongerThanItsDeadlineEndsAsWithATimeout() {
        try (CommandRig rig = new CommandRig(folder, folder)) {
            assertThat(rig.run("run", "--simulated", "--deadline", "5s", "--", "sleep 300"))
                    .as(rig.err())
                    .isEqualTo(124);
            assertThat(rig.err()).contains("ended: the build took longer than --deadline 5.0 s", "no machine is left");
        }
    }

    @Test
    void aCloudThatIsNotToBeAskedAgainIsNot() throws Exception {
        try (CloudRig setting = new CloudRig(folder)) {
            CommandRig rig = setting.commands;
            CompletableFuture<Integer> run =
                    rig.start("run", "--market", "spot", "--spot-attempts", "1", "--", "echo first; sleep 300");
            awaitOutput(rig, run, "first");
            List<String> ids =
                    setting.cloud.machines().stream().map(m -> m.id()).toList();
            ids.forEach(id -> setting.cloud.reclaim(id, Duration.ZERO));
            assertThat(exitCode(rig, run)).as(rig.err()).isEqualTo(125);
            assertThat(rig.err())
                    .contains(ids.get(0), "nothing is known about how the script ended", "no machine is left")
                    .doesNotContain("attempt 2");
        }
    }
}
