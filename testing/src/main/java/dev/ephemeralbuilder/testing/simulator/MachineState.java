package dev.ephemeralbuilder.testing.simulator;

/** The state of a simulated machine, by the API's names. */
enum MachineState {
    PENDING("Pending"),
    STARTING("Starting"),
    RUNNING("Running"),
    STOPPING("Stopping");

    private final String status;

    MachineState(String status) {
        this.status = status;
    }

    /** Returns the value of {@code Status}. */
    String status() {
        return status;
    }
}
