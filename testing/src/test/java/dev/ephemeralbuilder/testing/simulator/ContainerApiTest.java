package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Commands in containers and their logs, as the real SDK asks for them. */
@Timeout(60)
class ContainerApiTest {
    private final SimulatedClock clock = SimulatedClock.manual(ManualCloud.START);
    private AlibabaCloudSimulator cloud;
    private GroupClient client;

    @BeforeEach
    void start() {
        cloud = AlibabaCloudSimulator.builder()
                .clock(clock)
                .bootTime(Duration.ofSeconds(10), Duration.ofSeconds(10))
                .start();
        client = new GroupClient(cloud);
    }

    @AfterEach
    void close() {
        client.close();
        cloud.close();
    }

    private String create(String script) throws Exception {
        String id = client.create(GroupClient.group(script));
        clock.advance(Duration.ofSeconds(10));
        return id;
    }

    private String running(String script) throws Exception {
        String id = create(script);
        await().until(() -> client.status(id).equals("Running"));
        return id;
    }

    private static Map<String, String> exec(String id, String... command) throws Exception {
        return new HashMap<>(Map.of(
                "ContainerGroupId",
                id,
                "ContainerName",
                "build",
                "Command",
                new ObjectMapper().writeValueAsString(command)));
    }

    @Test
    void aSynchronousCommandAnswersWithItsOutput() throws Exception {
        Map<String, String> parameters = exec(running("sleep 60"), "sh", "-c", "echo a && echo ü >&2");
        parameters.put("Sync", "true");
        assertThat(client.call("ExecContainerCommand", parameters)
                        .path("SyncResponse")
                        .asText())
                .isEqualTo("a\nü\n");
    }

    @Test
    void aCommandRunsOverTheWebSocketOfTheAnswer() throws Exception {
        JsonNode answer = client.call("ExecContainerCommand", exec(running("sleep 60"), "echo", "hello"));
        StringBuilder text = new StringBuilder();
        CompletableFuture<String> whole = new CompletableFuture<>();
        WebSocket socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(URI.create(answer.path("WebSocketUri").asText()), new WebSocket.Listener() {
                    @Override
                    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
                        text.append(data);
                        return WebSocket.Listener.super.onText(from, data, last);
                    }

                    @Override
                    public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
                        whole.complete(text.toString());
                        return WebSocket.Listener.super.onClose(from, status, reason);
                    }
                })
                .get(10, TimeUnit.SECONDS);
        assertThat(whole.get(10, TimeUnit.SECONDS)).isEqualTo("hello\n");
        socket.abort();
    }

    @Test
    void commandsAreRefusedOutsideOfTheLimits() throws Exception {
        String id = running("sleep 60");
        String[] tooMany = Collections.nCopies(21, "x").toArray(new String[0]);
        assertThat(client.code("ExecContainerCommand", exec(id, tooMany))).isEqualTo("InvalidParameter.ValueExceeded");
        assertThat(client.code("ExecContainerCommand", exec(id, "x".repeat(257))))
                .isEqualTo("InvalidParameter.ValueExceeded");
        assertThat(client.code("ExecContainerCommand", exec(id, "x".repeat(256))))
                .isEmpty();
    }

    @Test
    void commandsAreRefusedWhileNothingRuns() throws Exception {
        String id = client.create(GroupClient.group("exit 0"));
        assertThat(client.code("ExecContainerCommand", exec(id, "true"))).isEqualTo("IncorrectStatus");
        clock.advance(Duration.ofSeconds(10));
        await().until(() -> client.status(id).equals("Succeeded"));
        assertThat(client.code("ExecContainerCommand", exec(id, "true"))).isEqualTo("IncorrectStatus");
    }

    @Test
    void theLogOfAnEndedContainerCanBeRead() throws Exception {
        String id = create("echo one; echo two >&2; exit 1");
        await().until(() -> client.status(id).equals("Failed"));
        Map<String, String> parameters = new HashMap<>(Map.of("ContainerGroupId", id, "ContainerName", "build"));
        assertThat(client.call("DescribeContainerLog", parameters)
                        .path("Content")
                        .asText())
                .isEqualTo("one\ntwo\n");
        parameters.put("Tail", "1");
        parameters.put("Timestamps", "true");
        assertThat(client.call("DescribeContainerLog", parameters)
                        .path("Content")
                        .asText())
                .isEqualTo("2026-01-05T08:00:30.000000000Z two\n");
    }

    @Test
    void logsAreRefusedOutsideOfTheLimitsAndBeforeTheStart() throws Exception {
        String id = client.create(GroupClient.group("exit 0"));
        Map<String, String> parameters = new HashMap<>(Map.of("ContainerGroupId", id, "ContainerName", "build"));
        assertThat(client.code("DescribeContainerLog", parameters)).isEqualTo("IncorrectStatus");
        parameters.put("Tail", "2001");
        assertThat(client.code("DescribeContainerLog", parameters)).isEqualTo("InvalidParameter");
    }

    @Test
    void anUnknownContainerIsNotFound() throws Exception {
        String id = running("sleep 60");
        assertThat(client.code("DescribeContainerLog", Map.of("ContainerGroupId", id, "ContainerName", "other")))
                .isEqualTo("InvalidParameter.NotFound");
    }
}
