package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DownloadTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "api/target/*.jar:out/,  api/target/a.jar,   out/a.jar",
        "api/target/*.jar:out,   api/target/a.jar,   out/a.jar",
        "*/target/*.jar:out/,    api/target/a.jar,   out/api/target/a.jar",
        "a[12]/x:out/,           a2/x,               out/a2/x",
        "/opt/x?:out/,           /opt/x1,            out/x1",
        "api/target:out/,        api/target,         out/target",
        "api/target/:out/,       api/target,         out/target",
        "report.xml:out/,        report.xml,         out/report.xml",
        "report.xml:r.xml,       report.xml,         r.xml",
        "api/target:out,         api/target,         out",
    })
    void matchesKeepTheirPathBelowTheLastFolderBeforeTheFirstWildcard(String option, String match, String target) {
        assertThat(Download.parse(option, folder).target(match)).isEqualTo(folder.resolve(target));
    }

    @Test
    void aFolderThatIsThereTakesAFileUnderItsName() throws IOException {
        Files.createDirectory(folder.resolve("out"));
        assertThat(Download.parse("report.xml:out", folder).target("report.xml"))
                .isEqualTo(folder.resolve("out/report.xml"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"target/*.jar", ":out", "x:", ""})
    void halfAnOptionIsRefused(String option) {
        assertThatThrownBy(() -> Download.parse(option, folder)).hasMessageContaining("--download expects");
    }

    @Test
    void aFileInTheWayIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("out"), "x");
        assertThatThrownBy(() -> Download.parse("*.jar:out/", folder)).hasMessageContaining(file + " must be a folder");
        assertThatThrownBy(() -> Download.parse("*.jar:out/sub/", folder)).hasMessageContaining(file + " is a file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "a/../../evil", "a/..", ".."})
    void nothingIsWrittenOutsideOfTheFolder(String match) {
        Download download = Download.parse("*:out/", folder);
        assertThatThrownBy(() -> download.target(match)).hasMessageContaining("outside of " + folder.resolve("out"));
    }
}
