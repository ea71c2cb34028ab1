package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.spi.Channel;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** One command with a short answer: sends all input, collects the output until the channel ends. */
final class Exchange {
    /** No honest answer is longer; the rest is dropped. */
    private static final int MOST = 1 << 20;

    private static final int CHUNK = 32 << 10;

    private final Channel channel;
    private final ByteBuffer input;
    private final Executor executor;
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final CompletableFuture<String> result = new CompletableFuture<>();

    private Exchange(Channel channel, ByteBuffer input, Executor executor) {
        this.channel = channel;
        this.input = input.duplicate();
        this.executor = executor;
    }

    /** Returns the whole output; the channel is closed by then. Cancelling the result closes it too. */
    static CompletableFuture<String> of(Channel channel, ByteBuffer input, Executor executor) {
        Exchange exchange = new Exchange(channel, input, executor);
        Stages.whenDone(exchange.result, (v, failure) -> channel.close());
        exchange.write();
        exchange.read();
        return exchange.result;
    }

    /** Returns the whole output of a channel whose input is somebody else's to write. */
    static CompletableFuture<String> outputOf(Channel channel, Executor executor) {
        Exchange exchange = new Exchange(channel, ByteBuffer.allocate(0), executor);
        exchange.read();
        return exchange.result;
    }

    private void write() {
        if (!input.hasRemaining()) {
            // Whether the far side minds is seen in its answer.
            Stages.leave(channel.closeInput());
            return;
        }
        ByteBuffer chunk = input.slice();
        chunk.limit(Math.min(CHUNK, chunk.remaining()));
        int length = chunk.remaining();
        Stages.whenDone(channel.write(chunk), executor, (v, failure) -> {
            // A far side that takes no more input may still answer; a lost one ends the output, which is seen below.
            if (failure == null) {
                input.position(input.position() + length);
                write();
            }
        });
    }

    private void read() {
        Stages.whenDone(channel.read(), executor, (bytes, failure) -> {
            if (failure != null) {
                result.completeExceptionally(lost(failure));
            } else if (!bytes.hasRemaining()) {
                result.complete(output.toString(StandardCharsets.UTF_8));
            } else {
                byte[] copy = new byte[Math.min(bytes.remaining(), MOST - output.size())];
                bytes.get(copy);
                output.writeBytes(copy);
                read();
            }
        });
    }

    private static ProviderException lost(Throwable cause) {
        return new ProviderException(
                "The connection to the machine was lost",
                ProviderException.Effect.UNKNOWN,
                true,
                null,
                null,
                Failures.unwrap(cause));
    }
}
