package dev.ephemeralbuilder.testing.simulator;

import java.time.Instant;
import java.util.List;

/**
 * The metadata that a machine reads about itself (ecs-openapi, 2). A real machine asks one address that is the same on
 * each; here each machine has a base address of its own, {@code http://127.0.0.1:<port>/_metadata/<machine>}, which its
 * processes find in {@value #VARIABLE}; below it the paths are the real ones. Served are, for GET only:
 * {@code /latest/meta-data/instance-id}, {@code region-id}, {@code zone-id} and
 * {@code instance/spot/termination-time}, which is 404 until the machine is being taken back and then a time in UTC, by
 * the cloud's clock. The hardened mode, with a token, is not simulated.
 */
final class Metadata {
    /** The environment variable of each process that holds the base address, without a slash at its end. */
    static final String VARIABLE = "EPHEMERAL_METADATA_URL";

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

    /** Returns the path of a machine's base address. */
    static String path(String machine) {
        return PREFIX + machine;
    }

    /** Whether a path is meant for this. */
    static boolean isFor(String path) {
        return path.startsWith(PREFIX);
    }

    Answer answer(String method, String path) {
        int slash = path.indexOf('/', PREFIX.length());
        if (!method.equals("GET") || slash < 0 || !path.startsWith(TREE, slash)) {
            return new Answer(404, "");
        }
        String machine = path.substring(PREFIX.length(), slash);
        String name = path.substring(slash + TREE.length());
        List<String> found = instances.select(
                instance ->
                        instance.id.equals(machine) && !value(instance, name).isEmpty(),
                instance -> value(instance, name));
        return found.isEmpty() ? new Answer(404, "") : new Answer(200, found.get(0));
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
