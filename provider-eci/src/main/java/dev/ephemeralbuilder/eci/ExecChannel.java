package dev.ephemeralbuilder.eci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.alibaba.ChannelOutput;
import dev.ephemeralbuilder.spi.Channel;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A command behind {@code exec.sh} and an exec WebSocket. No exit code is ever reported: the transport has none
 * (eci-openapi, section 1).
 */
class ExecChannel implements Channel {
    private static final Logger log = LoggerFactory.getLogger(ExecChannel.class);

    /** Above this nothing more is asked for; one message can come on top. */
    private static final long MOST_WAITING = 256 << 10;

    private static final long ROOM_AGAIN = MOST_WAITING / 2;

    /** Pings in a row without any sign of life, from a far side that has answered pings before. */
    private static final int MOST_SILENT = 3;

    private final String id;
    private final ExecSockets sockets;
    private final Consumer<ExecChannel> whenOver;
    private final ExecParser parser;
    private final ChannelOutput output = new ChannelOutput(this::taken);
    private final CompletableFuture<Void> running = new CompletableFuture<>();
    private final CompletableFuture<OptionalInt> ended;
    private final CompletableFuture<Void> gone = new CompletableFuture<>();
    private final Object lock = new Object();

    // All guarded by lock; futures are completed and the socket is called outside of it.
    private @Nullable WebSocket socket;
    private @Nullable Future<?> pings;
    private @Nullable CompletableFuture<Void> writing;
    private boolean inputOver;
    private boolean over;
    private boolean lost;
    private boolean held;
    private boolean answers;
    private long waiting;
    private int silent;

    /**
     * Creates a channel that is yet to be connected.
     *
     * @param whenOver told once that the channel is over, whatever the reason
     */
    ExecChannel(String id, String nonce, ExecSockets sockets, Consumer<ExecChannel> whenOver) {
        this(id, sockets, whenOver, sink -> new ExecParser(nonce, sink));
    }

    /**
     * Creates a channel that is yet to be connected, and says something else.
     *
     * @param parser makes what reads it
     */
    ExecChannel(
            String id,
            ExecSockets sockets,
            Consumer<ExecChannel> whenOver,
            Function<ExecParser.Sink, ExecParser> parser) {
        this.id = id;
        this.sockets = sockets;
        this.whenOver = whenOver;
        this.parser = parser.apply(this::came);
        this.ended = output.drained().thenCombine(gone, (drained, v) -> OptionalInt.empty());
    }

    /** Returns who listens to the socket. */
    WebSocket.Listener listener() {
        return new Ear();
    }

    /** Returns a future that completes when the command runs; it fails with a {@link ProviderException}. */
    CompletableFuture<Void> running() {
        return running;
    }

    private boolean isRunning() {
        return running.isDone() && !running.isCompletedExceptionally();
    }

    /** Returns whether a connection that is closed with this status says that the command has ended; frames say so here. */
    boolean endsWith(int closeStatus) {
        return false;
    }

    /** Returns how input is said. */
    Iterator<String> messages(ByteBuffer bytes) {
        return new ExecMessages(bytes);
    }

    /** Returns whether the command ran and the connection was lost before its end was seen. */
    boolean isLost() {
        synchronized (lock) {
            return lost;
        }
    }

    private final class Ear implements WebSocket.Listener {
        @Override
        public void onOpen(WebSocket opened) {
            boolean late;
            synchronized (lock) {
                late = over;
                socket = opened;
                pings = late ? null : sockets.keepAlive(ExecChannel.this::ping);
            }
            if (late) {
                opened.abort();
            } else {
                opened.request(1);
            }
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence piece, boolean last) {
            heard(from, piece, last);
            return null;
        }

        /** Not seen yet from the cloud; what it would carry is clear. */
        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer piece, boolean last) {
            heard(from, ISO_8859_1.decode(piece), last);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onPong(WebSocket from, ByteBuffer message) {
            synchronized (lock) {
                silent = 0;
                answers = true;
            }
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int statusCode, String reason) {
            log.debug("The exec connection to {} was closed with status {}", id, statusCode);
            finish(!isRunning() || !endsWith(statusCode));
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            // Its message may hold the URI.
            log.debug(
                    "The exec connection to {} broke: {}", id, error.getClass().getName());
            finish(true);
        }
    }

    private void heard(WebSocket from, CharSequence piece, boolean last) {
        synchronized (lock) {
            silent = 0;
            if (over) {
                return;
            }
        }
        switch (parser.accept(piece, last)) {
            case GREETING -> from.request(1);
            case RUNNING -> {
                running.complete(null);
                boolean more;
                synchronized (lock) {
                    more = waiting <= MOST_WAITING;
                    held = !more;
                }
                if (more) {
                    from.request(1);
                }
            }
            case ENDED -> {
                running.complete(null);
                finish(false);
            }
            case UNABLE, BROKEN -> finish(true);
        }
    }

    private void came(byte[] bytes) {
        synchronized (lock) {
            waiting += bytes.length;
        }
        output.put(bytes, 0, bytes.length);
    }

