package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What all exec WebSockets of a provider share: one client, and the timer that keeps quiet connections open. Safe for use
 * by many threads.
 *
 * <p>Everything that comes is handled by the client's one selector thread, a daemon of the JDK's naming, which ends some
 * seconds after the client is no longer in use.
 */
final class ExecSockets implements AutoCloseable {
    /** Connections without traffic are cut after about 60 s (eci-openapi, section 5). */
    static final Duration PING = Duration.ofSeconds(25);

    /** For how long to wait for a connection, and then for the script on it. */
    static final Duration PATIENCE = Duration.ofSeconds(15);

    private static final Duration FAREWELL = Duration.ofSeconds(2);

    private final HttpClient client;
    private final ScheduledThreadPoolExecutor timer;
    private final Duration ping;
    private final Duration patience;
    private final Set<ExecChannel> channels = ConcurrentHashMap.newKeySet();
    private final Set<WebSocket> leaving = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    ExecSockets() {
        this(PING, PATIENCE);
    }

    /**
     * Creates the shared part with other times.
     *
     * @param ping between two pings on a connection
     * @param patience for how long to wait for a connection, and then for the script on it
     */
    ExecSockets(Duration ping, Duration patience) {
        this.ping = ping;
        this.patience = patience;
        ThreadFactory threads = threads();
        // After close nothing is left to be done later.
        timer = new ScheduledThreadPoolExecutor(1, threads, new ThreadPoolExecutor.DiscardPolicy());
        timer.setRemoveOnCancelPolicy(true);
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(patience)
                // Not threads of our own: the JDK (17 to 25) loses an end of the connection that comes while another
                // thread still has the last message.
                .executor(Runnable::run)
                .build();
    }

    private static ThreadFactory threads() {
        AtomicInteger number = new AtomicInteger();
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        return task -> {
            Thread t = new Thread(group, task, "ephemeral-exec-" + number.incrementAndGet());
            t.setDaemon(true);
            return t;
        };
    }

    boolean isClosed() {
        return closed;
    }

    /** Returns for how long to wait for a connection, and then for the script on it. */
    Duration patience() {
        return patience;
    }

    /**
     * Starts to connect. A failure's message and causes may hold the URI.
     *
     * @throws ProviderException if this is closed
     */
    CompletableFuture<WebSocket> connect(String id, URI uri, WebSocket.Listener listener) {
        if (closed) {
            throw closed(id);
        }
        return client.newWebSocketBuilder().connectTimeout(patience).buildAsync(uri, listener);
    }

    static ProviderException closed(String id) {
        return new ProviderException(
                id + " was not connected to: the provider is closed", Effect.NONE, false, null, null, null);
    }

    /** Notes a channel, which is closed with this. */
    void add(ExecChannel channel) {
        channels.add(channel);
        if (closed) {
            channel.close();
        }
    }

    /** Forgets a channel that has ended. */
    void remove(ExecChannel channel) {
        channels.remove(channel);
    }

    /** Runs a short task again and again, at the pace of pings. */
    ScheduledFuture<?> keepAlive(Runnable task) {
        return timer.scheduleWithFixedDelay(task, ping.toNanos(), ping.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Closes a connection in order, and in any case after a moment. Does not block. */
    void leave(WebSocket socket) {
        leaving.add(socket);
        if (closed) {
            abort(socket);
            return;
        }
        // What still comes is dropped; unread, it would hide the far side's farewell.
        socket.request(Long.MAX_VALUE);
        var unused = socket.sendClose(WebSocket.NORMAL_CLOSURE, "");
        var unusedToo = timer.schedule(() -> abort(socket), FAREWELL.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void abort(WebSocket socket) {
        socket.abort();
        leaving.remove(socket);
    }

    /** Closes all connections and ends the threads. Does not throw and does not wait. */
    @Override
    public void close() {
        closed = true;
        for (ExecChannel channel : channels) {
            channel.close();
        }
        leaving.forEach(this::abort);
        timer.shutdownNow();
    }
}
