package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class TerminalsTest {
    @Test
    void theLaunchersWordCounts() {
        assertThat(Terminals.live(Map.of("TERM", "xterm"), told("true"))).isTrue();
        assertThat(Terminals.live(Map.of("TERM", "xterm"), told("false"))).isFalse();
    }

    @Test
    void withoutTheLauncherLinesArePlain() {
        assertThat(Terminals.live(Map.of("TERM", "xterm"), new Properties())).isFalse();
    }

    @Test
    void aDumbTerminalAndACiSystemGetPlainLines() {
        assertThat(Terminals.live(Map.of("TERM", "dumb"), told("true"))).isFalse();
        assertThat(Terminals.live(Map.of(), told("true"))).isFalse();
        assertThat(Terminals.live(Map.of("TERM", "xterm", "CI", "1"), told("true")))
                .isFalse();
    }

    private static Properties told(String value) {
        Properties properties = new Properties();
        properties.setProperty(Terminals.PROPERTY, value);
        return properties;
    }
}