    private void taken(long bytes) {
        WebSocket from = null;
        synchronized (lock) {
            waiting -= bytes;
            if (held && !over && waiting <= ROOM_AGAIN) {
                held = false;
                from = socket;
            }
        }
        if (from != null) {
            from.request(1);
        }
    }

    private void ping() {
        WebSocket to;
        boolean dead;
        synchronized (lock) {
            to = over ? null : socket;
            // While nothing is asked for, no answer can be seen.
            silent = held ? 0 : silent + 1;
            dead = answers && silent > MOST_SILENT && isRunning();
        }
        if (to == null) {
            return;
        }
        if (dead) {
            log.debug("The exec connection to {} does not answer any more", id);
            finish(true);
            return;
        }
        // A failure is told to the listener too.
        var unused = to.sendPing(ByteBuffer.allocate(0));
    }

    /** Ends the channel, unless it has ended; what came before can still be read. */
    private void finish(boolean broken) {
        WebSocket left;
        Future<?> pinging;
        CompletableFuture<Void> unwritten;
        synchronized (lock) {
            if (over) {
                return;
            }
            over = true;
            lost = broken && isRunning();
            left = socket;
            pinging = pings;
            unwritten = writing;
        }
        if (pinging != null) {
            pinging.cancel(false);
        }
        if (left != null && broken) {
            left.abort();
        } else if (left != null) {
            sockets.leave(left);
        }
        whenOver.accept(this);
        if (unwritten != null) {
            unwritten.completeExceptionally(lost());
        }
        if (!running.isDone()) {
            running.completeExceptionally(notRunning());
        }
        output.end();
        gone.complete(null);
    }

    private ProviderException lost() {
        return new ProviderException(
                "the channel to " + id + " is closed or lost", Effect.UNKNOWN, false, "ChannelLost", null, null);
    }

    /** Only the listener's thread comes here, which alone uses the parser. */
    private ProviderException notRunning() {
        if (parser.state() == ExecParser.State.UNABLE) {
            return unable("has no " + parser.missing().strip().replace(" ", " and no ")
                    + ", which commands by exec need in the container's image");
        }
        return switch (parser.greeting()) {
            case "sh" -> unable("has no sh, which commands by exec need in the container's image");
            case ExecWrapper.NAME ->
                unable("cannot read " + ExecWrapper.FOLDER + "/" + ExecWrapper.NAME
                        + ": the container was not created by this provider, or its image has no usable sh");
            default ->
                new ProviderException(
                        "the exec connection to " + id + " ended before the command began; has the image a POSIX sh?",
                        Effect.UNKNOWN,
                        true,
                        "NoHandshake",
                        null,
                        null);
        };
    }

    private ProviderException unable(String why) {
        return new ProviderException(id + " " + why, Effect.NONE, false, "ExecUnusable", null, null);
    }

    @Override
    public CompletableFuture<Void> write(ByteBuffer bytes) {
        if (!bytes.hasRemaining()) {
            return CompletableFuture.completedFuture(null);
        }
        CompletableFuture<Void> result = new CompletableFuture<>();
        WebSocket to;
        synchronized (lock) {
            if (writing != null && !writing.isDone()) {
                return CompletableFuture.failedFuture(new IllegalStateException("one write at a time"));
            }
            to = socket;
            if (over || inputOver || to == null) {
                return CompletableFuture.failedFuture(lost());
            }
            writing = result;
        }
        send(to, messages(bytes), result);
        return result;
    }

    /** Sends message after message; a loop, since as many may be taken at once as there are. */
    private void send(WebSocket to, Iterator<String> messages, CompletableFuture<Void> result) {
        while (messages.hasNext() && !result.isDone()) {
            CompletableFuture<WebSocket> sent = to.sendText(messages.next(), true);
            if (!sent.isDone()) {
                var unused = sent.whenComplete((v, failure) -> {
                    if (failure == null) {
                        send(to, messages, result);
                    } else {
                        finish(true);
                    }
                });
                return;
            }
            if (sent.isCompletedExceptionally()) {
                finish(true);
                return;
            }
        }
        result.complete(null);
    }

    @Override
    public CompletableFuture<Void> closeInput() {
        WebSocket to;
        CompletableFuture<Void> before;
        synchronized (lock) {
            to = socket;
            if (over || inputOver || to == null) {
                return CompletableFuture.completedFuture(null);
            }
            inputOver = true;
            before = writing == null ? CompletableFuture.completedFuture(null) : writing;
        }
        WebSocket way = to;
        // If it is not sent, the channel is over, which says the same.
        return before.thenCompose(v -> way.sendText(ExecMessages.END, true)).handle((v, failure) -> {
            if (failure != null) {
                finish(true);
            }
            return null;
        });
    }

    @Override
    public CompletableFuture<ByteBuffer> read() {
        return output.read();
    }

    @Override
    public CompletableFuture<OptionalInt> ended() {
        return ended.copy();
    }

    @Override
    public void close() {
        running.completeExceptionally(new ProviderException(
                "the exec connection to " + id + " was closed before the command began",
                Effect.UNKNOWN,
                true,
                "ConnectionLost",
                null,
                null));
        finish(false);
        output.drop();
    }

    @Override
    public String toString() {
        return "ExecChannel[" + id + "]";
    }
}
