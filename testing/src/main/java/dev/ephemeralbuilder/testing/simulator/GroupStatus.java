package dev.ephemeralbuilder.testing.simulator;

/** States of a container group (eci-openapi, 4). Restarting and Updating are not simulated. */
enum GroupStatus {
    SCHEDULING("Scheduling", "Pending"),
    PENDING("Pending", "Pending"),
    RUNNING("Running", "Running"),
    TERMINATING("Terminating", "Running"),
    SUCCEEDED("Succeeded", "Succeeded"),
    FAILED("Failed", "Failed"),
    EXPIRED("Expired", "Failed"),
    SCHEDULE_FAILED("ScheduleFailed", "Pending"),
    /** No state of the API, which does not show the group any more. */
    GONE("Gone", "Failed");

    private final String text;
    private final String phase;

    GroupStatus(String text, String phase) {
        this.text = text;
        this.phase = phase;
    }

    /** Returns what the API calls it. */
    String text() {
        return text;
    }

    /** Returns the phase of the pod that the group is [unconfirmed for all but the first three and Succeeded]. */
    String phase() {
        return phase;
    }

    /** Whether the cloud asks for money: from the pull of images to the end. */
    boolean isBilled() {
        return this == PENDING || this == RUNNING || this == TERMINATING;
    }

    /** Whether there still is, or will be, a machine. */
    boolean isAlive() {
        return this == SCHEDULING || isBilled();
    }
}
