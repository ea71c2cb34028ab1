package dev.ephemeralbuilder.eci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** Input as {@code exec.sh} takes it, in messages of a bounded size. One frame is made at a time. */
final class ExecMessages implements Iterator<String> {
    /** Bytes of input in one frame: the script starts two processes for each. */
    static final int FRAME = 192 << 10;

    /** Text in one message, before the transport's own base64. What the far side takes at most is unconfirmed. */
    static final int MESSAGE = 24 << 10;

    private static final String END = "0\n";

    private final ByteBuffer rest;
    private final boolean encoded;
    private String frame = "";
    private int sent;

    /**
     * Makes messages of some input.
     *
     * @param bytes read as messages are taken
     * @param encoded whether each message is base64 of text
     */
    ExecMessages(ByteBuffer bytes, boolean encoded) {
        this.rest = bytes.duplicate();
        this.encoded = encoded;
    }

    /** Returns the message that says that no more input comes. */
    static String end(boolean encoded) {
        return message(END, encoded);
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
        return message(text, encoded);
    }

    private String frame() {
        byte[] bytes = new byte[Math.min(FRAME, rest.remaining())];
        rest.get(bytes);
        byte[] data = Base64.getEncoder().encode(bytes);
        // The length counts the line end too.
        return (data.length + 1) + "\n" + new String(data, ISO_8859_1) + "\n";
    }

    private static String message(String text, boolean encoded) {
        return encoded ? Base64.getEncoder().encodeToString(text.getBytes(US_ASCII)) : text;
    }
}
