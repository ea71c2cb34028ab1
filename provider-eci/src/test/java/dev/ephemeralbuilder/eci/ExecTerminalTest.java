package dev.ephemeralbuilder.eci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.TerminalSize;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Iterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes over an exec WebSocket of a terminal; that it is one is shown by the contract kit. */
class ExecTerminalTest {
    private static final String NONCE = "0123456789abcdef";
    private static final String SMILE = "\ud83d\ude00";

    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
    private final TerminalParser parser = new TerminalParser(NONCE, screen::writeBytes);
    private final ExecSockets sockets = new ExecSockets();
    private final ExecTerminal terminal = new ExecTerminal("eci-1", NONCE, sockets, over -> {});

    @AfterEach
    void close() {
        sockets.close();
    }

    private String screen() {
        return screen.toString(UTF_8);
    }

    private String written(byte[] bytes) {
        StringBuilder all = new StringBuilder();
        Iterator<String> messages = terminal.messages(ByteBuffer.wrap(bytes));
        while (messages.hasNext()) {
            String message = messages.next();
            assertThat(message).isNotEmpty().hasSizeLessThanOrEqualTo(ExecMessages.MESSAGE);
            all.append(message);
        }
        return all.toString();
    }

    @Test
    void theScreenBeginsBehindTheHandshake() {
        assertThat(parser.accept("a banner\r\n@" + NONCE + " rea", true)).isEqualTo(ExecParser.State.GREETING);
        assertThat(parser.accept("dy\r\n$ ", true)).isEqualTo(ExecParser.State.RUNNING);
        parser.accept("é\u001b[0m", true);
        assertThat(screen()).isEqualTo("$ é\u001b[0m");
    }

    @Test
    void messagesInBase64AreDecoded() {
        for (String text : new String[] {"@" + NONCE + " ready\n$ ", "é true"}) {
            parser.accept(new String(Base64.getEncoder().encode(text.getBytes(UTF_8)), ISO_8859_1), true);
        }
        assertThat(screen()).isEqualTo("$ é true");
    }

    @Test
    void aCharacterThatComesInTwoPiecesStaysWhole() {
        parser.accept("@" + NONCE + " ready\n", true);
        parser.accept("x" + SMILE.charAt(0), false);
        parser.accept(SMILE.charAt(1) + "y", true);
        assertThat(screen()).isEqualTo("x" + SMILE + "y");
    }

    @Test
    void aCharacterThatIsTypedInTwoPiecesStaysWhole() {
        byte[] smile = SMILE.getBytes(UTF_8);
        assertThat(written(new byte[] {'x', smile[0], smile[1]})).isEqualTo("x");
        assertThat(written(new byte[] {smile[2], smile[3], 3})).isEqualTo(SMILE + "\u0003");
    }

    @Test
    void aLongPasteIsManyMessages() {
        String paste = ("0123456" + SMILE).repeat(10_000);
        assertThat(written(paste.getBytes(UTF_8))).isEqualTo(paste);
    }

    @Test
    void itsItemsAreShortEnough() {
        assertThat(ExecTerminal.items(NONCE.repeat(2), new TerminalSize(65_535, 65_535)))
                .hasSizeLessThanOrEqualTo(20)
                .allSatisfy(item -> assertThat(item).hasSizeLessThanOrEqualTo(ExecWrapper.MAX_ITEM));
    }
}
