package com.example.ci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same tests, built by Gradle, where there is one. */
class GradleTest {
    private static final Pattern VERSION = Pattern.compile("(?m)^Gradle (\\d+)\\.");

    @TempDir
    private Path folder;

    @Test
    void theSameTestsPassWithGradle() throws IOException, InterruptedException {
        boolean found = Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                .splitAsStream(System.getenv().getOrDefault("PATH", ""))
                .anyMatch(path -> Files.isExecutable(Path.of(path, "gradle")));
        onlyIf(found, "there is no gradle on PATH");
        Matcher version = VERSION.matcher(gradle(1, "--version"));
        onlyIf(version.find() && Integer.parseInt(version.group(1)) >= 8, "the gradle on PATH is older than 8");

        String output = gradle(
                10,
                "test",
                "--no-daemon",
                "--project-dir",
                System.getProperty("ephemeral.gradle"),
                "--project-cache-dir",
                folder.resolve("cache").toString(),
                "-Pephemeral.repository=" + System.getProperty("ephemeral.repository"),
                "-Pephemeral.version=" + System.getProperty("ephemeral.version"));
        assertThat(output).contains("BUILD SUCCESSFUL");
    }

    private static void onlyIf(boolean condition, String otherwise) {
        if (!condition) {
            System.out.println("The Gradle project is not built: " + otherwise);
        }
        assumeTrue(condition, otherwise);
    }

    private String gradle(int minutes, String... arguments) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        List<String> command = new ArrayList<>(List.of("gradle"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(minutes, TimeUnit.MINUTES)) {
            process.destroyForcibly();
        }
        return Files.readString(output, StandardCharsets.UTF_8);
    }
}
