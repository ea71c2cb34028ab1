package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** That docs/simulator.md is right about the controls: its examples are sent in the order in which they stand. */
@Timeout(60)
class SimulatorDocsTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "simulator.md");
    private static final Pattern EXAMPLE = Pattern.compile("(?m)^```sh\n(curl .*)\n```\n```json\n(.*)\n```$");
    private static final Pattern CURL = Pattern.compile(
            "curl -sS(?: -X (\\w+))?(?: -H 'Content-Type: (application/json)')?(?: -d '([^']*)')? \"?\\$SIM(/[^\" ]+)\"?");
    // Differ from run to run.
    private static final Set<String> VARYING = Set.of("id", "address", "sshPort", "home", "wallTime", "requestId");

    private final ObjectMapper json = new ObjectMapper();
    private AlibabaCloudSimulator cloud;
    private SimulatorClient client;

    @BeforeEach
    void start() {
        cloud = AlibabaCloudSimulator.builder()
                .clock(SimulatedClock.manual(Instant.parse("2026-01-05T08:00:00Z")))
                .bootTime(Duration.ofSeconds(1), Duration.ofSeconds(2))
                .start();
        client = new SimulatorClient(cloud);
    }

    @AfterEach
    void close() {
        client.close();
        cloud.close();
    }

    @Test
    void everyExampleAnswersWhatIsShown() throws Exception {
        String id = client.create(client.spot()).get(0);
        String group = createGroup();
        cloud.clock().advance(Duration.ofSeconds(5));
        awaitRunning(group);
        HttpClient http = HttpClient.newHttpClient();
        for (Example example : examples()) {
            HttpResponse<String> response =
                    http.send(example.request(cloud.endpoint(), id, group), HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(example.toString()).isEqualTo(200);
            JsonNode shown = json.readTree(example.answer());
            assertSame(example.toString(), json.readTree(response.body()), shown);
        }
    }

    private String createGroup() throws Exception {
        try (GroupClient groups = new GroupClient(cloud)) {
            return groups.create(GroupClient.group("sleep 60"));
        }
    }

    /** Its containers start by the wall clock. */
    private void awaitRunning(String group) {
        await().until(() -> cloud.groups().stream()
                .anyMatch(each -> each.id().equals(group) && each.state().equals("Running")));
    }

    @Test
    void everyRouteHasAnExampleAndALineInTheTable() throws Exception {
        Set<String> routes = new TreeSet<>();
        new ControlApi(new ControlRoutes(cloud, new Region(cloud.region()), Set::of))
                .routes()
                .forEach(route -> routes.add(route.method() + " " + route.path()));
        Set<String> shown = new TreeSet<>();
        examples()
                .forEach(example -> shown.add(example.method() + " "
                        + example.path()
                                .replaceFirst("\\?.*", "")
                                .replace("$ID", "{id}")
                                .replace("$GROUP", "{id}")
                                .replaceFirst("/1$", "/{id}")));
        assertThat(shown).isEqualTo(routes);
        assertThat(Files.readString(DOCUMENT))
                .contains(routes.stream().map(route -> "`" + route + "`").toList());
    }

    @Test
    void everyEffectIsInTheTable() throws Exception {
        String document = Files.readString(DOCUMENT);
        assertThat(Faults.Kind.names()).allSatisfy(name -> assertThat(document).contains("`" + name + "`"));
    }

    /** Same fields everywhere, and same values but for those that vary. */
    private static void assertSame(String where, JsonNode actual, JsonNode shown) {
        assertThat(actual.getNodeType()).as(where).isEqualTo(shown.getNodeType());
        if (shown.isArray()) {
            assertThat(actual).as(where).hasSameSizeAs(shown);
            for (int i = 0; i < shown.size(); i++) {
                assertSame(where + "[" + i + "]", actual.get(i), shown.get(i));
            }
            return;
        }
        if (!shown.isObject()) {
            assertThat(actual).as(where).isEqualTo(shown);
            return;
        }
        List<String> names = new ArrayList<>();
        shown.fieldNames().forEachRemaining(names::add);
        assertThat(actual.fieldNames()).as(where).toIterable().containsExactlyElementsOf(names);
        for (String name : names) {
            if (!VARYING.contains(name)) {
                assertSame(where + "." + name, actual.path(name), shown.path(name));
            }
        }
    }

    private static List<Example> examples() throws Exception {
        List<Example> examples = new ArrayList<>();
        Matcher found = EXAMPLE.matcher(Files.readString(DOCUMENT));
        while (found.find()) {
            Matcher curl = CURL.matcher(found.group(1));
            assertThat(curl.matches()).as(found.group(1)).isTrue();
            examples.add(new Example(
                    curl.group(1) == null ? "GET" : curl.group(1),
                    curl.group(2),
                    curl.group(3) == null ? "" : curl.group(3),
                    curl.group(4),
                    found.group(2)));
        }
        return examples;
    }

    private record Example(String method, @Nullable String type, String body, String path, String answer) {
        HttpRequest request(URI endpoint, String id, String group) {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(
                            endpoint + "/_simulator" + path.replace("$ID", id).replace("$GROUP", group)))
                    .timeout(Duration.ofSeconds(30))
                    .method(method, HttpRequest.BodyPublishers.ofString(body));
            if (type != null) {
                request.header("Content-Type", type);
            }
            return request.build();
        }

        @Override
        public String toString() {
            return method + " " + path;
        }
    }
}
