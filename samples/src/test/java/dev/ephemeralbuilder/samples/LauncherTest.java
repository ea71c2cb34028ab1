package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real launcher in a copy of the project, with a Java and a Maven that only write down that they were called. */
@Tag("once")
class LauncherTest {
    @TempDir
    private Path folder;

    private Path root;
    private Path javaHome;

    @BeforeEach
    void copy() throws IOException {
        root = Files.createDirectory(folder.resolve("a project"));
        javaHome = folder.resolve("a jdk");
        script(javaHome.resolve("bin/java"), """
                #!/bin/sh
                if [ "$1" = -version ]; then
                    echo 'openjdk version "17.0.15" 2025-04-15' >&2
                    exit
                fi
                for argument; do printf '[%s]\\n' "$argument"; done
                exit 37
                """);
        script(javaHome.resolve("bin/javac"), "#!/bin/sh\n");
        script(root.resolve("mvnw"), """
                #!/bin/sh
                echo 'output of the build'
                echo "$$" >>builds
                while [ -f hold ]; do sleep 0.1; done
                [ ! -f broken ] || exit 1
                mkdir -p samples/target/classes samples/target/lib
                """);
        for (String name : List.of("api", "provider-ecs", "provider-eci", "testing", "samples")) {
            Files.createDirectories(root.resolve(name).resolve("src/main/java"));
            Files.writeString(root.resolve(name).resolve("pom.xml"), "<project/>");
        }
        Files.writeString(root.resolve("pom.xml"), "<project/>");
        Files.createDirectory(root.resolve(".mvn"));
        Files.copy(Path.of("ephemeral"), root.resolve("samples/ephemeral"), StandardCopyOption.COPY_ATTRIBUTES);
        // What is built next is then newer, whatever the resolution of the file system's clock.
        try (var files = Files.walk(root)) {
            for (Path file : files.toList()) {
                age(file, Duration.ofHours(1));
            }
        }
    }

    @Test
    void itBuildsOnceAndHandsArgumentsAndExitCodeOn() throws IOException, InterruptedException {
        Ended first = run("run", "--", "a 'b' \"c\"\nd");
        assertThat(first.code).isEqualTo(37);
        assertThat(first.out)
                .endsWith("[dev.ephemeralbuilder.samples.Ephemeral]\n[run]\n[--]\n[a 'b' \"c\"\nd]\n")
                .contains("[" + root.toRealPath() + "/samples/target/classes:" + root.toRealPath()
                        + "/samples/target/lib/*]")
                .doesNotContain("output of the build");
        assertThat(first.err).contains("ephemeral: building the command", "output of the build");

        Ended second = run("--help");
        assertThat(second.code).isEqualTo(37);
        assertThat(second.err).isEmpty();
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void aChangedSourceIsBuiltAgain() throws IOException, InterruptedException {
        run();
        age(root.resolve("samples/target/ephemeral.stamp"), Duration.ofMinutes(1));
        Files.writeString(root.resolve("api/src/main/java/New.java"), "class New {}");
        assertThat(run().err).contains("building the command again, since its sources have changed");
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void itRunsFromAnywhereAndThroughLinks() throws IOException, InterruptedException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), root.resolve("samples/ephemeral"));
        assertThat(end(start(link)).code).isEqualTo(37);
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void twoAtOnceBuildOnce() throws IOException, InterruptedException {
        Path hold = Files.writeString(root.resolve("hold"), "");
        Process first = start(root.resolve("samples/ephemeral"));
        Process second = start(root.resolve("samples/ephemeral"));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> Files.readString(folder.resolve("err-" + first.pid()))
                        .concat(Files.readString(folder.resolve("err-" + second.pid())))
                        .contains("waiting for process"));
        Files.delete(hold);
        assertThat(end(first).code).isEqualTo(37);
        assertThat(end(second).code).isEqualTo(37);
        assertThat(builds()).isEqualTo(1);
        assertThat(root.resolve("samples/target/ephemeral.lock")).doesNotExist();
    }

    @Test
    void theLockOfADeadProcessIsBroken() throws IOException, InterruptedException {
        Process dead = new ProcessBuilder("true").start();
        assertThat(dead.waitFor(30, TimeUnit.SECONDS)).isTrue();
        Path lock = Files.createDirectories(root.resolve("samples/target/ephemeral.lock"));
        Files.writeString(lock.resolve("pid"), dead.pid() + "\n");
        assertThat(run().code).isEqualTo(37);
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void aFailedBuildRunsNothingAndIsTriedAgain() throws IOException, InterruptedException {
        Path broken = Files.writeString(root.resolve("broken"), "");
        Ended ended = run();
        assertThat(ended.code).isEqualTo(125);
        assertThat(ended.err).contains("the build failed, see above; nothing was run");
        assertThat(ended.out).isEmpty();
        Files.delete(broken);
        assertThat(run().code).isEqualTo(37);
    }

    @Test
    void anOldJavaIsNamed() throws IOException, InterruptedException {
        script(javaHome.resolve("bin/java"), "#!/bin/sh\necho 'java version \"1.8.0_402\"' >&2\n");
        Ended ended = run();
        assertThat(ended.code).isEqualTo(125);
        assertThat(ended.err).contains("is version 8; a JDK of version 17 or later is needed");
    }

    @Test
    void aSignalEndsTheBuildAndFreesTheLock() throws IOException, InterruptedException {
        Files.writeString(root.resolve("hold"), "");
        Process launcher = start(root.resolve("samples/ephemeral"));
        // The file is there before its line is.
        await().atMost(Duration.ofSeconds(30))
                .until(() -> Files.exists(root.resolve("builds"))
                        && Files.readString(root.resolve("builds")).endsWith("\n"));
        launcher.destroy();
        assertThat(end(launcher).code).isEqualTo(143);
        assertThat(root.resolve("samples/target/ephemeral.lock")).doesNotExist();
        long build = Long.parseLong(Files.readString(root.resolve("builds")).strip());
        assertThat(ProcessHandle.of(build).filter(ProcessHandle::isAlive)).isEmpty();
    }

    private record Ended(int code, String out, String err) {}

    private Ended run(String... arguments) throws IOException, InterruptedException {
        return end(start(root.resolve("samples/ephemeral"), arguments));
    }

    private Process start(Path launcher, String... arguments) throws IOException {
        List<String> line = new ArrayList<>(List.of(launcher.toString()));
        line.addAll(List.of(arguments));
        Path out = Files.createTempFile(folder, "out", "");
        Path err = Files.createTempFile(folder, "err", "");
        ProcessBuilder builder = new ProcessBuilder(line)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("JAVA_HOME", javaHome.toString());
        Process process = builder.start();
        Files.createLink(folder.resolve("out-" + process.pid()), out);
        Files.createLink(folder.resolve("err-" + process.pid()), err);
        return process;
    }

    private Ended end(Process process) throws IOException, InterruptedException {
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Ended(
                process.exitValue(),
                Files.readString(folder.resolve("out-" + process.pid())),
                Files.readString(folder.resolve("err-" + process.pid())));
    }

    private int builds() throws IOException {
        return Files.readAllLines(root.resolve("builds")).size();
    }

    private static void script(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void age(Path file, Duration age) throws IOException {
        FileTime now = Files.getLastModifiedTime(file);
        Files.setLastModifiedTime(file, FileTime.from(now.toInstant().minus(age)));
    }
}
