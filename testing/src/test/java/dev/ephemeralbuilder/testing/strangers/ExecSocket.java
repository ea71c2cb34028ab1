package dev.ephemeralbuilder.testing.strangers;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The JDK's WebSocket client at the address of an ExecContainerCommand: collects what comes until the close frame. */
final class ExecSocket implements WebSocket.Listener {
    private static final long SECONDS = 30;
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private final StringBuilder text = new StringBuilder();
    private final CompletableFuture<String> whole = new CompletableFuture<>();

    private ExecSocket() {}

    /** Sends the input, if there is any, and returns all output. */
    static String run(String uri, @Nullable String input) {
        ExecSocket listener = new ExecSocket();
        try {
            WebSocket socket = CLIENT.newWebSocketBuilder()
                    .buildAsync(URI.create(uri), listener)
                    .get(SECONDS, TimeUnit.SECONDS);
            try {
                if (input != null) {
                    socket.sendText(input, true).get(SECONDS, TimeUnit.SECONDS);
                }
                return listener.whole.get(SECONDS, TimeUnit.SECONDS);
            } finally {
                socket.abort();
            }
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("a command over a WebSocket failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while a command ran", e);
        }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
        text.append(data);
        return WebSocket.Listener.super.onText(socket, data, last);
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
        if (status == WebSocket.NORMAL_CLOSURE) {
            whole.complete(text.toString());
        } else {
            whole.completeExceptionally(new IllegalStateException("closed with " + status));
        }
        return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
        whole.completeExceptionally(error);
    }
}
