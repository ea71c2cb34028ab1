package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.testing.TestTicker;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ConsoleTest {
    private static final String ERASE = "\r\u001b[K";

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final TestTicker ticker = TestTicker.create();

    @Test
    void withoutATerminalAPhaseIsOneLineAtItsEnd() {
        try (Console console = console(false)) {
            console.begin("upload");
            ticker.advance(Duration.ofMillis(2500));
            console.end("upload", "3 files");
        }
        assertThat(text()).isEqualTo("ephemeral: upload         2.5 s  3 files\n");
    }

    @Test
    void onATerminalThePhaseUnderWayIsRewritten() {
        try (Console console = console(true)) {
            console.begin("boot");
            ticker.advance(Duration.ofSeconds(1));
            console.end("boot", Duration.ofSeconds(1), "");
        }
        String shown = "ephemeral: boot ... ";
        assertThat(text())
                .isEqualTo(shown + "0 s" + ERASE + shown + "0 s" + ERASE + shown + "1 s" + ERASE
                        + "ephemeral: boot           1.0 s\n");
    }

    @Test
    void aLineInBetweenLeavesTheLiveLineBelow() {
        try (Console console = console(true)) {
            console.begin("boot");
            console.line("hello");
        }
        assertThat(text())
                .isEqualTo(
                        "ephemeral: boot ... 0 s" + ERASE + "ephemeral: hello\n" + "ephemeral: boot ... 0 s" + ERASE);
    }

    @Test
    void nothingIsDrawnWhileOthersWrite() {
        try (Console console = console(true)) {
            console.begin("boot");
            console.quiet();
            ticker.advance(Duration.ofMinutes(1));
        }
        assertThat(text()).isEqualTo("ephemeral: boot ... 0 s" + ERASE);
        assertThat(ticker.pending()).isZero();
    }

    private Console console(boolean live) {
        return new Console(new PrintStream(written, true, StandardCharsets.UTF_8), live, ticker);
    }

    private String text() {
        return written.toString(StandardCharsets.UTF_8);
    }
}
