package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/** Another process on this host, with the classes of this one, which gets its settings by its input. */
final class OtherProcess implements AutoCloseable {
    private final Process process;

    /** Starts a program; what it says to its errors goes to a file. */
    OtherProcess(Class<?> program, Properties settings, Path errors) throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx128m",
                        "-cp",
                        classPath,
                        program.getName())
                .redirectError(errors.toFile())
                .start();
        try (OutputStream in = process.getOutputStream()) {
            settings.store(in, null);
        }
    }

    long pid() {
        return process.pid();
    }

    /** Waits for a line that begins with a word, and returns what is behind it. */
    String await(String word) throws IOException {
        for (String line = process.inputReader().readLine();
                line != null;
                line = process.inputReader().readLine()) {
            if (line.startsWith(word)) {
                return line.substring(word.length()).strip();
            }
        }
        throw new AssertionError("the other process ended before it said " + word);
    }

    /** Kills it by SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        // 128 + 9: it had no chance to tidy up.
        assertThat(process.exitValue()).isEqualTo(137);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
