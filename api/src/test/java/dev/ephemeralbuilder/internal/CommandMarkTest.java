package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.ContainerCommand;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CommandMarkTest {
    private static String mark(List<String> command, List<String> arguments, Map<String, String> environment) {
        return CommandMark.of(new ContainerCommand(command, arguments, environment));
    }

    @Test
    void equalCommandsHaveOneMark() {
        assertThat(mark(List.of("a"), List.of("b"), Map.of("X", "1", "Y", "2")))
                .isEqualTo(mark(List.of("a"), List.of("b"), Map.of("Y", "2", "X", "1")))
                .matches("[0-9a-f]{32}");
    }

    @Test
    void commandsThatDifferInAnyPartHaveOthers() {
        List<String> marks = List.of(
                mark(List.of(), List.of(), Map.of()),
                mark(List.of("ab", "c"), List.of(), Map.of()),
                mark(List.of("a", "bc"), List.of(), Map.of()),
                mark(List.of("ab"), List.of("c"), Map.of()),
                mark(List.of(), List.of("ab", "c"), Map.of()),
                mark(List.of("ab"), List.of(), Map.of("c", "")),
                mark(List.of("ab"), List.of(), Map.of("", "c")));
        assertThat(Set.copyOf(marks)).hasSameSizeAs(marks);
    }
}
