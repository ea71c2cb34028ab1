package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.Channel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.common.io.IoReadFuture;
import org.apache.sshd.common.io.IoWriteFuture;
import org.apache.sshd.common.io.WritePendingException;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.apache.sshd.common.util.threads.ThreadUtils;
import org.jspecify.annotations.Nullable;

/**
 * A channel over the library's asynchronous streams. Output that nobody reads stays inside the channel's window, whose
 * size bounds it.
 *
 * <p>The library's streams can lose the end: a read or a write that begins or goes on at the very moment at which the
 * channel closes may never complete, and a read that was cut off makes the next one fail. So the end is taken from the
 * channel itself.
 */
final class SshChannel implements Channel {
    private static final int READ_BYTES = 32 * 1024;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final String id;
    private final ChannelExec channel;
    private final CompletableFuture<OptionalInt> ended = new CompletableFuture<>();
    private final Object lock = new Object();

    // All guarded by lock; futures are completed outside of it.
    private @Nullable CompletableFuture<ByteBuffer> reading;
    private @Nullable IoReadFuture running;
    private long reads;
    private @Nullable CompletableFuture<Void> writing;
    private @Nullable ByteBuffer ahead;
    private boolean closed;
    private boolean dropped;
    private boolean drained;
    private boolean cutShort;

    /** Takes over an open channel with asynchronous streams. */
    SshChannel(String id, ChannelExec channel) {
        this.id = id;
        this.channel = channel;
        channel.addCloseFutureListener(future -> channelClosed());
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
        CompletableFuture<ByteBuffer> result = new CompletableFuture<>();
        ByteBuffer ready;
        long number;
        synchronized (lock) {
            if (reading != null) {
                throw new IllegalStateException("one read at a time");
            }
            ready = dropped || drained ? NOTHING : ahead;
            ahead = null;
            if (ready == null) {
                reading = result;
            }
            number = ++reads;
        }
        if (ready != null) {
            result.complete(ready);
            return result;
        }
        ByteArrayBuffer buffer = new ByteArrayBuffer(READ_BYTES, false);
        IoReadFuture future = channel.getAsyncOut().read(buffer);
        boolean stuck;
        synchronized (lock) {
            running = future;
            stuck = closed && !future.isDone();
        }
        if (stuck) {
            finish(number, NOTHING);
        } else {
            future.addListener(f -> finish(number, content(f)));
        }
        return result;
    }

    /** Ends one read, once. */
    private void finish(long number, ByteBuffer content) {
        CompletableFuture<ByteBuffer> result;
        boolean atEnd;
        synchronized (lock) {
            result = reading;
            if (result == null || number != reads) {
                return;
            }
            reading = null;
            running = null;
            drained |= !content.hasRemaining();
            atEnd = closed && drained;
        }
        result.complete(content);
        if (atEnd) {
            end();
        }
    }

    private static ByteBuffer content(IoReadFuture future) {
        if (future.getException() != null || future.getRead() <= 0) {
            return NOTHING;
        }
        ByteArrayBuffer buffer = (ByteArrayBuffer) future.getBuffer();
        return ByteBuffer.wrap(buffer.array(), buffer.rpos(), buffer.available());
    }

    private void channelClosed() {
        boolean stuck = false;
        boolean atEnd;
        long number;
        CompletableFuture<Void> unwritten;
        synchronized (lock) {
            closed = true;
            unwritten = writing;
            number = reads;
            if (dropped || drained) {
                drained = true;
            } else if (reading == null) {
                // The stream is closed by now and answers at once.
                ByteBuffer rest = content(channel.getAsyncOut().read(new ByteArrayBuffer(READ_BYTES, false)));
                if (rest.hasRemaining()) {
                    ahead = rest;
                } else {
                    drained = true;
                }
            } else if (running != null && !running.isDone()) {
                stuck = true;
            }
            atEnd = drained;
        }
        fail(unwritten);
        if (stuck) {
            finish(number, NOTHING);
        } else if (atEnd) {
            end();
        }
    }

    private void end() {
        boolean told;
        synchronized (lock) {
            told = !cutShort;
        }
        // Whatever comes after we have turned away is not how the command ended by itself.
        Integer status = told ? channel.getExitStatus() : null;
        ended.complete(status == null ? OptionalInt.empty() : OptionalInt.of(status));
    }

    @Override
    public CompletableFuture<OptionalInt> ended() {
        return ended.copy();
    }

    @Override
    public void close() {
        CompletableFuture<ByteBuffer> cut;
        CompletableFuture<Void> unwritten;
        boolean atEnd;
        synchronized (lock) {
            dropped = true;
            unwritten = writing;
            ahead = null;
            cut = reading;
            reading = null;
            running = null;
            atEnd = closed;
            cutShort |= !closed;
        }
        if (cut != null) {
            cut.complete(NOTHING);
        }
        fail(unwritten);
        // First the input, at once: a write that waits for room would hold up the orderly close for ever.
        channel.getAsyncIn().close(true);
        // Not at once: the machine would not be told (ssh-and-testing, 2.1).
        channel.close(false);
        if (atEnd) {
            end();
        }
    }

    @Override
    public String toString() {
        return "SshChannel[" + id + "]";
    }
}
