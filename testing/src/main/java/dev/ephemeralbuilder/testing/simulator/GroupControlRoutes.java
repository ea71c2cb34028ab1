package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;

/** What the controls can do with container groups and their images. Documented in docs/simulator.md. */
final class GroupControlRoutes {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final long USUAL_NOTICE_SECONDS = 180;
    private static final long MAX_SECONDS = 86_400;
    private static final long MAX_PULLS = 1_000_000;
    private static final String IMAGE = "the name of an image such as registry.example.com/build:21";
    private static final String NAMES = "a list of names of programs";

    private final AlibabaCloudSimulator simulator;

    GroupControlRoutes(AlibabaCloudSimulator simulator) {
        this.simulator = simulator;
    }

    List<ControlApi.Route> all() {
        return List.of(
                new ControlApi.Route("GET", "/groups", (id, input) -> groups(input)),
                new ControlApi.Route("POST", "/groups/{id}/fail-bid", this::failBid),
                new ControlApi.Route("POST", "/groups/{id}/cut-exec", this::cutExec),
                new ControlApi.Route("POST", "/exec-cuts", (id, input) -> addCuts(input)),
                new ControlApi.Route("POST", "/images", (id, input) -> image(input)),
                new ControlApi.Route("DELETE", "/images", (id, input) -> clearImages(input)),
                new ControlApi.Route("POST", "/registries", (id, input) -> registry(input)));
    }

    private JsonNode groups(ControlInput input) {
        input.end();
        ObjectNode answer = JSON.objectNode();
        ArrayNode list = answer.putArray("groups");
        for (SimulatedGroup group : simulator.groups()) {
            ObjectNode json = list.addObject()
                    .put("id", group.id())
                    .put("state", group.state())
                    .put("address", group.address())
                    .put("kind", group.kind())
                    .put("zone", group.zone())
                    .put("billedSeconds", group.billed().toMillis() / 1000.0)
                    .put("pricePerHour", group.pricePerHour())
                    .put("spot", group.spot())
                    .put("spotDuration", group.spotDuration())
                    .put("temporary", group.temporary());
            ObjectNode tags = json.putObject("tags");
            group.tags().forEach(tags::put);
        }
        return answer;
    }

    private JsonNode failBid(String id, ControlInput input) {
        Long seconds = input.whole("noticeSeconds", 0, MAX_SECONDS);
        input.end();
        onGroup(id, () -> simulator.failBid(id, Duration.ofSeconds(seconds == null ? USUAL_NOTICE_SECONDS : seconds)));
        return JSON.objectNode();
    }

    private JsonNode cutExec(String id, ControlInput input) {
        input.end();
        onGroup(id, () -> simulator.cutExec(id));
        return JSON.objectNode();
    }

    private static void onGroup(String id, Runnable order) {
        try {
            order.run();
        } catch (IllegalArgumentException e) {
            throw new ControlError(404, "there is no container group " + id);
        }
    }

    private JsonNode addCuts(ControlInput input) {
        List<Long> bytes = input.requireWholes("afterBytes", 0, Long.MAX_VALUE);
        input.end();
        simulator
                .faults()
                .exec()
                .cutAfterBytes(bytes.stream().mapToLong(Long::longValue).toArray());
        return JSON.objectNode();
    }

    private JsonNode image(ControlInput input) {
        String name = input.requireText("image", IMAGE);
        Boolean missing = input.flag("missing");
        Long pulls = input.whole("failFirst", 0, MAX_PULLS);
        double seconds = input.number("pullSeconds", 0, MAX_SECONDS, -1);
        List<String> lacking = input.texts("lacking", NAMES);
        List<String> entryPoint = input.texts("entryPoint", "a program and what follows it, as a list");
        input.end();
        SimulatedImage image = simulator.images().image(name);
        if (missing != null) {
            SimulatedImage unused = missing ? image.missing() : image.available();
        }
        if (pulls != null) {
            image.failFirst(Math.toIntExact(pulls));
        }
        if (seconds >= 0) {
            image.pullTime(Duration.ofMillis(Math.round(seconds * 1000)));
        }
        if (lacking != null) {
            image.lacking(lacking.toArray(new String[0]));
        }
        if (entryPoint != null) {
            image.entryPoint(entryPoint.toArray(new String[0]));
        }
        return JSON.objectNode();
    }

    private JsonNode clearImages(ControlInput input) {
        input.end();
        simulator.images().clear();
        return JSON.objectNode();
    }

    private JsonNode registry(ControlInput input) {
        String server = input.requireText("server", "a registry such as registry.example.com");
        String user = input.requireText("user", "a name");
        String password = input.requireText("password", "a password");
        input.end();
        simulator.images().login(server, user, password);
        return JSON.objectNode();
    }
}
