package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.alibaba.ChannelOutput;
import dev.ephemeralbuilder.spi.Channel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.apache.sshd.client.channel.ClientChannel;
import org.apache.sshd.common.io.IoWriteFuture;
import org.apache.sshd.common.io.WritePendingException;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.apache.sshd.common.util.threads.ThreadUtils;
import org.jspecify.annotations.Nullable;

/**
 * A channel over the library's asynchronous input and a command's {@link ChannelOutput}.
 *
 * <p>The library can lose the end of a write: one that begins or goes on at the very moment at which the channel closes
 * may never complete. So the end is taken from the channel itself.
 */
class SshChannel implements Channel {
    private final String id;
    private final ClientChannel channel;
    private final ChannelOutput output;
    private final CompletableFuture<OptionalInt> ended;
    private final Object lock = new Object();

    // All guarded by lock; futures are completed outside of it.
    private @Nullable CompletableFuture<Void> writing;
    private boolean closed;
    private boolean dropped;
    private boolean cutShort;

    /** Takes over an open channel, and its output. */
    SshChannel(String id, ClientChannel channel, ChannelOutput output) {
        this.id = id;
        this.channel = channel;
        this.output = output;
        CompletableFuture<Void> gone = new CompletableFuture<>();
        ended = output.drained().thenCombine(gone, (drained, closed) -> status());
        channel.addCloseFutureListener(future -> {
            channelClosed();
            gone.complete(null);
        });
    }

    @Override
    public CompletableFuture<Void> write(ByteBuffer bytes) {
        CompletableFuture<Void> result = new CompletableFuture<>();
        if (!bytes.hasRemaining()) {
            result.complete(null);
            return result;
        }
        synchronized (lock) {
            if (writing != null && !writing.isDone()) {
                return CompletableFuture.failedFuture(new IllegalStateException("one write at a time"));
            }
            if (dropped || closed) {
                return CompletableFuture.failedFuture(lost());
            }
            writing = result;
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        try {
            // As one of its own threads: others the library holds up for as long as keys are being renewed.
            IoWriteFuture sending =
                    ThreadUtils.runAsInternal(channel.getAsyncIn(), in -> in.writeBuffer(new ByteArrayBuffer(copy)));
            sending.addListener(future -> {
                if (future.isWritten()) {
                    result.complete(null);
                } else {
                    result.completeExceptionally(lost());
                }
            });
        } catch (IOException | WritePendingException e) {
            result.completeExceptionally(lost());
        }
        return result;
    }

    @Override
    public CompletableFuture<Void> closeInput() {
        CompletableFuture<Void> result = new CompletableFuture<>();
        channel.getAsyncIn().close(false).addListener(future -> result.complete(null));
        return result;
    }

    /** A write that waits for room would otherwise wait for ever. */
    private void fail(@Nullable CompletableFuture<Void> write) {
        if (write != null) {
            write.completeExceptionally(lost());
        }
    }

    private ProviderException lost() {
        return new ProviderException(
                "the channel to " + id + " is closed or lost", Effect.UNKNOWN, false, "ChannelLost", null, null);
    }

    @Override
    public CompletableFuture<ByteBuffer> read() {
        return output.read();
    }

    private void channelClosed() {
        CompletableFuture<Void> unwritten;
        synchronized (lock) {
            closed = true;
            unwritten = writing;
        }
        fail(unwritten);
        output.end();
    }

    private OptionalInt status() {
        boolean told;
        synchronized (lock) {
            told = !cutShort;
        }
        // Whatever comes after we have turned away is not how the command ended by itself.
        Integer status = told ? channel.getExitStatus() : null;
        return status == null ? OptionalInt.empty() : OptionalInt.of(status);
    }

    @Override
    public CompletableFuture<OptionalInt> ended() {
        return ended.copy();
    }

    @Override
    public void close() {
        CompletableFuture<Void> unwritten;
        synchronized (lock) {
            dropped = true;
            unwritten = writing;
            cutShort |= !closed;
        }
        fail(unwritten);
        output.drop();
        // First the input, at once: a write that waits for room would hold up the orderly close for ever.
        channel.getAsyncIn().close(true);
        // Not at once: the machine would not be told (ssh-and-testing, 2.1).
        channel.close(false);
    }

    @Override
    public String toString() {
        return "SshChannel[" + id + "]";
    }
}
