package dev.ephemeralbuilder.alibaba;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** An HTTP server that records calls and gives the answers that a test has laid ready, by action. */
public final class FakeEndpoint implements AutoCloseable {
    /** What to do with a call. */
    @FunctionalInterface
    public interface Answer {
        void give(HttpExchange exchange) throws IOException, InterruptedException;
    }

    /** A call as it came. */
    public record Call(
            String method, Map<String, String> query, Map<String, String> form, Map<String, String> headers) {
        public String action() {
            return query.getOrDefault("Action", "");
        }
    }

    private final HttpServer server;
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final Map<String, Deque<Answer>> answers = new ConcurrentHashMap<>();
    private final List<Call> calls = new CopyOnWriteArrayList<>();

    public FakeEndpoint() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", this::handle);
        server.setExecutor(executor);
        server.start();
    }

    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Lays an answer ready; the last one of an action stays. */
    public FakeEndpoint on(String action, Answer answer) {
        answers.computeIfAbsent(action, a -> new ArrayDeque<>()).add(answer);
        return this;
    }

    public FakeEndpoint on(String action, int status, String contentType, String body) {
        return on(action, exchange -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            if (!contentType.isEmpty()) {
                exchange.getResponseHeaders().set("Content-Type", contentType);
            }
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            if (bytes.length > 0) {
                exchange.getResponseBody().write(bytes);
            }
            exchange.close();
        });
    }

    /** A good answer in JSON; single quotes stand for double ones. */
    public FakeEndpoint json(String action, String body) {
        return on(action, 200, "application/json", body.replace('\'', '"'));
    }

    /** An error of the API. */
    public FakeEndpoint error(String action, int status, String code) {
        return error(action, status, code, "The message of the cloud.");
    }

    public FakeEndpoint error(String action, int status, String code, String message) {
        return on(
                action,
                status,
                "application/json",
                "{\"RequestId\":\"R-1\",\"HostId\":\"h\",\"Code\":\"" + code + "\",\"Message\":\"" + message + "\"}");
    }

    public List<Call> calls() {
        return List.copyOf(calls);
    }

    /** The only call. */
    public Call call() {
        if (calls.size() != 1) {
            throw new AssertionError("expected one call, were " + calls.size());
        }
        return calls.get(0);
    }

    private void handle(HttpExchange exchange) throws IOException {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.get(0)));
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        Map<String, String> query = parameters(exchange.getRequestURI().getRawQuery());
        calls.add(new Call(exchange.getRequestMethod(), query, parameters(body), headers));
        try {
            next(query.getOrDefault("Action", "")).give(exchange);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            exchange.close();
        }
    }

    private Answer next(String action) {
        Deque<Answer> laid = answers.get(action);
        if (laid == null) {
            throw new AssertionError("no answer is laid ready for " + action);
        }
        synchronized (laid) {
            return laid.size() > 1 ? laid.remove() : laid.element();
        }
    }

    private static Map<String, String> parameters(String raw) {
        Map<String, String> parameters = new TreeMap<>();
        if (raw == null || raw.isEmpty()) {
            return parameters;
        }
        for (String pair : raw.split("&", -1)) {
            String[] parts = pair.split("=", 2);
            parameters.put(decode(parts[0]), parts.length == 1 ? "" : decode(parts[1]));
        }
        return parameters;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
        try {
            executor.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
