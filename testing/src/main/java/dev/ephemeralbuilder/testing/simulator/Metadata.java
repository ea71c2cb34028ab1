package dev.ephemeralbuilder.testing.simulator;

import java.time.Instant;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The metadata that a machine reads about itself (ecs-openapi, 2). A real machine asks one address that is the same on
 * each; here each machine has a base address of its own, {@code http://127.0.0.1:<port>/_metadata/<machine>}, which its
 * processes find in {@value #VARIABLE}; below it the paths are the real ones. Served are
 * {@code GET /latest/meta-data/instance-id}, {@code region-id}, {@code zone-id} and
 * {@code instance/spot/termination-time}, which is 404 until the machine is being taken back and then a time in UTC, by
 * the cloud's clock; and {@code PUT /latest/api/token} with the header {@value #TTL}, which gives a token for the header
 * {@value #TOKEN}. A machine whose create call said {@code HttpTokens=required} answers 403 without it [unconfirmed: the
 * status]. That tokens lapse is not simulated.
 */
final class Metadata {
    /** The environment variable of each process that holds the base address, without a slash at its end. */
    static final String VARIABLE = "EPHEMERAL_METADATA_URL";

    private static final String TTL = "X-aliyun-ecs-metadata-token-ttl-seconds";
    private static final String TOKEN = "X-aliyun-ecs-metadata-token";
    private static final String PREFIX = "/_metadata/";
    private static final String TREE = "/latest/meta-data/";

    private final Region region;
    private final Instances instances;

    Metadata(Region region, Instances instances) {
        this.region = region;
        this.instances = instances;
    }

    /** An answer in plain text. */
    record Answer(int status, String body) {}

    private static final Answer ABSENT = new Answer(404, "");

    /** Returns the path of a machine's base address. */
    static String path(String machine) {
        return PREFIX + machine;
    }

    /** Whether a path is meant for this. */
    static boolean isFor(String path) {
        return path.startsWith(PREFIX);
    }

    /**
     * Answers a request.
     *
     * @param headers returns the value of a header, or null
     */
    Answer answer(String method, String path, Function<String, @Nullable String> headers) {
        int slash = path.indexOf('/', PREFIX.length());
        if (slash < 0) {
            return ABSENT;
        }
        String machine = path.substring(PREFIX.length(), slash);
        String name = path.substring(slash);
        return instances
                .select(instance -> instance.id.equals(machine), instance -> answer(instance, method, name, headers))
                .stream()
                .findFirst()
                .orElse(ABSENT);
    }

    private Answer answer(Instance instance, String method, String path, Function<String, @Nullable String> headers) {
        if (method.equals("PUT") && path.equals("/latest/api/token")) {
            return headers.apply(TTL) == null ? new Answer(400, "") : new Answer(200, token(instance));
        }
        if (!method.equals("GET") || !path.startsWith(TREE)) {
            return ABSENT;
        }
        if (instance.request.metadataTokens && !token(instance).equals(headers.apply(TOKEN))) {
            return new Answer(403, "");
        }
        String value = value(instance, path.substring(TREE.length()));
        return value.isEmpty() ? ABSENT : new Answer(200, value);
    }

    private static String token(Instance instance) {
        return "token-of-" + instance.id;
    }

    private String value(Instance instance, String name) {
        Instant end = instance.terminationTime;
        return switch (name) {
            case "instance-id" -> instance.id;
            case "region-id" -> region.name();
            case "zone-id" -> instance.request.zone;
            case "instance/spot/termination-time" -> end == null ? "" : Parameters.seconds(end);
            default -> "";
        };
    }
}
