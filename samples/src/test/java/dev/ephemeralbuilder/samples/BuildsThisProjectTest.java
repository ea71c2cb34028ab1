package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command of the README, on a copy of this project with one more class in it. */
@Tag("once")
class BuildsThisProjectTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"ecs", "eci"})
    @Timeout(300)
    void theJarComesFromTheUploadedSources(String provider) throws IOException, InterruptedException {
        Path copy = copyOfThisProject();
        Files.writeString(
                copy.resolve("api/src/main/java/dev/ephemeralbuilder/AddedByTest.java"),
                "package dev.ephemeralbuilder;\n\n/** Added. */\nfinal class AddedByTest {\n    private AddedByTest() {}\n}\n");

        try (CommandRig rig = new CommandRig(Path.of(System.getProperty("user.home")), copy)) {
            for (String name : List.of("HOME", "MAVEN_OPTS", "MAVEN_ARGS", "MAVEN_USER_HOME")) {
                String value = System.getenv(name);
                if (value != null) {
                    rig.environment(name, value);
                }
            }
            // Given on the command line of the build that runs this test.
            String repository = System.getProperty("maven.repo.local");
            if (repository != null) {
                rig.environment("MAVEN_ARGS", "-Dmaven.repo.local=" + repository);
            }
            int exitCode = rig.run(
                    "run",
                    "--simulated",
                    "--provider",
                    provider,
                    "--upload",
                    ".",
                    "--download",
                    "api/target/*.jar:out/",
                    "--",
                    "./mvnw -B -DskipTests -pl api clean package");
            assertThat(exitCode).as(rig.err() + rig.out()).isZero();
            assertThat(rig.out()).contains("BUILD SUCCESS");
        }

        Path jar;
        try (var jars = Files.list(copy.resolve("out"))) {
            jar = jars.findFirst().orElseThrow();
        }
        try (JarFile entries = new JarFile(jar.toFile())) {
            assertThat(entries.getEntry("dev/ephemeralbuilder/AddedByTest.class"))
                    .isNotNull();
            assertThat(entries.getEntry("dev/ephemeralbuilder/BuildFleet.class"))
                    .isNotNull();
        }
        assertThat(copy.resolve("api/target")).doesNotExist();
    }

    private Path copyOfThisProject() throws IOException, InterruptedException {
        Path project = Path.of("..").toRealPath();
        Path copy = Files.createDirectory(folder.resolve("copy of the project"));
        SourceFiles files = SourceFiles.of(project);
        for (Path path : files.accepted().stream().sorted().toList()) {
            Path source = project.resolve(path);
            // A source archive without git has more in it than sources.
            if (path.startsWith(".git") || path.toString().matches("(.*/)?(target|out)(/.*)?")) {
                continue;
            }
            if (Files.isDirectory(source, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectories(copy.resolve(path));
            } else {
                Files.copy(source, copy.resolve(path), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        return copy;
    }
}
