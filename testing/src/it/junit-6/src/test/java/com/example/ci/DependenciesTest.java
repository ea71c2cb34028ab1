package com.example.ci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What comes along with the library is what the file beside the POM says, from which the documentation has it. */
class DependenciesTest {
    private static final Pattern LINE = Pattern.compile("(?m)^ +([^: ]+:[^: ]+):jar:[^: ]+:(compile|runtime|test)\\b.*$");

    @Test
    void nothingElseComesAlong() throws IOException {
        List<String> resolved = LINE
                .matcher(Files.readString(Path.of("target/dependencies.txt")))
                .results()
                .map(m -> m.group(2) + " " + m.group(1))
                .sorted()
                .toList();
        assertThat(resolved).isEqualTo(Files.readAllLines(Path.of("dependencies.txt")));
    }
}
