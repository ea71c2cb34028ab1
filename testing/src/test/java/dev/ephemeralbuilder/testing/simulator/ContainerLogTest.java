package dev.ephemeralbuilder.testing.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ContainerLogTest {
    private static final int ALL = ContainerLog.MAX_BYTES;

    private Instant now = Instant.parse("2026-01-02T03:04:05.000000006Z");
    private final ContainerLog log = new ContainerLog(() -> now);

    private void write(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        log.append(bytes, bytes.length);
    }

    @Test
    void lastLinesAreRead() {
        write("one\ntwo\nthr");
        write("ee\n");
        assertThat(log.read(2, null, null, ALL, false)).isEqualTo("two\nthree\n");
    }

    @Test
    void lineIsThereOnceItHasEnded() {
        write("one\ntw");
        assertThat(log.read(10, null, null, ALL, false)).isEqualTo("one\n");
        log.finish();
        assertThat(log.read(10, null, null, ALL, false)).isEqualTo("one\ntw");
    }

    @Test
    void timestampsHaveNanoseconds() {
        write("one\n");
        now = now.plusSeconds(1);
        write("\n");
        assertThat(log.read(10, null, null, ALL, true))
                .isEqualTo("2026-01-02T03:04:05.000000006Z one\n2026-01-02T03:04:06.000000006Z \n");
    }

    @Test
    void lastLinesAreThoseOfWhatMatches() {
        write("one\ntwo\n");
        now = now.plusSeconds(10);
        Instant later = now;
        write("three\n");
        assertThat(log.read(10, later, null, ALL, false)).isEqualTo("three\n");
        now = now.plusSeconds(5);
        assertThat(log.read(10, null, 5, ALL, false)).isEqualTo("three\n");
        assertThat(log.read(10, null, 4, ALL, false)).isEmpty();
        assertThat(log.read(2, later.minusSeconds(10), 60, ALL, false)).isEqualTo("two\nthree\n");
    }

    @Test
    void limitCutsBetweenCharacters() {
        write("aä€\n");
        assertThat(log.read(10, null, null, 7, false)).isEqualTo("aä€\n");
        assertThat(log.read(10, null, null, 6, false)).isEqualTo("aä€");
        assertThat(log.read(10, null, null, 5, false)).isEqualTo("aä");
        assertThat(log.read(10, null, null, 2, false)).isEqualTo("a");
    }

    @Test
    void longLineComesInPieces() {
        String line = "x".repeat(20_000);
        write(line + "\n");
        assertThat(log.read(10, null, null, ALL, false)).isEqualTo(line + "\n");
        assertThat(log.read(1, null, null, ALL, false)).isEqualTo("x".repeat(20_000 - 16_384) + "\n");
    }

    @Test
    void onlySoMuchIsKept() {
        String line = "x".repeat(9_935) + "\n";
        for (int i = 0; i < 1_003; i++) {
            write(line);
        }
        assertThat(log.droppedLines()).isEqualTo(3);
        assertThat(log.read(1, null, null, ALL, false)).isEqualTo(line);
    }

    @Test
    void numbersOutOfRangeAreRefused() {
        AtomicReference<String> unread = new AtomicReference<>();
        for (int[] bad : new int[][] {{0, 1}, {2001, 1}, {1, 0}, {1, ALL + 1}}) {
            assertThatThrownBy(() -> unread.set(log.read(bad[0], null, null, bad[1], false)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
