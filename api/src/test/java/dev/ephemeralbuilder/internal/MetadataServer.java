package dev.ephemeralbuilder.internal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The metadata of one machine: its time of termination, plain or for those with a token. One answer per connection. */
final class MetadataServer implements AutoCloseable {
    private static final String TOKEN = "AAAAtoken==";
    private static final int MOST_HEADERS = 50;

    /** What was asked for, such as {@code GET /latest}. */
    final List<String> asked = new CopyOnWriteArrayList<>();

    volatile int status = 404;
    volatile String body = "";
    volatile boolean hardened;
    private final ServerSocket socket;
    private final Thread thread;

    MetadataServer() throws IOException {
        this(0);
    }

    MetadataServer(int port) throws IOException {
        socket = new ServerSocket(port, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        thread = new Thread(this::serve, "test-metadata");
        thread.setDaemon(true);
        thread.start();
    }

    int port() {
        return socket.getLocalPort();
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + port());
    }

    private void serve() {
        while (!socket.isClosed()) {
            try (Socket client = socket.accept()) {
                client.setSoTimeout(5_000);
                answer(client);
            } catch (IOException e) {
                // Closed, or a client that has gone: the next one is served.
                asked.add("lost");
            }
        }
    }

    private void answer(Socket client) throws IOException {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
        String first = in.readLine();
        if (first == null) {
            return;
        }
        Map<String, String> headers = new TreeMap<>();
        for (int i = 0; i < MOST_HEADERS; i++) {
            String line = in.readLine();
            if (line == null || line.isEmpty()) {
                break;
            }
            String[] parts = line.split(": *", 2);
            headers.put(parts[0].toLowerCase(Locale.ROOT), parts.length > 1 ? parts[1] : "");
        }
        String call = first.substring(0, first.lastIndexOf(' '));
        if (call.equals("PUT /latest/api/token") && headers.containsKey("x-aliyun-ecs-metadata-token-ttl-seconds")) {
            send(client, 200, TOKEN);
        } else if (hardened && !TOKEN.equals(headers.get("x-aliyun-ecs-metadata-token"))) {
            send(client, 403, "Forbidden");
        } else if (call.equals("GET /latest/meta-data/instance/spot/termination-time")) {
            send(client, status, body);
        } else {
            send(client, 404, "");
        }
        asked.add(call);
    }

    private static void send(Socket client, int code, String text) throws IOException {
        String answer = "HTTP/1.1 " + code + " Reason\r\nContent-Length: " + text.length()
                + "\r\nConnection: close\r\n\r\n" + text;
        client.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
        client.getOutputStream().flush();
        client.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
        socket.close();
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
