package dev.ephemeralbuilder.testing.strangers;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code strangers.js}: a process that holds Alibaba Cloud's Node clients. One call at a time. */
final class NodeProcess implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long ANSWER_SECONDS = 90;
    private static final long END_SECONDS = 10;
    private static final String END = "";

    private final Process process;
    private final Writer in;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final Thread reader;
    private int clients;

    /**
     * Starts it.
     *
     * @param node the command
     * @param script strangers.js
     * @param packages the folder with node_modules
     */
    NodeProcess(String node, Path script, Path packages) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                List.of(node, script.toString(), packages.toAbsolutePath().toString()));
        // Proxies, credentials and switches of the SDKs come from the environment: none of them shall.
        Map<String, String> environment = builder.environment();
        environment
                .keySet()
                .removeIf(name ->
                        !List.of("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL").contains(name));
        process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        in = process.outputWriter(StandardCharsets.UTF_8);
        reader = new Thread(this::read, "ephemeral-test-node");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            lines.add("{\"defect\":\"its output could not be read\"}");
        } finally {
            lines.add(END);
        }
    }

    /** Makes a client of one of the kinds that the script knows, and returns its number. */
    int open(String kind, Wire.Access access) {
        int client = ++clients;
        try {
            exchange(JSON.createObjectNode()
                    .put("call", "open")
                    .put("client", client)
                    .put("kind", kind)
                    .set("access", JSON.valueToTree(access)));
        } catch (Refusal e) {
            throw new AssertionError("opening a client calls nobody", e);
        }
        return client;
    }

    <T> @Nullable T call(int client, String call, Object given, Class<T> type) throws Refusal {
        ObjectNode request = JSON.createObjectNode().put("call", call).put("client", client);
        request.set("given", JSON.valueToTree(given));
        JsonNode result = exchange(request);
        try {
            return JSON.treeToValue(result, type);
        } catch (JsonProcessingException e) {
            throw new AssertionError(call + " gave something else: " + e.getOriginalMessage(), e);
        }
    }

    private JsonNode exchange(JsonNode request) throws Refusal {
        try {
            in.write(JSON.writeValueAsString(request) + "\n");
            in.flush();
            String line = lines.poll(ANSWER_SECONDS, TimeUnit.SECONDS);
            if (line == null || line.equals(END)) {
                throw new AssertionError("the Node process " + (line == null ? "does not answer" : "has ended"));
            }
            JsonNode answer = JSON.readTree(line);
            if (answer.has("defect")) {
                throw new AssertionError(
                        "the Node program failed: " + answer.get("defect").asText());
            }
            if (answer.has("refusal")) {
                JsonNode refusal = answer.get("refusal");
                JsonNode status = refusal.get("status");
                throw new Refusal(
                        text(refusal.get("code")),
                        status.isNull() ? null : status.asInt(),
                        text(refusal.get("requestId")),
                        refusal.get("words").asText());
            }
            return answer.get("result");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while Node was at work", e);
        }
    }

    private static @Nullable String text(JsonNode node) {
        return node.isNull() ? null : node.asText();
    }

    @Override
    public void close() throws IOException {
        try (in) {
            // The end of its input is what ends it.
        } finally {
            try {
                if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
                reader.join(TimeUnit.SECONDS.toMillis(END_SECONDS));
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
