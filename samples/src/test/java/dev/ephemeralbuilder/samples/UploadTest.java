package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UploadTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void makeFile() throws IOException {
        Files.createDirectory(folder.resolve("d"));
        Files.writeString(folder.resolve("d/f.txt"), "x");
    }

    @Test
    void aFoldersContentGoesToTheWorkspace() {
        assertThat(Upload.parse(".", folder)).isEqualTo(new Upload(folder, "."));
        assertThat(Upload.parse("d", folder)).isEqualTo(new Upload(folder.resolve("d"), "."));
        assertThat(Upload.parse("d:src", folder)).isEqualTo(new Upload(folder.resolve("d"), "src"));
    }

    @Test
    void aFileKeepsItsNameUnlessGivenOne() {
        Path file = folder.resolve("d/f.txt");
        assertThat(Upload.parse("d/f.txt", folder)).isEqualTo(new Upload(file, "f.txt"));
        assertThat(Upload.parse("d/f.txt:in/", folder)).isEqualTo(new Upload(file, "in/f.txt"));
        assertThat(Upload.parse("d/f.txt:/opt/g", folder)).isEqualTo(new Upload(file, "/opt/g"));
    }

    @Test
    void whatIsNotThereIsNamed() {
        assertThatThrownBy(() -> Upload.parse("none:x", folder))
                .hasMessage("--upload none: there is no such file or folder (" + folder.resolve("none") + ")");
    }

    @Test
    void halfAnOptionIsRefused() {
        assertThatThrownBy(() -> Upload.parse("d:", folder)).hasMessage("--upload expects LOCAL[:REMOTE], was d:");
        assertThatThrownBy(() -> Upload.parse(":x", folder)).hasMessage("--upload expects LOCAL[:REMOTE], was :x");
    }
}
