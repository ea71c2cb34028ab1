package dev.ephemeralbuilder.spi;

/** What a knock at a machine tells. */
public enum Door {
    /** It takes connections. */
    OPEN,
    /** It does not answer yet, or not any more. */
    SHUT,
    /** A knock cannot tell: what the cloud says about the machine's state has to do. */
    UNKNOWN
}
