package dev.ephemeralbuilder.alibaba;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A command's output on its way to whoever reads it, as {@link dev.ephemeralbuilder.spi.Channel#read} promises. What
 * nobody has read yet waits here; the transport bounds it, by taking more from the machine only as bytes are taken from
 * here. Safe for use by many threads; does not block.
 */
public final class ChannelOutput {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();
    private static final int SMALLEST_PIECE = 4 << 10;
    private static final int LARGEST_PIECE = 256 << 10;

    private final LongConsumer taken;
    private final CompletableFuture<Void> drained = new CompletableFuture<>();

    // Both are to be read; the last piece may have room behind what it holds. Futures are completed outside of the
    // lock.
    private final Deque<ByteBuffer> pieces = new ArrayDeque<>();
    private @Nullable CompletableFuture<ByteBuffer> reading;
    private boolean over;

    /**
     * Creates a way without any bytes.
     *
     * @param taken is told how many bytes have been taken, by the thread that took them
     */
    public ChannelOutput(LongConsumer taken) {
        this.taken = taken;
    }

    /** Copies bytes that came, or drops them if nobody will read them. */
    public void put(byte[] bytes, int offset, int length) {
        CompletableFuture<ByteBuffer> waiting;
        synchronized (pieces) {
            if (over || length == 0) {
                return;
            }
            waiting = reading;
            reading = null;
            if (waiting == null) {
                append(bytes, offset, length);
            }
        }
        if (waiting != null) {
            taken.accept(length);
            waiting.complete(
                    ByteBuffer.allocate(length).put(bytes, offset, length).flip());
        }
    }

    private void append(byte[] bytes, int offset, int length) {
        ByteBuffer last = pieces.peekLast();
        int put = last == null ? 0 : Math.min(length, last.remaining());
        if (last != null) {
            last.put(bytes, offset, put);
        }
        if (put < length) {
            int size = last == null ? SMALLEST_PIECE : Math.min(2 * last.capacity(), LARGEST_PIECE);
            pieces.add(ByteBuffer.allocate(Math.max(size, length - put)).put(bytes, offset + put, length - put));
        }
    }

    /**
     * Takes the next bytes.
     *
     * @return completes with at least one byte as soon as there is one, with an empty buffer once no more come
     * @throws IllegalStateException if another read waits
     */
    public CompletableFuture<ByteBuffer> read() {
        ByteBuffer next;
        boolean last;
        synchronized (pieces) {
            if (reading != null) {
                throw new IllegalStateException("one read at a time");
            }
            next = pieces.poll();
            if (next == null && !over) {
                reading = new CompletableFuture<>();
                return reading;
            }
            last = over && pieces.isEmpty();
        }
        if (next == null) {
            return CompletableFuture.completedFuture(NOTHING);
        }
        next.flip();
        taken.accept(next.remaining());
        if (last) {
            drained.complete(null);
        }
        return CompletableFuture.completedFuture(next);
    }

    /** Says that no more bytes come; those that wait can still be read. */
    public void end() {
        finish(false);
    }

    /** Drops what waits and what may still come. */
    public void drop() {
        finish(true);
    }

    private void finish(boolean dropping) {
        CompletableFuture<ByteBuffer> waiting;
        boolean empty;
        synchronized (pieces) {
            over = true;
            if (dropping) {
                pieces.clear();
            }
            empty = pieces.isEmpty();
            waiting = reading;
            reading = null;
        }
        if (waiting != null) {
            waiting.complete(NOTHING);
        }
        if (empty) {
            drained.complete(null);
        }
    }

    /** Returns a future that completes when no more bytes come and none waits. */
    public CompletableFuture<Void> drained() {
        return drained;
    }
}
