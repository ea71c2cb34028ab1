package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.Terminal;
import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.TerminalChannel;
import java.nio.ByteBuffer;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A channel as somebody uses it who waits on a thread for each direction. */
final class ChannelTerminal implements Terminal {
    private final TerminalChannel channel;
    private final Object reading = new Object();
    private final Object writing = new Object();

    /** A read whose reader was interrupted; guarded by {@link #reading}. */
    private @Nullable CompletableFuture<ByteBuffer> begun;

    /** A write that may still be under way; guarded by {@link #writing}. */
    private CompletableFuture<Void> before = CompletableFuture.completedFuture(null);

    ChannelTerminal(TerminalChannel channel) {
        this.channel = channel;
    }

    // The locks are about this: a channel takes one read and one write at a time, and both end with the channel.
    @Override
    public void write(byte[] bytes) throws InterruptedException {
        synchronized (writing) {
            Waits.await(before.copy());
            before = channel.write(ByteBuffer.wrap(bytes.clone()));
            Waits.await(before.copy());
        }
    }

    @Override
    public byte[] read() throws InterruptedException {
        synchronized (reading) {
            CompletableFuture<ByteBuffer> next = begun == null ? channel.read() : begun;
            begun = next;
            ByteBuffer chunk = Waits.await(next.copy());
            begun = null;
            byte[] bytes = new byte[chunk.remaining()];
            chunk.get(bytes);
            return bytes;
        }
    }

    @Override
    public void resize(TerminalSize size) {
        channel.resize(size);
    }

    @Override
    public CompletableFuture<OptionalInt> ended() {
        return channel.ended();
    }

    @Override
    public void close() {
        channel.close();
    }
}
