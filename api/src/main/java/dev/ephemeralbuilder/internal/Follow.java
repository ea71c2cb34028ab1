package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Delivers one stream of a script: one long channel, opened again at the byte where it was cut, until the machine says
 * that the script has ended and every byte that it wrote was delivered.
 */
final class Follow {
    private static final Duration PAUSE = Duration.ofMillis(250);
    private static final int MOST_IDLE_TURNS = 20;

    /** How many pieces one stream delivers before others get the thread. */
    private static final int AT_A_TIME = 64;

    /** A stream that brings so much at a time is in flow. */
    private static final int FLOW = 64 << 10;

    /** How long a stream in flow gathers: to change threads for each packet costs more than the packet. */
    private static final Duration GATHER = Duration.ofMillis(2);

    private final ScriptRun script;
    private final LogStream stream;
    private final LogSink sink;
    private final Ticker ticker;
    private final Executor users;
    private final Link link;
    private final CompletableFuture<Void> caller;

    /** Handed from callback to callback, which come one after the other. */
    private long delivered;

    private int idleTurns;
    private @Nullable CompletableFuture<Void> current;

    Follow(
            ScriptRun script,
            LogStream stream,
            LogSink sink,
            Ticker ticker,
            Executor users,
            Link link,
            CompletableFuture<Void> caller) {
        this.script = script;
        this.stream = stream;
        this.sink = sink;
        this.ticker = ticker;
        this.users = users;
        this.link = link;
        this.caller = caller;
    }

    /** Completes when all was delivered. Called on the ticker. */
    CompletableFuture<Void> start() {
        Stages.whenDone(caller, ticker, (v, failure) -> {
            if (current != null) {
                current.complete(null);
            }
        });
        return turns();
    }

    private CompletableFuture<Void> turns() {
        long before = delivered;
        return once().thenComposeAsync(v -> script.status(), ticker).thenCompose(ended -> {
            if (caller.isDone() || (ended.isPresent() && delivered >= written(ended.get()))) {
                return CompletableFuture.completedFuture(null);
            }
            if (ended.isPresent() && delivered == before && ++idleTurns > MOST_IDLE_TURNS) {
                return CompletableFuture.failedFuture(new BuilderLostException(
                        "The machine keeps only " + delivered + " of the " + written(ended.get())
                                + " bytes that the script wrote",
                        null));
            }
            boolean more = ended.isPresent() && delivered > before;
            return Stages.after(ticker, more ? Duration.ZERO : PAUSE).thenCompose(v -> turns());
        });
    }

    private long written(ScriptResult result) {
        return stream == LogStream.OUT ? result.outBytes() : result.errBytes();
    }

    /** Delivers until the channel ends, for whatever reason. Fails only if the machine is gone or the sink fails. */
    private CompletableFuture<Void> once() {
        String name = stream == LogStream.OUT ? "out" : "err";
        return link.open(Supervisor.follow(script.id(), name, delivered).line()).thenCompose(channel -> {
            CompletableFuture<Void> over = new CompletableFuture<>();
            Stages.whenDone(over, (v, failure) -> channel.close());
            current = over;
            if (caller.isDone()) {
                // Given up while the channel was being opened.
                over.complete(null);
            }
            Stages.leave(channel.closeInput());
            new Pump(channel, over).next();
            return over;
        });
    }

    /** Takes what one channel sends. */
    private final class Pump {
        private final Channel channel;
        private final CompletableFuture<Void> over;
        private final StreamStart start = new StreamStart();
        private boolean flowing;

        Pump(Channel channel, CompletableFuture<Void> over) {
            this.channel = channel;
            this.over = over;
        }

        void next() {
            Stages.whenDone(channel.read(), users, this::pump);
        }

        /** While more is there already, this thread goes on with it; but others want the thread too. */
        private void pump(ByteBuffer bytes, @Nullable Throwable failure) {
            if (!take(bytes, failure)) {
                return;
            }
            if (flowing) {
                flowing = false;
                Stages.whenDone(Stages.after(ticker, GATHER), (v, f) -> next());
                return;
            }
            long before = delivered;
            for (int i = 0; i < AT_A_TIME; i++) {
                CompletableFuture<ByteBuffer> more = channel.read();
                boolean there = more.isDone() && !more.isCompletedExceptionally();
                if (!there) {
                    flowing = delivered - before >= FLOW;
                    Stages.whenDone(more, users, this::pump);
                    return;
                }
                if (!take(more.join(), null)) {
                    return;
                }
            }
            next();
        }

        /** Returns whether there may be more. */
        private boolean take(ByteBuffer bytes, @Nullable Throwable failure) {
            if (over.isDone() || failure != null || !bytes.hasRemaining()) {
                over.complete(null);
                return false;
            }
            try {
                if (start.skip(bytes)) {
                    deliver(bytes);
                }
            } catch (Throwable t) {
                over.completeExceptionally(t);
                return false;
            }
            return true;
        }

        private void deliver(ByteBuffer bytes) throws IOException {
            int length = bytes.remaining();
            if (length == 0) {
                return;
            }
            if (bytes.hasArray() && bytes.arrayOffset() + bytes.position() == 0) {
                sink.write(stream, bytes.array(), length);
            } else {
                byte[] copy = new byte[length];
                bytes.get(copy);
                sink.write(stream, copy, length);
            }
            delivered += length;
        }
    }

    /** Finds the line that comes before a reply's bytes; what a login shell says before it is dropped. */
    static final class StreamStart {
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();
        private boolean found;

        /** Takes the bytes before the mark away; true once the rest belongs to the stream. */
        boolean skip(ByteBuffer bytes) {
            while (!found && bytes.hasRemaining()) {
                byte b = bytes.get();
                if (b == '\n') {
                    found = startsWithMark(line.toByteArray());
                    if (!found) {
                        line.reset();
                    }
                } else {
                    line.write(b);
                }
            }
            return found;
        }

        private static boolean startsWithMark(byte[] bytes) {
            byte[] mark = Supervisor.STREAM_MARK;
            return bytes.length >= mark.length && java.util.Arrays.equals(bytes, 0, mark.length, mark, 0, mark.length);
        }
    }
}
