package dev.ephemeralbuilder.samples.product;

import java.util.Locale;

/** A cloud product that machines come from. */
public enum Product {
    /** Instances, reached by SSH. */
    ECS,
    /** Container groups, reached by the API. */
    ECI;

    /** Returns the name of its provider and of its table in the settings, such as {@code ecs}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
