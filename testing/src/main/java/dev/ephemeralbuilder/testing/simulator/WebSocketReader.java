package dev.ephemeralbuilder.testing.simulator;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a client sends over a WebSocket (RFC 6455, 5): joins the fragments of messages and hands out control frames
 * where they come, also between fragments. For one thread.
 */
final class WebSocketReader {
    private static final int MAX_CONTROL = 125;
    private static final int LENGTH_16 = 126;
    private static final int LENGTH_64 = 127;
    private static final int MASK_BYTES = 4;

    private final DataInputStream in;
    private final int maxMessage;
    private @Nullable ByteArrayOutputStream message;

    /** @param maxMessage how many bytes a message may have */
    WebSocketReader(InputStream in, int maxMessage) {
        this.in = new DataInputStream(in);
        this.maxMessage = maxMessage;
    }

    /** A whole text message, or a control frame. */
    @SuppressWarnings("ArrayRecordComponent") // Made for one reader, who does not compare.
    record Received(WebSocketOpcode opcode, byte[] payload) {
        @Override
        public String toString() {
            return opcode + " of " + payload.length + " bytes";
        }
    }

    /**
     * Waits for a message or a control frame.
     *
     * @throws WebSocketFailure if the client breaks the protocol or a limit
     * @throws IOException if the connection ends
     */
    Received read() throws IOException {
        while (true) {
            Received received = frame();
            if (received != null) {
                return received;
            }
        }
    }

    /** Returns null for a fragment that ends no message. */
    private @Nullable Received frame() throws IOException {
        int first = in.readUnsignedByte();
        boolean last = (first & 0x80) != 0;
        WebSocketOpcode opcode = WebSocketOpcode.of(first & 0x0f);
        int second = in.readUnsignedByte();
        if ((first & 0x70) != 0 || opcode == null || (second & 0x80) == 0) {
            throw new WebSocketFailure(WebSocketFailure.PROTOCOL_ERROR, "reserved bits, unknown opcode or no mask");
        }
        long length = length(second & 0x7f);
        if (opcode.control()) {
            if (!last || length > MAX_CONTROL) {
                throw new WebSocketFailure(WebSocketFailure.PROTOCOL_ERROR, "a control frame is short and whole");
            }
            return new Received(opcode, payload((int) length));
        }
        return data(opcode, last, length);
    }

    private @Nullable Received data(WebSocketOpcode opcode, boolean last, long length) throws IOException {
        if (opcode == WebSocketOpcode.BINARY) {
            throw new WebSocketFailure(WebSocketFailure.UNSUPPORTED_DATA, "only text");
        }
        ByteArrayOutputStream whole = message;
        if ((opcode == WebSocketOpcode.CONTINUATION) == (whole == null)) {
            throw new WebSocketFailure(WebSocketFailure.PROTOCOL_ERROR, "fragments out of order");
        }
        if (whole == null) {
            whole = new ByteArrayOutputStream();
        }
        if (length > maxMessage - whole.size()) {
            throw new WebSocketFailure(WebSocketFailure.TOO_LONG, "the message is too long");
        }
        whole.writeBytes(payload((int) length));
        message = last ? null : whole;
        return last ? new Received(WebSocketOpcode.TEXT, text(whole.toByteArray())) : null;
    }

    private long length(int shortLength) throws IOException {
        if (shortLength == LENGTH_16) {
            return in.readUnsignedShort();
        }
        if (shortLength == LENGTH_64) {
            long length = in.readLong();
            if (length < 0) {
                throw new WebSocketFailure(WebSocketFailure.PROTOCOL_ERROR, "a length is not negative");
            }
            return length;
        }
        return shortLength;
    }

    private byte[] payload(int length) throws IOException {
        byte[] mask = new byte[MASK_BYTES];
        in.readFully(mask);
        byte[] payload = new byte[length];
        in.readFully(payload);
        for (int i = 0; i < length; i++) {
            payload[i] ^= mask[i % MASK_BYTES];
        }
        return payload;
    }

    private static byte[] text(byte[] bytes) throws WebSocketFailure {
        try {
            var unused = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return bytes;
        } catch (CharacterCodingException e) {
            throw new WebSocketFailure(WebSocketFailure.INVALID_TEXT, "the text is not UTF-8");
        }
    }
}
