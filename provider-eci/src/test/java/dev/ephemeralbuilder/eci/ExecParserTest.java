package dev.ephemeralbuilder.eci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.eci.ExecParser.State;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the far side says, however it is cut. */
class ExecParserTest {
    private static final String NONCE = "0123456789abcdef";
    private static final String BANNER = "Welcome to élan\r\ntrue\nlast login: @ never";

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final ExecParser parser = new ExecParser(NONCE, output::writeBytes);

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static String said(byte[]... frames) {
        StringBuilder said = new StringBuilder(BANNER + "\n@" + NONCE + " ready\n");
        for (int i = 0; i < frames.length; i++) {
            String data = Base64.getEncoder().encodeToString(frames[i]);
            said.append(data, 0, data.length() / 2).append('\n').append(data.substring(data.length() / 2));
            said.append('.').append(i + 1).append('\n');
        }
        return said.append('!').append(NONCE).append(" end\n").toString();
    }

    private static List<String> cut(String text, int... at) {
        List<String> pieces = new ArrayList<>();
        int from = 0;
        for (int to : at) {
            pieces.add(text.substring(from, to));
            from = to;
        }
        pieces.add(text.substring(from));
        return pieces;
    }

    private static String encode(String message) {
        return Base64.getEncoder().encodeToString(message.getBytes(ISO_8859_1));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theOutputIsTheSameWhereverMessagesAreCut(boolean encoded) {
        byte[] first = bytes(10);
        byte[] second = bytes(5);
        String said = said(first, second);
        for (int i = 0; i <= said.length(); i++) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ExecParser some = new ExecParser(NONCE, out::writeBytes);
            for (String message : cut(said, i)) {
                some.accept(encoded ? encode(message) : message, true);
            }
            assertThat(some.state()).as("cut at %s", i).isEqualTo(State.ENDED);
            assertThat(some.encoded()).isEqualTo(encoded);
            assertThat(out.toByteArray()).startsWith(first).endsWith(second).hasSize(15);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void messagesMayComeInPieces(boolean encoded) {
        byte[] big = bytes(64 << 10);
        String said = said(big, bytes(1), big);
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ExecParser some = new ExecParser(NONCE, out::writeBytes);
            int[] cuts = random.ints(10, 0, said.length()).sorted().toArray();
            for (String message : cut(said, cuts)) {
                String sent = encoded ? encode(message) : message;
                int at = random.nextInt(sent.length() + 1);
                some.accept(sent.substring(0, at), false);
                some.accept(sent.substring(at), true);
            }
            assertThat(some.state()).isEqualTo(State.ENDED);
            assertThat(out.size()).isEqualTo(2 * big.length + 1);
            assertThat(Arrays.copyOf(out.toByteArray(), big.length)).isEqualTo(big);
        }
    }

    @Test
    void nothingShortOfTheWholeEndIsTheEnd() {
        byte[] first = bytes(10);
        byte[] second = bytes(5);
        String said = said(first, second);
        for (int i = 0; i < said.length(); i++) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ExecParser some = new ExecParser(NONCE, out::writeBytes);
            assertThat(some.accept(said.substring(0, i), true)).isIn(State.GREETING, State.RUNNING);
            assertThat(out.size()).as("output is given on in whole frames").isIn(0, 10, 15);
        }
    }

    @Test
    void whatTheTransportAddsIsNotOutput() {
        String good = said(bytes(10));
        String running = good.substring(0, good.indexOf('!'));
        for (String word : List.of(
                "command terminated with exit code 137\n",
                "Killed.\n",
                "EOF.2\nEOF.2\n",
                "AAAA.3\n",
                "AAAA.\n",
                "A===.2\n",
                "!" + NONCE + " ended\n",
                "!" + NONCE + "\n",
                "AAAA!" + NONCE + " end\n",
                ".2\n",
                "é",
                "\u0000")) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ExecParser some = new ExecParser(NONCE, out::writeBytes);
            some.accept(running, true);
            assertThat(some.accept(word, true)).as(word).isEqualTo(State.BROKEN);
            assertThat(out.size()).isEqualTo(10);
            assertThat(some.accept("!" + NONCE + " end\n", true))
                    .as("what is broken stays so")
                    .isEqualTo(State.BROKEN);
        }
    }

    @Test
    void aFrameIsBounded() {
        parser.accept("@" + NONCE + " ready\n", true);
        assertThat(parser.accept("A".repeat(ExecParser.MAX_FRAME), true)).isEqualTo(State.RUNNING);
        assertThat(parser.accept("A", true)).isEqualTo(State.BROKEN);
    }

    @Test
    void theWordsBeforeTheHandshakeAreBounded() {
        String line = "no handshake\n";
        State state = State.GREETING;
        int length = 0;
        while (state == State.GREETING && length < 1 << 20) {
            state = parser.accept(line, true);
            length += line.length();
        }
        assertThat(state).isEqualTo(State.BROKEN);
        assertThat(length).isGreaterThan(64 << 10);
    }

    @Test
    void theNonceInACommandLineIsNoHandshake() {
        assertThat(parser.accept("cannot run [\"sh\",\"exec.sh\",\"" + NONCE + "\",\" ready\n", true))
                .isEqualTo(State.GREETING);
        assertThat(new ExecParser("another", output::writeBytes).accept(said(), true))
                .isEqualTo(State.GREETING);
    }

    @Test
    void missingToolsAreNamed() {
        assertThat(parser.accept("\n@" + NONCE + " needs dd base64\n", true)).isEqualTo(State.UNABLE);
        assertThat(parser.missing()).isEqualTo("dd base64");
    }

    @Test
    void theWordsOfARuntimeAreUnderstood() {
        for (String word : List.of(
                "OCI runtime exec failed: exec: \"sh\": executable file not found in $PATH: unknown",
                "exec: \"sh\": stat sh: no such file or directory")) {
            ExecParser some = new ExecParser(NONCE, output::writeBytes);
            some.accept(word, true);
            assertThat(some.greeting()).isEqualTo("sh");
            ExecParser other = new ExecParser(NONCE, output::writeBytes);
            other.accept(encode(word), true);
            assertThat(other.greeting()).isEqualTo("sh");
        }
        parser.accept("sh: 0: cannot open /ephemeral-builder/exec.sh: No such file", true);
        assertThat(parser.greeting()).isEqualTo("exec.sh");
        assertThat(new ExecParser(NONCE, output::writeBytes).greeting()).isEmpty();
    }

    @Test
    void inputIsCutIntoBoundedMessages() {
        byte[] bytes = bytes(ExecMessages.FRAME + 1);
        StringBuilder text = new StringBuilder();
        ExecMessages messages = new ExecMessages(ByteBuffer.wrap(bytes));
        while (messages.hasNext()) {
            String message = messages.next();
            assertThat(message.length()).isBetween(1, ExecMessages.MESSAGE);
            text.append(message);
        }
        String[] lines = text.toString().split("\n", -1);
        assertThat(lines).hasSize(5);
        ByteArrayOutputStream back = new ByteArrayOutputStream();
        for (int i : new int[] {1, 3}) {
            assertThat(lines[i - 1]).isEqualTo(Integer.toString(lines[i].length() + 1));
            back.writeBytes(Base64.getDecoder().decode(lines[i]));
        }
        assertThat(back.toByteArray()).isEqualTo(bytes);
    }
}
