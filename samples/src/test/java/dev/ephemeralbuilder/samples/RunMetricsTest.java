package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code run --metrics-port}, scraped while a script runs on a simulated cloud. */
@Timeout(180)
@Execution(ExecutionMode.CONCURRENT)
class RunMetricsTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private final HttpClient client = HttpClient.newHttpClient();

    private HttpResponse<String> request(URI address, String method) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(address)
                .timeout(LONG)
                .method(method, BodyPublishers.noBody())
                .build();
        return client.send(request, BodyHandlers.ofString());
    }

    @Test
    void aScrapeDuringARunShowsWhatRuns() throws Exception {
        Path go = folder.resolve("go");
        try (CommandRig rig = new CommandRig(folder, folder)) {
            CompletableFuture<Integer> run = rig.start(
                    "run",
                    "--simulated",
                    "--metrics-port",
                    "0",
                    "--env",
                    "GO=" + go,
                    "--",
                    "echo up; n=0; while [ ! -e \"$GO\" ] && [ $n -lt 600 ]; do n=$((n+1)); sleep 0.1; done");
            URI address;
            try {
                Awaitility.await("the script runs")
                        .atMost(LONG)
                        .until(() -> rig.out().contains("up") || run.isDone());
                address = address(rig.err());
                // Events come on a thread of their own.
                Awaitility.await("a builder is ready").atMost(LONG).until(() -> ready(address) == 1);
                HttpResponse<String> answer = request(address, "GET");
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.headers().firstValue("Content-Type"))
                        .contains("text/plain; version=0.0.4; charset=utf-8");
                PrometheusText text = PrometheusText.parse(answer.body());
                assertThat(text.samples("ephemeral_builder_boot_seconds_count"))
                        .singleElement()
                        .satisfies(boots -> {
                            assertThat(boots.value()).isEqualTo(1);
                            assertThat(boots.labels()).containsEntry("provider", "ecs");
                        });
                assertThat(text.samples("ephemeral_builder_acquire_seconds_bucket"))
                        .anyMatch(bucket -> bucket.labels().equals(Map.of("outcome", "success", "le", "+Inf"))
                                && bucket.value() == 1);
                assertThat(text.samples("ephemeral_cloud_calls_seconds_count")).isNotEmpty();
                assertThat(text.samples("ephemeral_spend_hourly"))
                        .singleElement()
                        .satisfies(spend -> assertThat(spend.value()).isPositive());
                assertThat(request(address, "POST").statusCode()).isEqualTo(405);
                assertThat(request(address.resolve("/"), "GET").statusCode()).isEqualTo(404);
            } finally {
                Files.createFile(go);
            }
            assertThat(run.get(LONG.toSeconds(), TimeUnit.SECONDS))
                    .as(rig.err())
                    .isZero();
            assertThatThrownBy(() -> request(address, "GET")).isInstanceOf(ConnectException.class);
        }
    }

    private double ready(URI address) throws IOException, InterruptedException {
        return PrometheusText.parse(request(address, "GET").body()).samples("ephemeral_builders").stream()
                .filter(sample -> "ready".equals(sample.labels().get("state")))
                .mapToDouble(PrometheusText.Sample::value)
                .sum();
    }

    private static URI address(String err) {
        Matcher said = Pattern.compile("ephemeral: metrics +(http://127\\.0\\.0\\.1:[1-9][0-9]*/metrics)")
                .matcher(err);
        assertThat(said.find()).as(err).isTrue();
        return URI.create(said.group(1));
    }

    @Test
    void aPortThatCannotBeHadIsSaid() throws Exception {
        try (MetricsServer other = MetricsServer.start(0);
                CommandRig rig = new CommandRig(folder, folder)) {
            int taken = other.address().getPort();
            assertThat(rig.run("run", "--simulated", "--metrics-port", "" + taken, "--", "true"))
                    .isEqualTo(2);
            assertThat(rig.err()).contains("--metrics-port " + taken + " cannot be had");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a_total 1",
                "# HELP a x\n# TYPE a counter\na 1\n",
                "# HELP a_total x\n# TYPE a_total counter\na_total{x=1} 1\n",
                "# HELP a x\n# TYPE a gauge\na{x=\"1\"} 1\na{x=\"1\"} 2\n",
                "# HELP a x\n# TYPE a histogram\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\na_count 1\n",
                "# HELP a x\n# TYPE a gauge\na one\n"
            })
    void theParserOfThisTestTakesNothingElse(String text) {
        assertThatThrownBy(() -> PrometheusText.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
