package dev.ephemeralbuilder.testing.simulator;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/** How the simulator's exec makes text frames of a command's output. Which of the two ECI does is [unconfirmed]. */
enum ExecEncoding {
    /**
     * The text itself. A character that a read has cut waits for its rest; what is no UTF-8 is replaced, as by an API
     * that makes text of bytes.
     */
    RAW {
        @Override
        Encoder encoder() {
            return new Text();
        }
    },

    /** Every message is the base64 of some bytes. */
    BASE64 {
        @Override
        Encoder encoder() {
            return (bytes, count, last) -> Base64.getEncoder().encode(Arrays.copyOf(bytes, count));
        }
    };

    /** Returns what encodes the output of one command. */
    abstract Encoder encoder();

    /** Encodes a stream piece by piece; for one thread. */
    @FunctionalInterface
    interface Encoder {
        /**
         * Returns the next message, maybe empty.
         *
         * @param last whether nothing comes after these bytes
         */
        byte[] encode(byte[] bytes, int count, boolean last);
    }

    private static final class Text implements Encoder {
        private static final int LONGEST_CHARACTER = 4;

        private final CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
        private ByteBuffer carried = ByteBuffer.allocate(0);

        @Override
        public byte[] encode(byte[] bytes, int count, boolean last) {
            ByteBuffer in = ByteBuffer.allocate(carried.remaining() + count);
            in.put(carried).put(bytes, 0, count).flip();
            CharBuffer out = CharBuffer.allocate(in.remaining() + LONGEST_CHARACTER);
            var unused = decoder.decode(in, out, last);
            carried = in;
            ByteBuffer text = StandardCharsets.UTF_8.encode(out.flip());
            byte[] message = new byte[text.remaining()];
            text.get(message);
            return message;
        }
    }
}
