package dev.ephemeralbuilder.testing.contract;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.fail;

import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Shell;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.OptionalInt;

/** What goes over channels, and how it is compared. */
final class ContractBytes {
    /** What a command wrote and its exit code, where the transport has one. */
    static final class Output {
        private final byte[] bytes;
        private final OptionalInt exit;

        private Output(byte[] bytes, OptionalInt exit) {
            this.bytes = bytes;
            this.exit = exit;
        }

        byte[] bytes() {
            return bytes;
        }

        OptionalInt exit() {
            return exit;
        }

        /** Returns the output, a character per byte. */
        String text() {
            return new String(bytes, ISO_8859_1);
        }
    }

    private ContractBytes() {}

    static Output run(ContractTime time, Shell shell, String command) throws Exception {
        try (Channel channel = shell.open(command)) {
            return drain(time, channel);
        }
    }

    static Output drain(ContractTime time, Channel channel) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (true) {
            byte[] chunk = next(time, channel);
            if (chunk.length == 0) {
                OptionalInt exit = time.get("after the last output, ended()", channel.ended());
                return new Output(bytes.toByteArray(), exit);
            }
            bytes.writeBytes(chunk);
        }
    }

    static byte[] next(ContractTime time, Channel channel) throws Exception {
        ByteBuffer chunk = time.get("read() of output or of its end", channel.read());
        byte[] copy = new byte[chunk.remaining()];
        chunk.get(copy);
        return copy;
    }

    /** Returns so many bytes, of every value and in changing order. */
    static byte[] everyValue(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i + (i >> 8) * (i & 1));
        }
        return bytes;
    }

    /** Checks that bytes are the expected ones, and says where they part if they are not. */
    static void assertSame(String demand, byte[] actual, byte[] expected) {
        int at = Arrays.mismatch(actual, expected);
        if (at >= 0) {
            fail(
                    "%s; of %s bytes, %s arrived, and the first that differs is number %s",
                    demand, expected.length, actual.length, at);
        }
    }
}
