package dev.ephemeralbuilder.spi;

/** The kinds of calls to a cloud, the most urgent first: what gives machines back goes before what looks at them. */
public enum CloudAction {
    /** {@link CloudProvider#delete}. */
    DELETE,
    /** {@link CloudProvider#renew}. */
    RENEW,
    /** {@link CloudProvider#extend}. */
    EXTEND,
    /** {@link Shell#open}, where {@linkplain ProviderLimits#opensAreCalls that is a call}. */
    OPEN,
    /** {@link CloudProvider#launch}. */
    LAUNCH,
    /** {@link CloudProvider#log}. */
    LOG,
    /** {@link CloudProvider#list}. */
    LIST,
    /** {@link CloudProvider#describe}. */
    DESCRIBE,
    /** {@link CloudProvider#market}. */
    MARKET,
    /** {@link CloudProvider#consoleOutput}. */
    CONSOLE
}
