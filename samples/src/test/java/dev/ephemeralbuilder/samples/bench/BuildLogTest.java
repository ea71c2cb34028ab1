package dev.ephemeralbuilder.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class BuildLogTest {
    private static final BuildLog LOG = BuildLog.of("job-1");
    private static final byte[] EXPECTED = LOG.expected();
    private static final String TEXT = new String(EXPECTED, StandardCharsets.UTF_8);
    private static final String LINE = TEXT.substring(0, TEXT.indexOf('\n') + 1);

    private static BuildLog.Difference difference(String came) {
        return BuildLog.compare(EXPECTED, came.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void theScriptPrintsWhatIsExpectedAndEndsAsExpected() throws IOException, InterruptedException {
        Process shell = new ProcessBuilder("sh", "-c", LOG.script()).start();
        assertThat(shell.getInputStream().readAllBytes()).isEqualTo(EXPECTED);
        assertThat(shell.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(shell.exitValue()).isEqualTo(LOG.exitCode());
    }

    @Test
    void theSameIsNoDifference() {
        assertThat(difference(TEXT)).isEqualTo(BuildLog.Difference.NONE);
    }

    @Test
    void aMissingLineIsLost() {
        assertThat(difference(TEXT.substring(LINE.length()))).isEqualTo(new BuildLog.Difference(LINE.length(), 0));
    }

    @Test
    void aRepeatedLineIsDoubled() {
        assertThat(difference(LINE + TEXT)).isEqualTo(new BuildLog.Difference(0, LINE.length()));
    }

    @Test
    void piecesOfALineAreLostAndTooMuch() {
        assertThat(difference(TEXT.substring(5))).isEqualTo(new BuildLog.Difference(LINE.length(), LINE.length() - 5));
    }

    @Test
    void aMissingEndIsLostAndNothingIsTooMuch() {
        assertThat(difference(TEXT.substring(0, TEXT.length() - 5))).isEqualTo(new BuildLog.Difference(5, 0));
    }

    @Test
    void theRightLinesInTheWrongOrderAreLost() {
        assertThat(difference(TEXT.substring(LINE.length()) + LINE))
                .isEqualTo(new BuildLog.Difference(EXPECTED.length, 0));
    }

    @Test
    void ofALostMachineTheBeginningIsEnough() {
        assertThat(BuildLog.compareBeginning(EXPECTED, Arrays.copyOf(EXPECTED, 777)))
                .isEqualTo(BuildLog.Difference.NONE);
    }
}
