package dev.ephemeralbuilder.eci;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.status;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import com.github.tomakehurst.wiremock.stubbing.Scenario;
import com.github.tomakehurst.wiremock.stubbing.ServeEvent;
import com.github.tomakehurst.wiremock.verification.LoggedRequest;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An endpoint that gives the answers that a test has laid ready, by action, and remembers the calls. */
final class FakeEci implements AutoCloseable {
    private final WireMockServer server = new WireMockServer(
            WireMockConfiguration.options().bindAddress("127.0.0.1").dynamicPort());
    private final Map<String, Integer> laid = new HashMap<>();

    FakeEci() {
        server.start();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.port());
    }

    /** Lays a good answer ready, with single quotes for double ones; answers of one action come one after the other. */
    FakeEci json(String action, String body) {
        return lay(action, okJson(body.replace('\'', '"')));
    }

    /** Lays an error of the API ready. */
    FakeEci error(String action, int status, String code) {
        return lay(
                action,
                status(status)
                        .withHeader("Content-Type", "application/json")
                        .withBody("{\"RequestId\":\"R-1\",\"HostId\":\"h\",\"Code\":\"" + code
                                + "\",\"Message\":\"The cloud's message.\"}"));
    }

    private FakeEci lay(String action, ResponseDefinitionBuilder answer) {
        int n = laid.merge(action, 1, Integer::sum);
        server.stubFor(any(anyUrl())
                .withQueryParam("Action", equalTo(action))
                .inScenario(action)
                .whenScenarioStateIs(n == 1 ? Scenario.STARTED : "after " + (n - 1))
                .willReturn(answer)
                .willSetStateTo("after " + n));
        return this;
    }

    /** Returns the parameters of the calls of an action, with those of the URL. */
    List<Map<String, String>> calls(String action) {
        List<ServeEvent> events = new ArrayList<>(server.getAllServeEvents());
        Collections.reverse(events);
        List<Map<String, String>> calls = new ArrayList<>();
        for (ServeEvent event : events) {
            LoggedRequest request = event.getRequest();
            Map<String, String> all = parameters(URI.create(request.getUrl()).getRawQuery());
            if (action.equals(all.get("Action"))) {
                all.putAll(parameters(request.getBodyAsString()));
                calls.add(all);
            }
        }
        return calls;
    }

    /** Returns the parameters of the only call of an action. */
    Map<String, String> call(String action) {
        List<Map<String, String>> calls = calls(action);
        if (calls.size() != 1) {
            throw new AssertionError("expected one call of " + action + ", were " + calls.size());
        }
        return calls.get(0);
    }

    /** Returns the URLs of all calls. */
    List<String> urls() {
        return server.getAllServeEvents().stream()
                .map(event -> event.getRequest().getUrl())
                .toList();
    }

    private static Map<String, String> parameters(String raw) {
        Map<String, String> parameters = new TreeMap<>();
        if (raw != null && !raw.isEmpty()) {
            for (String pair : raw.split("&", -1)) {
                String[] parts = pair.split("=", 2);
                parameters.put(decode(parts[0]), parts.length == 1 ? "" : decode(parts[1]));
            }
        }
        return parameters;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        server.stop();
    }
}
