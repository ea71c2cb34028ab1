package dev.ephemeralbuilder.eci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@code exec.sh} writes, wherever the transport cuts it into messages. Text before the handshake is passed
 * over. The handshake tells whether the transport sends text as it is or each message as base64 (eci-openapi, section 5:
 * clients have seen both). Output is given on in whole frames only, so nothing that a broken or talkative transport adds
 * is taken for output.
 *
 * <p>Confined to one thread at a time.
 */
class ExecParser {
    /** How far the far side has come. */
    enum State {
        /** The handshake has not come. */
        GREETING,
        /** The command runs. */
        RUNNING,
        /** The script cannot run commands; {@link #missing()} says what the image lacks. */
        UNABLE,
        /** The command has ended and all its output has come. */
        ENDED,
        /** What came is not from the script, or something is missing in it. */
        BROKEN
    }

    /** Takes output. */
    interface Sink {
        /** Takes over bytes, at least one. */
        void output(byte[] bytes);
    }

    /** What a frame holds at most: dd's block as base64. */
    static final int MAX_FRAME = (64 << 10) / 3 * 4 + 4;

    /** The most that is passed over before the handshake, and the longest message in base64. */
    private static final int MAX_BANNER = 64 << 10;

    private static final int MAX_MESSAGE = 4 << 20;
    private static final int SMALL = 4 << 10;

    private static final boolean[] ALPHABET = new boolean[128];

    static {
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
                .chars()
                .forEach(c -> ALPHABET[c] = true);
    }

    private final String mark;
    private final String end;
    private final Sink sink;
    private final StringBuilder line = new StringBuilder();
    private @Nullable StringBuilder plain = new StringBuilder();
    private @Nullable StringBuilder decoded = new StringBuilder();
    private @Nullable StringBuilder message = new StringBuilder();
    private State state = State.GREETING;
    private String missing = "";
    private byte[] frame = new byte[SMALL];
    private int length;
    private long frames;

    /** What comes next: base64, the number behind it, or the end. */
    private enum Part {
        DATA,
        NUMBER,
        END
    }

    private Part part = Part.DATA;

    ExecParser(String nonce, Sink sink) {
        this.mark = "@" + nonce + " ";
        this.end = nonce + " end";
        this.sink = sink;
    }

    /** Returns how far the far side has come. */
    State state() {
        return state;
    }

    /** Returns whether each message is base64 of text; false until the handshake has come. */
    boolean encoded() {
        return state != State.GREETING && message != null;
    }

    /** Returns the names of the tools that the image lacks. */
    String missing() {
        return missing;
    }

    /**
     * Takes a piece of a message.
     *
     * @param last whether the message ends with it
     * @return the state after it
     */
    State accept(CharSequence piece, boolean last) {
        if (state == State.GREETING) {
            greet(piece, last);
        } else if (state == State.RUNNING) {
            if (message == null) {
                read(piece);
            } else if (collect(message, piece, last)) {
                byte[] text = decode(message);
                message.setLength(0);
                if (text == null) {
                    state = State.BROKEN;
                } else {
                    read(new String(text, ISO_8859_1));
                }
            }
        }
        return state;
    }

    private boolean collect(StringBuilder message, CharSequence piece, boolean last) {
        if (message.length() + piece.length() > MAX_MESSAGE) {
            state = State.BROKEN;
            return false;
        }
        message.append(piece);
        return last;
    }

    private static byte @Nullable [] decode(StringBuilder message) {
        return decode(message.toString().getBytes(ISO_8859_1));
    }

    private static byte @Nullable [] decode(byte[] text) {
        // The decoder itself does without padding.
        if (text.length % 4 != 0) {
            return null;
        }
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private void greet(CharSequence piece, boolean last) {
        if (plain != null) {
            plain.append(piece);
            if (begin(plain)) {
                String rest = plain.toString();
                plain = null;
                decoded = null;
                message = null;
                read(rest);
                return;
            }
        }
        if (message != null && decoded != null && collect(message, piece, last)) {
            byte[] text = decode(message);
            message.setLength(0);
            if (text == null) {
                // One message is not base64, so none is.
                message = null;
                decoded = null;
            } else {
                decoded.append(new String(text, ISO_8859_1));
                if (begin(decoded)) {
                    String rest = decoded.toString();
                    plain = null;
                    decoded = null;
                    read(rest);
                    return;
                }
            }
        }
        if (plain != null && plain.length() > 2 * MAX_BANNER) {
            state = State.BROKEN;
        }
    }

    /** Removes everything up to and with the handshake, if it is there. */
    private boolean begin(StringBuilder text) {
        int from = text.indexOf(mark);
        int to = from < 0 ? -1 : text.indexOf("\n", from);
        if (to < 0) {
            return false;
        }
        String said = text.substring(from + mark.length(), to).strip();
        text.delete(0, to + 1);
        if (said.equals("ready")) {
            state = State.RUNNING;
        } else if (said.startsWith("needs ")) {
            state = State.UNABLE;
            missing = said.substring("needs ".length()).replaceAll("[^a-z0-9 ]", "");
        } else {
            state = State.BROKEN;
        }
        return true;
    }

    /** Returns why there was no handshake, as far as what came instead tells. */
    String greeting() {
        String said = ((plain == null ? "" : plain) + "\n" + (decoded == null ? "" : decoded)).toLowerCase(Locale.ROOT);
        if (said.contains("\"sh\": executable file not found")
                || said.contains("\"sh\": stat sh: no such file")
                || said.contains("\"sh\": no such file")) {
            return "sh";
        }
        return said.contains(ExecWrapper.FOLDER + "/" + ExecWrapper.NAME) ? ExecWrapper.NAME : "";
    }

    /** Takes text after the handshake. */
    void read(CharSequence text) {
        for (int i = 0; i < text.length() && state == State.RUNNING; i++) {
            char c = text.charAt(i);
            switch (part) {
                case DATA -> data(c);
                case NUMBER -> {
                    if (line(c)) {
                        frame();
                    }
                }
                case END -> {
                    if (line(c)) {
                        state = line.toString().equals(end) ? State.ENDED : State.BROKEN;
                    }
                }
            }
        }
    }

    private void data(char c) {
        if (c < ALPHABET.length && ALPHABET[c]) {
            if (length == MAX_FRAME) {
                state = State.BROKEN;
                return;
            }
            if (length == frame.length) {
                frame = Arrays.copyOf(frame, Math.min(8 * length, MAX_FRAME));
            }
            frame[length++] = (byte) c;
        } else if (c == '.' && length > 0) {
            part = Part.NUMBER;
        } else if (c == '!' && length == 0) {
            part = Part.END;
        } else if (c != '\n' && c != '\r') {
            state = State.BROKEN;
        }
    }

    /** Collects a line; true if it is whole. */
    private boolean line(char c) {
        if (c == '\n') {
            return true;
        }
        if (line.length() > end.length()) {
            state = State.BROKEN;
        } else if (c != '\r') {
            line.append(c);
        }
        return false;
    }

    private void frame() {
        frames++;
        byte[] bytes = decode(length == frame.length ? frame : Arrays.copyOf(frame, length));
        if (bytes == null || !line.toString().equals(Long.toString(frames))) {
            state = State.BROKEN;
            return;
        }
        line.setLength(0);
        length = 0;
        part = Part.DATA;
        if (frame.length > SMALL) {
            // A thousand channels that are mostly silent need no thousand big buffers.
            frame = new byte[SMALL];
        }
        sink.output(bytes);
    }
}
