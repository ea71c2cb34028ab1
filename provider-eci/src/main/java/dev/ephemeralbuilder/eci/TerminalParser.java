package dev.ephemeralbuilder.eci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

/** Reads what a terminal shows, after the handshake: as it is, without frames. Confined to one thread at a time. */
final class TerminalParser extends ExecParser {
    private final Sink sink;

    /** The first half of a character that came in two pieces. */
    private String half = "";

    TerminalParser(String nonce, Sink sink) {
        super(nonce, sink);
        this.sink = sink;
    }

    @Override
    void read(CharSequence piece) {
        if (encoded()) {
            show(piece.toString().getBytes(ISO_8859_1));
            return;
        }
        String text = half + piece;
        int whole = text.length();
        if (whole > 0 && Character.isHighSurrogate(text.charAt(whole - 1))) {
            whole--;
        }
        half = text.substring(whole);
        show(text.substring(0, whole).getBytes(UTF_8));
    }

    private void show(byte[] bytes) {
        if (bytes.length > 0) {
            sink.output(bytes);
        }
    }
}
