package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.TerminalChannel;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A shell on a terminal behind an exec WebSocket: bash where the container has it, else sh. {@code exec.sh} is not
 * between, since a terminal's bytes are text. Its size is set once, at the beginning: how the far side is told of
 * another one is nowhere seen (unconfirmed; eci-openapi, section 5). What becomes of the shell when the connection is lost is
 * unconfirmed too.
 */
final class ExecTerminal extends ExecChannel implements TerminalChannel {
    /** Has to fit into one item. The nonce is its name. */
    private static final String SHELL = """
            stty cols "$1" rows "$2" 2>/dev/null
            export TERM=xterm-256color
            echo "@$0 ready"
            cd "${HOME:-/}" 2>/dev/null
            command -v bash >/dev/null 2>&1 && exec bash -l -i
            exec sh -l -i""";

    private static final int LONGEST_CHARACTER = 4;

    // Confined to one write at a time.
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private ByteBuffer carried = ByteBuffer.allocate(0);

    ExecTerminal(String id, String nonce, ExecSockets sockets, Consumer<ExecChannel> whenOver) {
        super(id, sockets, whenOver, sink -> new TerminalParser(nonce, sink));
    }

    /** Returns the items of ExecContainerCommand. */
    static List<String> items(String nonce, TerminalSize size) {
        return List.of("sh", "-c", SHELL, nonce, Integer.toString(size.columns()), Integer.toString(size.rows()));
    }

    /** There is no end but that of the connection, and that is no loss if the far side closes it in order. */
    @Override
    boolean endsWith(int closeStatus) {
        return closeStatus == WebSocket.NORMAL_CLOSURE;
    }

    /** Messages are text; a character that a write has cut waits for its rest. */
    @Override
    Iterator<String> messages(ByteBuffer bytes) {
        ByteBuffer in = ByteBuffer.allocate(carried.remaining() + bytes.remaining());
        in.put(carried).put(bytes.duplicate()).flip();
        CharBuffer out = CharBuffer.allocate(in.remaining() + LONGEST_CHARACTER);
        var unused = decoder.decode(in, out, false);
        carried = in;
        return messages(out.flip().toString()).iterator();
    }

    private static List<String> messages(String text) {
        List<String> messages = new ArrayList<>();
        int from = 0;
        while (from < text.length()) {
            int to = Math.min(from + ExecMessages.MESSAGE, text.length());
            if (to < text.length() && Character.isHighSurrogate(text.charAt(to - 1))) {
                to--;
            }
            messages.add(text.substring(from, to));
            from = to;
        }
        return messages;
    }

    /** Nothing: on a terminal, that is a key. */
    @Override
    public CompletableFuture<Void> closeInput() {
        return CompletableFuture.completedFuture(null);
    }

    /** Does nothing: the transport cannot say it. */
    @Override
    public void resize(TerminalSize size) {}
}
