package dev.ephemeralbuilder.testing.simulator;

import org.jspecify.annotations.Nullable;

/** A product of the cloud; one port serves them all, and a request's {@code Version} tells which one it means. */
enum Product {
    /** Machines (ecs-openapi, 1.1). */
    ECS("ecs", "2014-05-26"),

    /** Container groups (eci-openapi, 4). */
    ECI("eci", "2018-08-08");

    private final String code;
    private final String version;

    Product(String code, String version) {
        this.code = code;
        this.version = version;
    }

    /** Returns the product of a version of the API, or null if no product has it. */
    static @Nullable Product ofVersion(@Nullable String version) {
        for (Product product : values()) {
            if (product.version.equals(version)) {
                return product;
            }
        }
        return null;
    }

    /** Returns what permissions and host names begin with. */
    String code() {
        return code;
    }

    /** Whether an operation remembers its client tokens. */
    boolean isIdempotent(String action) {
        return switch (this) {
            case ECS ->
                switch (action) {
                    case "RunInstances", "DeleteInstances", "CreateImage" -> true;
                    default -> false;
                };
            case ECI ->
                switch (action) {
                    case "CreateContainerGroup", "DeleteContainerGroup", "CreateImageCache", "DeleteImageCache" -> true;
                    default -> false;
                };
        };
    }

    /**
     * Returns how often a whole account may call an operation per minute: of ECI as documented (eci-openapi, 4), of ECS
     * without a limit, since the documented ones depend on the account. Null for no limit.
     */
    @Nullable Integer callsPerMinute(String action) {
        if (this != ECI) {
            return null;
        }
        return switch (action) {
            case "DescribeContainerGroups" -> 2_000;
            case "CreateContainerGroup", "DeleteContainerGroup", "DescribeContainerGroupPrice" -> 1_000;
            case "ExecContainerCommand", "DescribeContainerLog" -> 500;
            case "CreateImageCache" -> 200;
            default -> null;
        };
    }
}
