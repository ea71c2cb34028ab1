package dev.ephemeralbuilder.samples;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceFilesTest {
    @TempDir
    private Path folder;

    @Test
    void gitDecidesWhatIsCopied() throws IOException, InterruptedException {
        git(folder, "init", "-q");
        file(".gitignore", "target/\n*.log\n");
        file("src/A.java");
        file("src/with space \u00fc\n.txt");
        file("target/A.class");
        file("build.log");
        file("gone.txt");
        git(folder, "add", ".gitignore", "src", "gone.txt");
        Files.delete(folder.resolve("gone.txt"));
        file("untracked.txt");
        Files.createSymbolicLink(folder.resolve("link"), Path.of("src"));

        SourceFiles files = SourceFiles.of(folder);

        assertThat(leaves(files))
                .containsExactly(".gitignore", "link", "src/A.java", "src/with space \u00fc\n.txt", "untracked.txt");
        assertThat(files.files()).isEqualTo(5);
        assertThat(files.accepts(Path.of("src"))).isTrue();
        assertThat(files.accepts(Path.of("target"))).isFalse();
        assertThat(files.accepts(Path.of(".git"))).isFalse();
        assertThat(files.rule()).isEqualTo("without .git and what git ignores");
    }

    @Test
    void aFolderInsideOfAWorkTreeFollowsItsRules() throws IOException, InterruptedException {
        git(folder, "init", "-q");
        file(".gitignore", "*.log\n");
        file("module/A.java");
        file("module/a.log");
        assertThat(leaves(SourceFiles.of(folder.resolve("module")))).containsExactly("A.java");
    }

    @Test
    void aWorkTreeInsideOfAWorkTreeFollowsItsOwnRules() throws IOException, InterruptedException {
        git(folder, "init", "-q");
        Path inner = Files.createDirectory(folder.resolve("inner"));
        git(inner, "init", "-q");
        file("inner/.gitignore", "*.log\n");
        file("inner/B.java");
        file("inner/b.log");
        assertThat(leaves(SourceFiles.of(folder))).containsExactly("inner/.gitignore", "inner/B.java");
    }

    @Test
    void anIgnoredFolderThatIsNamedIsCopiedWhole() throws IOException, InterruptedException {
        git(folder, "init", "-q");
        file(".gitignore", "target/\n");
        file("target/a.jar");
        SourceFiles files = SourceFiles.of(folder.resolve("target"));
        assertThat(leaves(files)).containsExactly("a.jar");
        assertThat(files.rule()).contains("git ignores the whole folder");
    }

    @Test
    void outsideOfAWorkTreeEverythingButGitIsCopied() throws IOException, InterruptedException {
        file("a/b.txt");
        file("c.log");
        file("sub/.git/config");
        SourceFiles files = SourceFiles.of(folder);
        assertThat(leaves(files)).containsExactly("a/b.txt", "c.log", "sub");
        assertThat(files.files()).isEqualTo(2);
        assertThat(files.rule())
                .startsWith("without .git; nothing else is left out, since git says: not a git repository");
    }

    private void file(String name) throws IOException {
        file(name, "x");
    }

    private void file(String name, String content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private static List<String> leaves(SourceFiles files) {
        TreeSet<String> names = files.accepted().stream().map(Path::toString).collect(toCollection(TreeSet::new));
        names.removeIf(name -> names.stream().anyMatch(other -> other.startsWith(name + "/")));
        return new ArrayList<>(names);
    }

    private static void git(Path folder, String... arguments) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("git"));
        line.addAll(List.of(arguments));
        Process process = new ProcessBuilder(line)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }
}
