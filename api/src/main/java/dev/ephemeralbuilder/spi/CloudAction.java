package dev.ephemeralbuilder.spi;

/** The kinds of calls to a cloud, the most urgent first: what gives machines back goes before what looks at them. */
public enum CloudAction {
    /** {@link CloudProvider#delete}. */
    DELETE,
    /** {@link CloudProvider#renew}. */
    RENEW,
    /** {@link CloudProvider#extend}. */
    EXTEND,
    /** {@link CloudProvider#launch}. */
    LAUNCH,
    /** {@link CloudProvider#list}. */
    LIST,
    /** {@link CloudProvider#describe}. */
    DESCRIBE,
    /** {@link CloudProvider#market}. */
    MARKET
}
