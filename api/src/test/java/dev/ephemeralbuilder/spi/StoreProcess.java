package dev.ephemeralbuilder.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A {@link StoreProgram} in a JVM of its own, as light as can be. */
final class StoreProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;

    private StoreProcess(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
    }

    static StoreProcess start(String command, Path root, String... more) throws IOException {
        return new StoreProcess(new ProcessBuilder(line(command, root, more))
                .redirectErrorStream(true)
                .start());
    }

    /** Starts it from a shell that does something before, in a mount namespace of its own or with its own limits. */
    static StoreProcess startAfter(List<String> shell, String before, String command, Path root) throws IOException {
        List<String> line = new ArrayList<>(shell);
        line.addAll(List.of("sh", "-c", before + " && exec \"$@\"", "sh"));
        line.addAll(line(command, root));
        return new StoreProcess(
                new ProcessBuilder(line).redirectErrorStream(true).start());
    }

    private static List<String> line(String command, Path root, String... more) {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-Xmx48m",
                "-cp",
                Stream.of(
                                StoreProgram.class,
                                StateStore.class,
                                Logger.class,
                                LoggerFactory.getLogger("x").getClass())
                        .map(StoreProcess::home)
                        .distinct()
                        .collect(Collectors.joining(File.pathSeparator)),
                StoreProgram.class.getName(),
                command,
                root.toString()));
        line.addAll(List.of(more));
        return line;
    }

    /** Where a class was loaded from, also if it was patched into a module. */
    private static String home(Class<?> type) {
        String file = type.getName().replace('.', '/') + ".class";
        URL url = type.getResource("/" + file);
        assertThat(url).as("the class file of %s", type).isNotNull();
        String text = url.toString();
        String folder = text.substring(0, text.length() - file.length());
        String home = folder.startsWith("jar:") ? folder.substring("jar:".length(), folder.indexOf("!/")) : folder;
        try {
            return Path.of(new URI(home)).toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Waits until it says this, and returns what it said before. */
    List<String> until(String said) throws IOException {
        List<String> before = new ArrayList<>();
        for (String line = output.readLine(); !said.equals(line); line = output.readLine()) {
            assertThat(line).as("it said only %s", before).isNotNull();
            before.add(line);
        }
        return before;
    }

    /** Waits for a number of lines, or the end, and returns them. */
    List<String> lines(int count) throws IOException {
        List<String> lines = new ArrayList<>();
        while (lines.size() < count) {
            String line = output.readLine();
            if (line == null) {
                break;
            }
            lines.add(line);
        }
        return lines;
    }

    /** Waits for the end of its output and returns what is left of it. */
    List<String> rest() throws IOException {
        return lines(Integer.MAX_VALUE);
    }

    void go() throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
    }

    /** Ends it with SIGKILL; what it said before can still be read. */
    void kill() {
        // The process's own method would close its output, too.
        process.toHandle().destroyForcibly();
        process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() throws IOException {
        kill();
        process.getOutputStream().close();
        output.close();
    }
}
