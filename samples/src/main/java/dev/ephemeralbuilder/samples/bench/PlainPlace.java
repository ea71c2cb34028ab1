package dev.ephemeralbuilder.samples.bench;

/**
 * Where a team that writes its own loop starts all of its machines.
 *
 * @param type the instance type, or the size of a container group such as {@code 4-8Gi}
 * @param zone the zone
 * @param spotDuration hours of protection, 0 or 1
 */
record PlainPlace(String type, String zone, int spotDuration) {
    /** Returns whether it is one of container groups of a size, of whatever type. */
    boolean isSize() {
        return !type.startsWith("ecs.");
    }

    /** Returns the first zone, a common type, and the protection that the API has for a default. */
    static PlainPlace usual(CloudFacts facts) {
        String zone = facts.vSwitches().keySet().stream().sorted().findFirst().orElseThrow();
        return new PlainPlace("ecs.c7.xlarge", zone, 1);
    }
}
