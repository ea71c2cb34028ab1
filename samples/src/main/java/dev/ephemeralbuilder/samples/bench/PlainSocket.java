package dev.ephemeralbuilder.samples.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** Reads what a WebSocket sends until it ends. Safe for use by many threads. */
final class PlainSocket {
    private static final Duration CONNECT = Duration.ofSeconds(20);

    /** On its own thread: the JDK (17 to 25) loses an end that comes while another thread still has the last message. */
    private final HttpClient client = HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            .executor(Runnable::run)
            .build();

    /**
     * Returns all text until the connection ends in whatever way.
     *
     * @param atMost how long that may take
     * @param seen is told how many bytes have come, each time
     * @throws IOException if there is no connection, or it does not end in time
     */
    String read(URI uri, Duration atMost, IntConsumer seen) throws IOException, InterruptedException {
        Text text = new Text(seen);
        WebSocket socket;
        try {
            socket = client.newWebSocketBuilder()
                    .connectTimeout(CONNECT)
                    .buildAsync(uri, text)
                    .get(CONNECT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("no connection", e);
        }
        try {
            text.end.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the connection has no end", e);
        } finally {
            socket.abort();
        }
        return text.read();
    }

    private static final class Text implements WebSocket.Listener {
        private final IntConsumer seen;
        private final StringBuilder read = new StringBuilder();
        private final CompletableFuture<Void> end = new CompletableFuture<>();

        Text(IntConsumer seen) {
            this.seen = seen;
        }

        synchronized String read() {
            return read.toString();
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            synchronized (this) {
                read.append(data);
            }
            seen.accept(data.toString().getBytes(StandardCharsets.UTF_8).length);
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            end.complete(null);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            // A cut is an end as any other: whether the last line came says what it was.
            end.complete(null);
        }
    }
}
