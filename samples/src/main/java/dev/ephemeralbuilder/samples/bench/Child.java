package dev.ephemeralbuilder.samples.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A program of this package in a JVM of its own, which is spoken to line by line and which ends when its input does. What
 * it writes to standard error appears on ours. Safe for use by many threads.
 */
final class Child implements AutoCloseable {
    private static final Duration ANSWER = Duration.ofMinutes(2);
    private static final Duration END = Duration.ofMinutes(2);

    private static final Duration END_AT_ONCE = Duration.ofSeconds(20);

    private final String name;
    private final Process process;
    private final OutputStream in;

    /** Lines; an empty one when there will be no more. */
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();

    private Child(String name, Process process) {
        this.name = name;
        this.process = process;
        this.in = process.getOutputStream();
        Thread reader = new Thread(this::pump, "ephemeral-bench-" + name);
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts a program, with the {@code -XX} options of this JVM.
     *
     * @param options of the JVM, besides
     * @param program has a main method
     */
    static Child java(String name, List<String> options, Class<?> program, String... arguments) throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("-XX:"))
                .forEach(line::add);
        line.addAll(options);
        line.addAll(List.of("-cp", classPath, program.getName()));
        line.addAll(List.of(arguments));
        return new Child(
                name, new ProcessBuilder(line).redirectError(Redirect.INHERIT).start());
    }

    private void pump() {
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                lines.add(Optional.of(line));
            }
        } catch (IOException e) {
            // As good as its end: whoever waits for a line is told that none comes.
        } finally {
            lines.add(Optional.empty());
        }
    }

    /**
     * Returns the next line that the program prints.
     *
     * @throws IOException if there is none within two minutes
     */
    String read() throws IOException, InterruptedException {
        Optional<String> line = lines.poll(ANSWER.toSeconds(), TimeUnit.SECONDS);
        if (line == null) {
            throw new IOException("the process " + name + " has said nothing for " + ANSWER.toSeconds() + " s");
        }
        return line.orElseThrow(() -> new IOException("the process " + name + " has ended"));
    }

    /** Returns the next line that the program prints; empty if it has ended, or says nothing for as long. */
    Optional<String> next(Duration patience) throws InterruptedException {
        Optional<String> line = lines.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
        return line == null ? Optional.empty() : line;
    }

    /** Kills the program, as a host that fails does. */
    void kill() {
        process.destroyForcibly();
    }

    /** Sends a line. */
    synchronized void say(String line) throws IOException {
        in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
    }

    /** Sends a line and returns the next one that comes back. */
    synchronized String ask(String line) throws IOException, InterruptedException {
        say(line);
        return read();
    }

    /** Ends the program and waits for that, two minutes at most; then, or if interrupted, it is killed. */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        try {
            in.close();
        } catch (IOException e) {
            // It has ended already.
        }
        try {
            if (!process.waitFor(interrupted ? END_AT_ONCE.toSeconds() : END.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            interrupted = true;
            process.destroyForcibly();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
