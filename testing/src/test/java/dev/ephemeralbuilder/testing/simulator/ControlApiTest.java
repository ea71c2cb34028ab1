package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aliyuncs.ecs.model.v20140526.DescribeRegionsRequest;
import com.aliyuncs.exceptions.ClientException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Controls over HTTP, as a client in another language uses them. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ControlApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final SimulatedClock clock = SimulatedClock.manual(Instant.parse("2026-01-05T08:00:00Z"));
    private final HttpClient http = HttpClient.newHttpClient();
    private AlibabaCloudSimulator cloud;
    private SimulatorClient client;

    @BeforeAll
    void start() {
        cloud = AlibabaCloudSimulator.builder().clock(clock).start();
        client = new SimulatorClient(cloud);
    }

    @AfterEach
    void clear() {
        cloud.faults().clear();
    }

    @AfterAll
    void close() {
        client.close();
        cloud.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "error         | , \"code\": \"OperationDenied.NoStock\" | \"code\":\"OperationDenied.NoStock\",\"status\":403",
                "error         | , \"code\": \"A.B\", \"status\": 418    | \"code\":\"A.B\",\"status\":418",
                "throttle      | '' | \"code\":\"Throttling.User\",\"status\":400",
                "latency       | , \"seconds\": 0.25 | \"effect\":\"latency\",\"seconds\":0.25",
                "loseAnswer    | '' | \"effect\":\"loseAnswer\"",
                "html503       | '' | \"effect\":\"html503\"",
                "emptyOk       | '' | \"effect\":\"emptyOk\"",
                "malformedJson | '' | \"effect\":\"malformedJson\"",
                "truncatedJson | '' | \"effect\":\"truncatedJson\"",
                "slowBody      | , \"seconds\": 1 | \"effect\":\"slowBody\",\"seconds\":1.0",
                "vanish        | '' | \"effect\":\"vanish\"",
            })
    void everyEffectCanBeOrdered(String effect, String more, String shown) throws Exception {
        String body = "{\"action\": \"*\", \"effect\": \"" + effect + "\"" + more + "}";
        assertThat(post("/faults", body).statusCode()).isEqualTo(200);
        assertThat(get("/faults").body()).contains(shown);
        assertThat(cloud.faults().orders()).hasSize(1);
    }

    @Test
    void ruleKeepsToItsZoneTypeTimesAndProbability() throws Exception {
        post("/faults", """
                {"action": "RunInstances", "zone": "cn-hangzhou-h", "type": "ecs.c7.xlarge", "times": 3,
                 "probability": 0.5, "effect": "throttle"}
                """);
        JsonNode rule = json(get("/faults")).path("faults").get(0);
        assertThat(rule.toString())
                .isEqualTo(
                        "{\"id\":0,\"action\":\"RunInstances\",\"zone\":\"cn-hangzhou-h\",\"type\":\"ecs.c7.xlarge\","
                                + "\"probability\":0.5,\"timesLeft\":3,\"effect\":\"error\",\"code\":\"Throttling.User\","
                                + "\"status\":400}");
    }

    @Test
    void orderedFaultHitsTheSdkAndIsUsedUp() throws Exception {
        post("/faults", "{\"action\": \"DescribeRegions\", \"times\": 1, \"effect\": \"error\", \"code\": \"A.B\"}");
        assertThatThrownBy(() -> client.call(new DescribeRegionsRequest()))
                .isInstanceOfSatisfying(
                        ClientException.class, e -> assertThat(e.getErrCode()).isEqualTo("A.B"));
        assertThat(client.call(new DescribeRegionsRequest()).getRegions()).isNotEmpty();
        assertThat(get("/faults").body()).contains("\"timesLeft\":0");
    }

    @Test
    void oneRuleIsRemovedAndTheOthersStay() throws Exception {
        for (String action : new String[] {"RunInstances", "DescribeRegions"}) {
            post("/faults", "{\"action\": \"" + action + "\", \"effect\": \"throttle\"}");
        }
        assertThat(send("DELETE", "/faults/0", "").statusCode()).isEqualTo(200);
        assertThat(get("/faults").body()).contains("DescribeRegions").doesNotContain("RunInstances");
        assertThat(send("DELETE", "/faults/0", "").statusCode()).isEqualTo(404);
    }

    @Test
    void stockOutMakesCreateCallsFail() throws Exception {
        String zone = client.zone();
        assertThat(post("/stock", "{\"type\": \"ecs.c7.2xlarge\", \"zone\": \"" + zone + "\", \"machines\": 0}")
                        .statusCode())
                .isEqualTo(200);
        var request = client.spot();
        request.setInstanceType("ecs.c7.2xlarge");
        assertThatThrownBy(() -> client.create(request)).hasMessageContaining("OperationDenied.NoStock");
    }

    @Test
    void stockOutOfOneMarketLeavesTheOtherAlone() throws Exception {
        post(
                "/stock",
                "{\"type\": \"ecs.c6.large\", \"zone\": \"" + client.zone()
                        + "\", \"market\": \"ON_DEMAND\", \"machines\": 0}");
        var request = client.spot();
        request.setInstanceType("ecs.c6.large");
        assertThat(client.create(request)).hasSize(1);
        request.setSpotStrategy("NoSpot");
        assertThatThrownBy(() -> client.create(request)).hasMessageContaining("OperationDenied.NoStock");
    }

    @Test
    void machineIsListedAndReclaimedByTheClock() throws Exception {
        String id = client.create(client.spot()).get(0);
        post("/clock/advance", "{\"seconds\": 5}");
        assertThat(get("/machines").body()).contains("\"id\":\"" + id + "\",\"state\":\"Running\"");
        post("/machines/" + id + "/reclaim", "{\"noticeSeconds\": 10}");
        assertThat(client.describe().get(0).getOperationLocks().get(0).getLockReason())
                .isEqualTo("Recycling");
        JsonNode now = json(post("/clock/advance", "{\"seconds\": 12}"));
        assertThat(Instant.parse(now.path("now").asText())).isEqualTo(clock.now());
        assertThat(get("/machines").body()).doesNotContain(id);
    }

    @Test
    void journalIsReadPageByPage() throws Exception {
        long start = cloud.journal().entries().stream()
                .mapToLong(JournalEntry::number)
                .max()
                .orElse(0);
        client.call(new DescribeRegionsRequest());
        client.call(new DescribeRegionsRequest());
        JsonNode page = json(get("/journal?action=DescribeRegions&outcome=succeeded&limit=1&after=" + start));
        assertThat(page.path("count").asInt()).isEqualTo(2);
        assertThat(page.path("entries")).hasSize(1);
        long last = page.path("entries").get(0).path("number").asLong();
        assertThat(json(get("/journal?limit=1&after=" + last)).path("count").asInt())
                .isEqualTo(1);
        assertThat(json(get("/journal/counts?after=" + start))
                        .path("countPerAction")
                        .path("DescribeRegions")
                        .asInt())
                .isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/faults        | {}                                            | action must be one of",
                "/faults        | {\"action\": \"Fly\", \"effect\": \"throttle\"} | \\*, was Fly",
                "/faults        | {\"action\": \"*\"}                           | effect must be one of error, throttle, latency,.*, was absent",
                "/faults        | {\"action\": \"*\", \"effect\": \"boom\"}       | vanish, was boom",
                "/faults        | {\"action\": \"*\", \"effect\": \"error\"}      | code must be an error code such as .*, was absent",
                "/faults        | {\"action\": \"*\", \"effect\": \"error\", \"code\": \"a b\"} | code must be an error code .*, was a b",
                "/faults        | {\"action\": \"*\", \"effect\": \"error\", \"code\": \"A\", \"status\": 200} | status must be a whole number from 400 to 599, was 200",
                "/faults        | {\"action\": \"*\", \"effect\": \"latency\"}    | seconds must be a number from 0 to 86400, was absent",
                "/faults        | {\"action\": \"*\", \"effect\": \"latency\", \"seconds\": \"1\"} | seconds must be a number from 0 to 86400, was",
                "/faults        | {\"action\": \"*\", \"effect\": \"throttle\", \"zone\": \"z\"} | zone must be one of cn-hangzhou-h, .*, was z",
                "/faults        | {\"action\": \"*\", \"effect\": \"throttle\", \"times\": 0} | times must be a whole number from 1 to 1000000000, was 0",
                "/faults        | {\"action\": \"*\", \"effect\": \"throttle\", \"times\": \"3\"} | times must be a whole number .*, was",
                "/faults        | {\"action\": \"*\", \"effect\": \"throttle\", \"times\": 1.5} | times must be a whole number .*, was 1.5",
                "/faults        | {\"action\": \"*\", \"effect\": \"throttle\", \"probability\": 2} | probability must be a number from 0 to 1, was 2",
                "/faults        | {\"action\": \"*\", \"effect\": \"throttle\", \"tims\": 1} | fields must be of action, .*, there was tims",
                "/faults        | {\"action\": \"*\", \"action\": \"*\"}        | the body must be a JSON object, but: Duplicate field",
                "/faults        | [1]                                           | the body must be a JSON object",
                "/faults        | {} {}                                         | the body must be a JSON object, but: ",
                "/ssh-cuts      | {\"afterBytes\": [-1]}                        | afterBytes must be a list of whole numbers from 0 to .*, was -1",
                "/stock         | {\"type\": \"x\"}                             | type must be one of .*, was x",
                "/stock         | {\"type\": \"2-4Gi\", \"zone\": \"cn-hangzhou-h\", \"market\": \"spot\"} | market must be one of SPOT, ON_DEMAND, was spot",
                "/clock/advance | {\"seconds\": -1}                             | seconds must be a number from 0 to 31622400, was -1",
            })
    void wrongInputIsRefusedWithFieldValueAndWhatIsAllowed(String path, String body, String message) throws Exception {
        HttpResponse<String> response = post(path, body);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(json(response).path("error").asText()).containsPattern(message);
        assertThat(cloud.faults().orders()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "limit=0         | limit must be a whole number from 1 to 10000",
                "limit=x         | limit must be a whole number from 1 to 10000",
                "since=yesterday | since must be a time such as 2026-01-05T08:00:00Z, was yesterday",
                "outcome=fine    | outcome must be one of succeeded, failed, was fine",
                "colour=red      | fields must be of limit, .*, there was colour",
                "after=1&after=2 | the query must be URL-encoded, with each name once",
            })
    void wrongQueryIsRefused(String query, String message) throws Exception {
        HttpResponse<String> response = get("/journal?" + query);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(json(response).path("error").asText()).containsPattern(message);
    }

    @Test
    void unknownMachineIsNotFound() throws Exception {
        assertThat(post("/machines/i-none/cut-ssh", "{}").statusCode()).isEqualTo(404);
        assertThat(post("/machines/i-none/reclaim", "{}").body()).contains("there is no machine i-none");
    }

    @Test
    void unknownPathNamesTheOnesThatThereAre() throws Exception {
        HttpResponse<String> response = get("/fault");
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).contains("GET /_simulator/faults", "POST /_simulator/machines/{id}/reclaim");
    }

    @Test
    void wrongMethodNamesTheRightOnes() throws Exception {
        HttpResponse<String> response = send("PUT", "/faults", "{}");
        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.body()).contains("GET, POST, DELETE");
    }

    @Test
    void clockThatRunsByItselfIsNotMoved() throws Exception {
        try (AlibabaCloudSimulator running = AlibabaCloudSimulator.builder().start()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(running.endpoint() + "/_simulator/clock/advance"))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"seconds\": 1}"))
                    .build();
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(409);
            assertThat(response.body()).contains("the clock must be a manual one");
        }
    }

    @Test
    void whatAWebPageSendsIsRefused() throws Exception {
        HttpRequest request = request("POST", "/faults", "{\"action\": \"*\", \"effect\": \"throttle\"}")
                .header("Origin", "http://localhost:3000")
                .build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(403);
        assertThat(response.headers().map()).doesNotContainKey("Access-Control-Allow-Origin");
        assertThat(cloud.faults().orders()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"})
    void whatAFormSendsIsRefused(String type) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri("/faults"))
                .header("Content-Type", type)
                .POST(HttpRequest.BodyPublishers.ofString("{\"action\": \"*\", \"effect\": \"throttle\"}"))
                .build();
        assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
                .isEqualTo(415);
        assertThat(cloud.faults().orders()).isEmpty();
    }

    @Test
    void nameOfSomeoneElsesHostIsRefused() throws Exception {
        assertThat(rawStatus("rebound.example:" + cloud.endpoint().getPort())).startsWith("HTTP/1.1 403");
        assertThat(rawStatus("127.0.0.1.example")).startsWith("HTTP/1.1 403");
        assertThat(rawStatus("localhost:" + cloud.endpoint().getPort())).startsWith("HTTP/1.1 200");
    }

    @Test
    void bodyThatIsTooLongIsRefused() throws Exception {
        assertThat(post("/faults", "{\"action\": \"" + "x".repeat(70_000) + "\"}")
                        .statusCode())
                .isEqualTo(413);
    }

    @Test
    void callsOfControlsAreNotInTheJournal() throws Exception {
        int before = cloud.journal().count();
        get("/machines");
        assertThat(cloud.journal().count()).isEqualTo(before);
    }

    private String rawStatus(String host) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), cloud.endpoint().getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write(("GET /_simulator/clock HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private URI uri(String path) {
        return URI.create(cloud.endpoint() + "/_simulator" + path);
    }

    private HttpRequest.Builder request(String method, String path, String body) {
        return HttpRequest.newBuilder(uri(path))
                .timeout(Duration.ofSeconds(30))
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body));
    }

    private HttpResponse<String> send(String method, String path, String body) throws Exception {
        return http.send(request(method, path, body).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return send("POST", path, body);
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(
                HttpRequest.newBuilder(uri(path))
                        .timeout(Duration.ofSeconds(30))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> response) throws IOException {
        return JSON.readTree(response.body());
    }
}
