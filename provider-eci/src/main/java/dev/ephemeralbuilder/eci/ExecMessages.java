package dev.ephemeralbuilder.eci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Input as {@code exec.sh} takes it, in messages of a bounded size. One frame is made at a time. Messages go as they are,
 * also where the far side sends base64: that it wants base64 too is nowhere seen (unconfirmed; eci-openapi, 12).
 */
final class ExecMessages implements Iterator<String> {
    /** Bytes of input in one frame: the script starts two processes for each. */
    static final int FRAME = 192 << 10;

    /** Text in one message. What the far side takes at most is unconfirmed. */
    static final int MESSAGE = 24 << 10;

    /** The message that says that no more input comes. */
    static final String END = "0\n";

    private final ByteBuffer rest;
    private String frame = "";
    private int sent;

    /**
     * Makes messages of some input.
     *
     * @param bytes read as messages are taken
     */
    ExecMessages(ByteBuffer bytes) {
        this.rest = bytes.duplicate();
    }

    @Override
    public boolean hasNext() {
        return sent < frame.length() || rest.hasRemaining();
    }

    @Override
    public String next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        if (sent == frame.length()) {
            frame = frame();
            sent = 0;
        }
        int to = Math.min(sent + MESSAGE, frame.length());
        String text = frame.substring(sent, to);
        sent = to;
        return text;
    }

    private String frame() {
        byte[] bytes = new byte[Math.min(FRAME, rest.remaining())];
        rest.get(bytes);
        byte[] data = Base64.getEncoder().encode(bytes);
        // The length counts the line end too.
        return (data.length + 1) + "\n" + new String(data, ISO_8859_1) + "\n";
    }
}
