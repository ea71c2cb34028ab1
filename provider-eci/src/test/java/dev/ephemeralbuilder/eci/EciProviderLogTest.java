package dev.ephemeralbuilder.eci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.spi.LogPage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EciProviderLogTest {
    private static final String LOG = "DescribeContainerLog";

    private final FakeEci cloud = new FakeEci();
    private final EciProvider provider = EciFixtures.provider(cloud.uri()).build();

    @AfterEach
    void close() {
        provider.close();
        cloud.close();
    }

    private void laid(String... lines) {
        laid(List.of(lines));
    }

    private void laid(List<String> lines) {
        StringBuilder content = new StringBuilder();
        lines.forEach(line -> content.append(line).append("\\n"));
        cloud.json(LOG, "{'RequestId':'R','ContainerName':'command','Content':'" + content + "'}");
    }

    private static List<String> lines(int from, int count, String text) {
        List<String> lines = new ArrayList<>();
        for (int i = from; i < from + count; i++) {
            lines.add(
                    String.format("2030-01-01T00:%02d:%02d.%03dZ %s%d", i / 60_000, i / 1000 % 60, i % 1000, text, i));
        }
        return lines;
    }

    /** Returns lines that leave no room for another one in an answer. */
    private static List<String> full() {
        String third = "z".repeat(349_530);
        return List.of(
                "2030-01-01T00:00:01.1Z " + third,
                "2030-01-01T00:00:01.2Z " + third,
                "2030-01-01T00:00:01.3Z " + third);
    }

    @Test
    void aLogIsReadFromItsBeginningWithTheTimesTakenOff() throws InterruptedException {
        laid("2030-01-01T00:00:00.1Z one  two ", "2030-01-01T00:00:00.1Z ", "2030-01-01T00:00:00.25Z last");

        LogPage page = provider.log("eci-1", null);

        assertThat(page.text()).isEqualTo("one  two \n\nlast\n");
        assertThat(page.gap()).isFalse();
        assertThat(cloud.call(LOG))
                .containsEntry("ContainerGroupId", "eci-1")
                .containsEntry("ContainerName", "command")
                .containsEntry("Tail", "2000")
                .containsEntry("LimitBytes", "1048576")
                .containsEntry("Timestamps", "true")
                .doesNotContainKey("StartTime");
    }

    @Test
    void whatWasReadIsNotReadAgain() throws InterruptedException {
        laid("2030-01-01T00:00:07.1Z a", "2030-01-01T00:00:07.25Z b", "2030-01-01T00:00:07.25Z c");
        String[] all = {
            "2030-01-01T00:00:07.1Z a",
            "2030-01-01T00:00:07.25Z b",
            "2030-01-01T00:00:07.25Z c",
            "2030-01-01T00:00:07.25Z d",
            "2030-01-01T00:00:07.3Z e"
        };
        laid(all);
        laid(all);

        LogPage first = provider.log("eci-1", null);
        LogPage second = provider.log("eci-1", first.cursor());
        LogPage third = provider.log("eci-1", second.cursor());

        assertThat(second.text()).isEqualTo("d\ne\n");
        assertThat(second.gap()).isFalse();
        assertThat(third.text()).isEmpty();
        assertThat(third.cursor()).isEqualTo(second.cursor());
        assertThat(cloud.calls(LOG).get(1)).containsEntry("StartTime", "2030-01-01T00:00:06Z");
    }

    @Test
    void linesOutOfOrderAreNeitherLostNorDoubled() throws InterruptedException {
        laid("2030-01-01T00:00:07.1Z a");
        laid("2030-01-01T00:00:07.1Z a", "2030-01-01T00:00:07.09Z b", "2030-01-01T00:00:07.2Z c");
        laid(
                "2030-01-01T00:00:07.1Z a",
                "2030-01-01T00:00:07.09Z b",
                "2030-01-01T00:00:07.2Z c",
                "2030-01-01T00:00:06.9Z d");

        LogPage first = provider.log("eci-1", null);
        LogPage second = provider.log("eci-1", first.cursor());
        LogPage third = provider.log("eci-1", second.cursor());

        assertThat(List.of(first.text(), second.text(), third.text())).containsExactly("a\n", "b\nc\n", "d\n");
    }

    @Test
    void aFullAnswerOfOneTimeMayHaveAGap() throws InterruptedException {
        laid(Collections.nCopies(10, "2030-01-01T00:00:01Z x"));
        laid(Collections.nCopies(2000, "2030-01-01T00:00:01Z x"));

        LogPage first = provider.log("eci-1", null);

        assertThat(provider.log("eci-1", first.cursor()).gap()).isTrue();
    }

    @Test
    void whatNoAnswerReachesIsAGapOnceAndReadingGoesOnBehindIt() throws InterruptedException {
        List<String> known = full();
        laid(known);
        laid(known);
        laid(known);
        laid();

        LogPage first = provider.log("eci-1", null);
        LogPage second = provider.log("eci-1", first.cursor());
        LogPage next = provider.log("eci-1", second.cursor());

        assertThat(second.text()).isEmpty();
        assertThat(second.gap()).isTrue();
        assertThat(next.gap()).isFalse();
        assertThat(cloud.calls(LOG).get(3)).containsEntry("StartTime", "2030-01-01T00:00:02Z");
    }

    @Test
    void anEmptyLogIsReadAgainFromItsBeginning() throws InterruptedException {
        laid();
        laid("2030-01-01T00:00:07Z a");

        LogPage first = provider.log("eci-1", null);

        assertThat(first.text()).isEmpty();
        assertThat(provider.log("eci-1", first.cursor()).text()).isEqualTo("a\n");
    }

    @Test
    void aFullAnswerThatDoesNotReachBackHasAGap() throws InterruptedException {
        laid(lines(0, 10, "x"));
        laid(lines(500, 2000, "x"));

        LogPage first = provider.log("eci-1", null);
        LogPage second = provider.log("eci-1", first.cursor());

        assertThat(second.gap()).isTrue();
        assertThat(second.text()).startsWith("x500\n").endsWith("x2499\n");
    }

    @Test
    void aFullAnswerThatReachesBackHasNoGap() throws InterruptedException {
        laid(lines(0, 10, "x"));
        laid(lines(8, 2000, "x"));

        LogPage first = provider.log("eci-1", null);
        LogPage second = provider.log("eci-1", first.cursor());

        assertThat(second.gap()).isFalse();
        assertThat(second.text()).startsWith("x10\n");
    }

    @Test
    void aFullFirstAnswerMayHaveAGap() throws InterruptedException {
        laid(lines(0, 2000, "x"));

        assertThat(provider.log("eci-1", null).gap()).isTrue();
    }

    @Test
    void aLineThatTheLimitOfBytesHasCutIsReadAgain() throws InterruptedException {
        String half = "y".repeat(600_000);
        String content = "2030-01-01T00:00:01Z " + half + "\\n2030-01-01T00:00:02Z " + half.substring(0, 448_533);
        cloud.json(LOG, "{'RequestId':'R','Content':'" + content + "'}");

        LogPage page = provider.log("eci-1", null);

        assertThat(page.text().length()).isEqualTo(half.length() + 1);
        assertThat(page.cursor()).startsWith("2030-01-01T00:00:00Z 1 2030-01-01T00:00:01Z");
    }

    @Test
    void linesThatFillAnAnswerWithWhatIsKnownAreAskedForInSmallerNumber() throws InterruptedException {
        List<String> known = full();
        laid(known);
        laid(known);
        laid("2030-01-01T00:00:01.4Z on");

        LogPage first = provider.log("eci-1", null);
        LogPage second = provider.log("eci-1", first.cursor());

        assertThat(second.text()).isEqualTo("on\n");
        assertThat(cloud.calls(LOG).get(2)).containsEntry("Tail", "200");
    }

    @Test
    void aStrangeCursorIsRefused() {
        assertThatThrownBy(() -> provider.log("eci-1", "x")).isInstanceOf(ConfigurationException.class);
        assertThatThrownBy(() -> provider.log("eci-1", "x 1")).isInstanceOf(ConfigurationException.class);
    }

    @Test
    void aLineWithoutTimeMakesNoSenseAndIsNotShown() {
        laid("hidden words");

        assertThatThrownBy(() -> provider.log("eci-1", null))
                .isInstanceOf(ProviderException.class)
                .hasMessageNotContaining("hidden");
    }
}
