package dev.ephemeralbuilder.spi;

/** The state of a machine, as far as a fleet needs it. */
public enum MachineState {
    /** Made, but not running yet. */
    STARTING,
    /** Running. */
    RUNNING,
    /** On its way to stopped or ended. */
    STOPPING,
    /** Stopped, but still there and, with its disk, still costing money. */
    STOPPED,
    /** Over, kept by the cloud as a record only; costs nothing. */
    ENDED
}
