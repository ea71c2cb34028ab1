package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * State of a container as describe calls show it (eci-openapi, 4). Names of reasons are those of Kubernetes
 * [unconfirmed]; {@code DetailStatus} repeats the reason [unconfirmed], and {@code Signal} is the exit code above 128
 * less that [unconfirmed].
 *
 * @param exitCode null but for Terminated
 */
record ContainerState(
        String state,
        String reason,
        String message,
        @Nullable Integer exitCode,
        @Nullable Instant started,
        @Nullable Instant finished) {
    private static final int KILLED = 137;
    private static final int SIGNALS = 128;

    static ContainerState waiting(String reason, String message) {
        return new ContainerState("Waiting", reason, message, null, null, null);
    }

    static ContainerState running(Instant now) {
        return new ContainerState("Running", "Started", "", null, now, null);
    }

    /** It ended by itself. */
    ContainerState ended(int code, Instant now) {
        return new ContainerState(
                "Terminated", code == 0 ? "Completed" : "Error", "", code, started == null ? now : started, now);
    }

    /** It never ran, because its program could not be started. */
    static ContainerState notStarted(String message, Instant now) {
        return new ContainerState("Terminated", "StartError", message, SIGNALS, null, now);
    }

    /** The cloud killed it. */
    ContainerState killed(String reason, Instant now) {
        return new ContainerState("Terminated", reason, "", KILLED, started, now);
    }

    boolean isRunning() {
        return state.equals("Running");
    }

    boolean isTerminated() {
        return state.equals("Terminated");
    }

    int signal() {
        return exitCode != null && exitCode > SIGNALS && !reason.equals("StartError") ? exitCode - SIGNALS : 0;
    }

    /** Writes it as {@code DescribeContainerGroups} does. */
    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("State", state)
                .put("DetailStatus", reason)
                .put("Reason", reason);
        if (!message.isEmpty()) {
            json.put("Message", message);
        }
        if (exitCode != null) {
            json.put("ExitCode", exitCode).put("Signal", signal());
        }
        if (started != null) {
            json.put("StartTime", Parameters.seconds(started));
        }
        if (finished != null) {
            json.put("FinishTime", Parameters.seconds(finished));
        }
        return json;
    }

    /** Writes it as {@code DescribeContainerGroupStatus} does, in the manner of Kubernetes. */
    ObjectNode podJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ObjectNode inner = json.putObject(state);
        if (isRunning()) {
            // The API's own spelling.
            inner.put("StartedAtstartedAt", started == null ? "" : Parameters.seconds(started));
            return json;
        }
        inner.put("Reason", reason).put("Message", message);
        if (exitCode != null) {
            inner.put("ExitCode", exitCode).put("Signal", signal());
            inner.put("StartedAt", started == null ? "" : Parameters.seconds(started));
            inner.put("FinishedAt", finished == null ? "" : Parameters.seconds(finished));
        }
        return json;
    }
}
