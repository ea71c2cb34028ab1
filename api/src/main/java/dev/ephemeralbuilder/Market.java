package dev.ephemeralbuilder;

/** How a machine is bought. */
public enum Market {
    /** At the market price; the cloud may take the machine back. */
    SPOT,
    /** At the list price, by the second; the cloud does not take the machine back. */
    ON_DEMAND
}
