package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a server sends over a WebSocket (RFC 6455, 5): whole, unmasked frames. A frame that the client does not read
 * holds up whoever sends it, and other frames with it; but nobody who only answers a ping, since the next one to send
 * something does that for him. Nothing is sent after a close frame. Safe for use by many threads.
 */
final class WebSocketWriter {
    private static final int FIN = 0x80;
    private static final int LENGTH_16 = 126;
    private static final int LENGTH_64 = 127;
    private static final int MAX_REASON = 123;

    private final OutputStream out;
    // Held while a frame is written: it is about that.
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicReference<byte @Nullable []> pong = new AtomicReference<>();
    private boolean closed;

    WebSocketWriter(OutputStream out) {
        this.out = out;
    }

    /**
     * Sends a text message.
     *
     * @param utf8 valid UTF-8
     */
    void text(byte[] utf8) throws IOException {
        send(WebSocketOpcode.TEXT, utf8, utf8.length);
    }

    /** Sends the beginning of a text message, as if its sender died in the middle. */
    void brokenText(byte[] utf8, int count) throws IOException {
        send(WebSocketOpcode.TEXT, utf8, count);
    }

    /** Answers a ping: now, or after the frame that is being sent. Of two answers that wait the last is enough. */
    void pong(byte[] payload) throws IOException {
        pong.set(payload);
        flushPong();
    }

    /** Says that this is the end, unless it was said. */
    void close(int code, String reason) throws IOException {
        byte[] text = reason.getBytes(StandardCharsets.US_ASCII);
        byte[] payload = new byte[2 + Math.min(text.length, MAX_REASON)];
        payload[0] = (byte) (code >> 8);
        payload[1] = (byte) code;
        System.arraycopy(text, 0, payload, 2, payload.length - 2);
        lock.lock();
        try {
            if (!closed) {
                write(WebSocketOpcode.CLOSE, payload, payload.length);
                closed = true;
            }
        } finally {
            lock.unlock();
        }
    }

    private void send(WebSocketOpcode opcode, byte[] payload, int count) throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw new IOException("the connection is being closed");
            }
            write(opcode, payload, count);
        } finally {
            lock.unlock();
        }
        flushPong();
    }

    private void flushPong() throws IOException {
        // Whoever holds the lock looks again after he has let go.
        while (pong.get() != null && lock.tryLock()) {
            try {
                byte[] payload = pong.getAndSet(null);
                if (payload != null && !closed) {
                    write(WebSocketOpcode.PONG, payload, payload.length);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private void write(WebSocketOpcode opcode, byte[] payload, int count) throws IOException {
        int length = payload.length;
        byte[] frame = new byte[10 + count];
        int at = 0;
        frame[at++] = (byte) (FIN | opcode.code());
        if (length < LENGTH_16) {
            frame[at++] = (byte) length;
        } else if (length <= 0xffff) {
            frame[at++] = LENGTH_16;
            frame[at++] = (byte) (length >> 8);
            frame[at++] = (byte) length;
        } else {
            frame[at++] = LENGTH_64;
            for (int shift = 56; shift >= 0; shift -= 8) {
                frame[at++] = (byte) ((long) length >> shift);
            }
        }
        System.arraycopy(payload, 0, frame, at, count);
        // In one piece: a header on its own would wait for an acknowledgement.
        out.write(frame, 0, at + count);
        out.flush();
    }
}
