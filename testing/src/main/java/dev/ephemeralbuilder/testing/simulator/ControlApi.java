package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controls of a simulator over HTTP, for clients in other languages: JSON in, JSON out, under {@value #PREFIX}. Says
 * who may come in and finds the route; {@link ControlRoutes} does the rest.
 *
 * <p>There is no token: the access key of a simulator is no secret, and with it whoever reaches the port can run
 * commands on a machine anyway. But a web page that is open in a browser of this host reaches the port as well. So
 * requests with an {@code Origin} are refused, bodies must be declared as JSON, which a form cannot do and a script of
 * another origin may only do after a question that is answered with no, and the {@code Host} must be the loopback
 * address, which a page that points its own name at it cannot claim.
 */
final class ControlApi {
    static final String PREFIX = "/_simulator";

    private static final Logger log = LoggerFactory.getLogger(ControlApi.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_BODY = 64 * 1024;
    private static final Set<String> HOSTS = Set.of("127.0.0.1", "localhost");
    private static final Pattern PORT = Pattern.compile(":\\d{1,5}$");

    private final List<Route> routes;

    ControlApi(ControlRoutes routes) {
        this.routes = routes.all();
    }

    /**
     * One thing that can be asked for.
     *
     * @param method of HTTP
     * @param path under {@link #PREFIX}, with {@code {id}} for a part that varies
     * @param action given that part, or an empty text, and the fields
     */
    record Route(String method, String path, Action action) {
        private @Nullable String match(String other) {
            Matcher matcher = Pattern.compile(Pattern.quote(path).replace("{id}", "\\E([A-Za-z0-9-]{1,64})\\Q"))
                    .matcher(other);
            if (!matcher.matches()) {
                return null;
            }
            return matcher.groupCount() == 0 ? "" : matcher.group(1);
        }

        @Override
        public String toString() {
            return method + " " + PREFIX + path;
        }
    }

    /** Carries a request out and returns what to answer. */
    @FunctionalInterface
    interface Action {
        JsonNode run(String id, ControlInput input);
    }

    /** A request: method, path with query, the host that it is for, headers by name, body. */
    record Call(
            String method, String url, @Nullable String host, UnaryOperator<@Nullable String> headers, String body) {}

    record Answer(int status, String body) {}

    /** Whether a request is one for the controls, be it a wrong one. */
    static boolean owns(String url) {
        return url.equals(PREFIX) || url.startsWith(PREFIX + "/") || url.startsWith(PREFIX + "?");
    }

    List<Route> routes() {
        return routes;
    }

    /** Answers a request; never throws. */
    Answer answer(Call call) {
        try {
            admit(call);
            return write(200, run(call));
        } catch (ControlError e) {
            log.debug("A control request was refused: {}", e.status());
            return write(e.status(), JSON.createObjectNode().put("error", e.text()));
        } catch (RuntimeException e) {
            log.error("A control request met a defect of the simulator", e);
            return write(500, JSON.createObjectNode().put("error", "a defect of the simulator; its log says more"));
        }
    }

    private static void admit(Call call) {
        if (call.headers().apply("Origin") != null) {
            throw new ControlError(403, "web pages may not control the simulator: there must be no Origin");
        }
        String host = call.host();
        if (host == null || !HOSTS.contains(PORT.matcher(host).replaceFirst("").toLowerCase(Locale.ROOT))) {
            throw new ControlError(403, "the Host must be 127.0.0.1 or localhost");
        }
        if (call.method().equals("POST") && !isJson(call.headers().apply("Content-Type"))) {
            throw new ControlError(415, "the Content-Type must be application/json");
        }
        if (call.body().getBytes(StandardCharsets.UTF_8).length > MAX_BODY) {
            throw new ControlError(413, "the body must be at most " + MAX_BODY + " bytes long");
        }
    }

    private static boolean isJson(@Nullable String contentType) {
        return contentType != null
                && contentType
                        .replaceFirst(";.*", "")
                        .strip()
                        .toLowerCase(Locale.ROOT)
                        .equals("application/json");
    }

    private JsonNode run(Call call) {
        int mark = call.url().indexOf('?');
        String path = (mark < 0 ? call.url() : call.url().substring(0, mark)).substring(PREFIX.length());
        List<String> methods = new ArrayList<>();
        for (Route route : routes) {
            String id = route.match(path);
            if (id == null) {
                continue;
            }
            if (route.method().equals(call.method())) {
                boolean reads = call.method().equals("GET");
                String query = mark < 0 ? "" : call.url().substring(mark + 1);
                if (!reads && !query.isEmpty()) {
                    throw new ControlError(400, "there must be no query; fields are read from the body");
                }
                ControlInput input = reads ? ControlInput.ofQuery(query) : ControlInput.ofJson(call.body());
                return route.action().run(id, input);
            }
            methods.add(route.method());
        }
        if (!methods.isEmpty()) {
            throw new ControlError(405, "the method must be one of " + String.join(", ", methods));
        }
        throw new ControlError(
                404, "there are " + routes.stream().map(Route::toString).collect(Collectors.joining(", ")));
    }

    private static Answer write(int status, JsonNode body) {
        try {
            return new Answer(status, JSON.writeValueAsString(body) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of JSON can always be written", e);
        }
    }
}
