package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code ExecContainerCommand} and {@code DescribeContainerLog} (eci-openapi, 4). [unconfirmed]: that a log can be read of
 * groups that have ended, until their record goes; codes of wrong numbers; that {@code Sync} gives up to 1 MiB of output
 * within ten seconds, and the runtime's words where the command cannot be started. There is one log over all starts of a
 * container, so {@code LastTime} is refused.
 */
final class ContainerOperations {
    private static final int MAX_ITEMS = 20;
    private static final int MAX_ITEM_LENGTH = 256;
    private static final int MAX_SYNC_BYTES = 1_048_576;
    private static final int SYNC_TURNS = 1_000;
    private static final long SYNC_TURN_MILLIS = 10;

    private final Groups groups;
    private final ExecFront exec;

    ContainerOperations(Groups groups, ExecFront exec) {
        this.groups = groups;
        this.exec = exec;
    }

    void register(Gateway.Operations operations) {
        operations.add("ExecContainerCommand", (p, verdict) -> exec(p));
        operations.add("DescribeContainerLog", (p, verdict) -> log(p));
    }

    private ObjectNode exec(Parameters p) {
        String id = p.require("ContainerGroupId");
        String container = p.require("ContainerName");
        List<String> command = JsonTexts.list("Command", p.require("Command"));
        if (command.isEmpty()) {
            throw ApiError.invalid("Command");
        }
        ContainerParameters.atMost(MAX_ITEMS, command.size(), "Command");
        command.forEach(item -> ContainerParameters.atMost(MAX_ITEM_LENGTH, item.length(), "Command"));
        boolean tty = p.flag("TTY");
        boolean stdin = p.get("Stdin") == null || p.flag("Stdin");
        GroupRuntime runtime = groups.requireRunning(id, container);
        if (p.flag("Sync")) {
            if (tty || command.equals(List.of("/bin/bash"))) {
                throw ApiError.invalid("Sync");
            }
            return object().put("SyncResponse", run(runtime, container, command));
        }
        URI uri = exec.offer(runtime, container, command, stdin, tty);
        return object().put("WebSocketUri", uri.toString())
                .put("HttpUrl", "https://eci.console.aliyun.com/terminal?param=" + uri.getRawQuery());
    }

    /** Runs a command and returns what it wrote; where it takes too long, what it wrote so far. It goes on then. */
    private static String run(GroupRuntime runtime, String container, List<String> command) {
        try {
            Process process = runtime.exec(container, command);
            process.getOutputStream().close();
            ByteArrayOutputStream output = new ByteArrayOutputStream();
            try (InputStream in = process.getInputStream()) {
                // In turns, so that neither a full pipe nor a child that keeps it open holds the answer up.
                for (int turn = 0; turn < SYNC_TURNS; turn++) {
                    boolean over = process.waitFor(SYNC_TURN_MILLIS, TimeUnit.MILLISECONDS);
                    drain(in, output);
                    if (over) {
                        break;
                    }
                }
            }
            return output.toString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ApiError.of("ServiceUnavailable", "The simulator is closing.");
        }
    }

    private static void drain(InputStream in, ByteArrayOutputStream output) throws IOException {
        for (int ready = in.available(); ready > 0; ready = in.available()) {
            byte[] bytes = in.readNBytes(ready);
            output.write(bytes, 0, Math.min(bytes.length, MAX_SYNC_BYTES - output.size()));
        }
    }

    private ObjectNode log(Parameters p) {
        String container = p.require("ContainerName");
        int tail = within(p, "Tail", ContainerLog.DEFAULT_LINES, ContainerLog.MAX_LINES);
        int bytes = within(p, "LimitBytes", ContainerLog.MAX_BYTES, ContainerLog.MAX_BYTES);
        Integer since =
                p.get("SinceSeconds") == null ? null : Integer.valueOf(within(p, "SinceSeconds", 1, Integer.MAX_VALUE));
        if (p.flag("LastTime")) {
            throw ApiError.of("InvalidParameter", "The simulator has one log over all starts of a container.");
        }
        GroupRuntime runtime = groups.requireStarted(p.require("ContainerGroupId"), container);
        String content = runtime.log(container).read(tail, startTime(p), since, bytes, p.flag("Timestamps"));
        return object().put("ContainerName", container).put("Content", content);
    }

    private static int within(Parameters p, String name, int fallback, int most) {
        int value = p.integer(name, fallback);
        if (value < 1 || value > most) {
            throw ApiError.invalid(name);
        }
        return value;
    }

    private static @Nullable Instant startTime(Parameters p) {
        String text = p.get("StartTime");
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw ApiError.invalid("StartTime");
        }
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
