package dev.ephemeralbuilder.alibaba;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What waits between the connection and whoever reads. */
class ChannelOutputTest {
    private final AtomicLong taken = new AtomicLong();
    private final ChannelOutput output = new ChannelOutput(taken::addAndGet);

    private void put(String bytes) {
        // The library's buffers hold more than what counts.
        byte[] all = ("<" + bytes + ">").getBytes(US_ASCII);
        output.put(all, 1, bytes.length());
    }

    private static String text(CompletableFuture<ByteBuffer> read) {
        assertThat(read).isCompleted();
        return US_ASCII.decode(read.join()).toString();
    }

    @Test
    void everyByteComesOnceAndInOrder() {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            ChannelOutput some = new ChannelOutput(taken::addAndGet);
            taken.set(0);
            ByteArrayOutputStream in = new ByteArrayOutputStream();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            CompletableFuture<ByteBuffer> waiting = null;
            for (int i = 0; i < 500; i++) {
                if (random.nextInt(4) > 0) {
                    byte[] bytes = new byte[random.nextInt(1 << random.nextInt(18))];
                    random.nextBytes(bytes);
                    in.writeBytes(bytes);
                    some.put(bytes, 0, bytes.length);
                }
                if (waiting == null) {
                    waiting = some.read();
                }
                if (waiting.isDone()) {
                    byte[] bytes = new byte[waiting.join().remaining()];
                    waiting.join().get(bytes);
                    assertThat(bytes).isNotEmpty();
                    out.writeBytes(bytes);
                    waiting = null;
                }
            }
            some.end();
            while (waiting == null || waiting.join().hasRemaining()) {
                if (waiting != null) {
                    byte[] bytes = new byte[waiting.join().remaining()];
                    waiting.join().get(bytes);
                    out.writeBytes(bytes);
                }
                waiting = some.read();
            }
            assertThat(out.toByteArray()).isEqualTo(in.toByteArray());
            assertThat(taken).hasValue(in.size());
            assertThat(some.drained()).isCompleted();
        }
    }

    @Test
    void roomIsMadeOnlyForWhatWasTaken() {
        put("waits");
        assertThat(taken).hasValue(0);
        assertThat(text(output.read())).isEqualTo("waits");
        assertThat(taken).hasValue(5);
    }

    @Test
    void whatCameBeforeTheEndIsStillThere() {
        put("last");
        output.end();
        put("too late");
        assertThat(output.drained()).isNotDone();
        assertThat(text(output.read())).isEqualTo("last");
        assertThat(output.drained()).isCompleted();
        assertThat(text(output.read())).isEmpty();
    }

    @Test
    void theEndAnswersTheReadThatWaits() {
        CompletableFuture<ByteBuffer> waiting = output.read();
        assertThatThrownBy(output::read).isInstanceOf(IllegalStateException.class);
        assertThat(waiting).isNotDone();
        output.end();
        assertThat(text(waiting)).isEmpty();
        assertThat(output.drained()).isCompleted();
    }

    @Test
    void whatIsDroppedIsNotReadAndMakesNoRoom() {
        put("dropped");
        output.drop();
        assertThat(output.drained()).isCompleted();
        assertThat(text(output.read())).isEmpty();
        assertThat(taken).hasValue(0);
    }
}
