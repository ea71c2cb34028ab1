package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnvironmentOptionsTest {
    @TempDir
    private Path folder;

    @Test
    void valuesAreTakenAsTheyAre() {
        assertThat(EnvironmentOptions.read(List.of("A=x=\"y\"\n'z' \u4e2d", "B="), List.of(), Map.of()))
                .isEqualTo(Map.of("A", "x=\"y\"\n'z' \u4e2d", "B", ""));
    }

    @Test
    void aNameAloneTakesTheCallersValue() {
        assertThat(EnvironmentOptions.read(List.of("TOKEN"), List.of(), Map.of("TOKEN", "t")))
                .isEqualTo(Map.of("TOKEN", "t"));
    }

    @Test
    void aNameAloneWithoutValueIsRefused() {
        assertThatThrownBy(() -> EnvironmentOptions.read(List.of("TOKEN"), List.of(), Map.of()))
                .hasMessage("--env: TOKEN has no value here; write TOKEN=VALUE");
    }

    @Test
    void optionsWinOverFiles() throws IOException {
        Path file = Files.writeString(folder.resolve("env"), "# comment\n\nA=1\nB= 2 \n");
        assertThat(EnvironmentOptions.read(List.of("A=3"), List.of(file), Map.of()))
                .isEqualTo(Map.of("A", "3", "B", " 2 "));
    }

    @Test
    void aMalformedLineIsNamedButNotShown() throws IOException {
        Path file = Files.writeString(folder.resolve("env"), "A=1\n1B=hidden\n");
        assertThatThrownBy(() -> EnvironmentOptions.read(List.of(), List.of(file), Map.of()))
                .hasMessageStartingWith(file + ":2: expected NAME=VALUE")
                .hasMessageNotContaining("hidden");
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        Path file = folder.resolve("none");
        assertThatThrownBy(() -> EnvironmentOptions.read(List.of(), List.of(file), Map.of()))
                .hasMessage("--env-file: there is no file " + file);
    }
}
