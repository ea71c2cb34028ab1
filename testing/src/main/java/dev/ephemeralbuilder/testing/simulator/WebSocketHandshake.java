package dev.ephemeralbuilder.testing.simulator;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The opening of a WebSocket connection on the server's side (RFC 6455, 4.2). Of the client's extensions and
 * subprotocols none is taken. Immutable.
 */
final class WebSocketHandshake {
    private static final int MAX_HEAD = 16 * 1024;
    private static final int KEY_BYTES = 16;
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final Map<Integer, String> REASONS = Map.of(
            400,
            "Bad Request",
            403,
            "Forbidden",
            404,
            "Not Found",
            426,
            "Upgrade Required",
            500,
            "Internal Server Error",
            502,
            "Bad Gateway",
            503,
            "Service Unavailable");

    private final String method;
    private final URI target;
    private final Map<String, List<String>> headers;

    private WebSocketHandshake(String method, URI target, Map<String, List<String>> headers) {
        this.method = method;
        this.target = target;
        this.headers = headers;
    }

    /**
     * Reads a request up to its empty line and no byte further.
     *
     * @throws IOException if the connection ends or this is no request of HTTP
     */
    static WebSocketHandshake read(InputStream in) throws IOException {
        String[] lines = head(in).split("\r\n", -1);
        String[] request = lines[0].split(" ", -1);
        if (request.length != 3 || !request[2].startsWith("HTTP/1.")) {
            throw new IOException("not a request of HTTP");
        }
        Map<String, List<String>> headers = new TreeMap<>();
        for (String line : Arrays.asList(lines).subList(1, lines.length)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.computeIfAbsent(line.substring(0, colon).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                        .add(line.substring(colon + 1).strip());
            }
        }
        try {
            return new WebSocketHandshake(request[0], URI.create(request[1]), headers);
        } catch (IllegalArgumentException e) {
            throw new IOException("not a target of HTTP", e);
        }
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int matched = 0;
        while (matched < 4) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("no request");
            }
            head.write(next);
            if (head.size() > MAX_HEAD) {
                throw new IOException("the request is too long");
            }
            matched = next == "\r\n\r\n".charAt(matched) ? matched + 1 : next == '\r' ? 1 : 0;
        }
        String text = head.toString(StandardCharsets.ISO_8859_1);
        return text.substring(0, text.length() - 4);
    }

    /** Returns what the client asks for: path and query. */
    URI target() {
        return target;
    }

    /** Returns the status to refuse with where this asks for no WebSocket, or 0 where it does. */
    int refusal() {
        if (!method.equals("GET") || !has("upgrade", "websocket") || !has("connection", "upgrade")) {
            return 400;
        }
        if (!has("sec-websocket-version", "13")) {
            return 426;
        }
        return key() == null ? 400 : 0;
    }

    /** Answers that the connection speaks WebSocket from now on. */
    void accept(OutputStream out) throws IOException {
        String key = key();
        if (key == null) {
            throw new IOException("no key");
        }
        write(
                out,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                        + answer(key) + "\r\n\r\n");
    }

    /** Answers with an error. */
    static void refuse(OutputStream out, int status) throws IOException {
        String reason = REASONS.getOrDefault(status, "Error");
        write(
                out,
                "HTTP/1.1 " + status + " " + reason + "\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\n"
                        + "Content-Type: text/plain\r\nContent-Length: " + (reason.length() + 1) + "\r\n\r\n" + reason
                        + "\n");
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private boolean has(String header, String token) {
        return headers.getOrDefault(header, List.of()).stream()
                .flatMap(value -> Arrays.stream(value.split(",", -1)))
                .anyMatch(value -> value.strip().equalsIgnoreCase(token));
    }

    private @Nullable String key() {
        List<String> keys = headers.getOrDefault("sec-websocket-key", List.of());
        if (keys.size() != 1) {
            return null;
        }
        try {
            return Base64.getDecoder().decode(keys.get(0)).length == KEY_BYTES ? keys.get(0) : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String answer(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-1", e);
        }
    }
}
