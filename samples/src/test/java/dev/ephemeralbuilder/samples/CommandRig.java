package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.spi.Ticker;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine;

/** Runs the whole command in this JVM and keeps what it writes. */
final class CommandRig implements AutoCloseable {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Ticker ticker = Ticker.system("ephemeral-test-console");
    private final Map<String, String> environment = new HashMap<>();
    private final Path home;
    private final Path folder;

    CommandRig(Path home, Path folder) {
        this.home = home;
        this.folder = folder;
        environment.put("HOME", home.toString());
    }

    CommandRig environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    int run(String... arguments) {
        return run(new Interruption(), arguments);
    }

    int run(Interruption interruption, String... arguments) {
        return Ephemeral.execute(caller(), interruption, arguments);
    }

    /** Runs the command on a thread of its own, and returns its exit code when it has ended. */
    CompletableFuture<Integer> start(String... arguments) {
        CompletableFuture<Integer> end = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        end.complete(run(arguments));
                    } catch (RuntimeException | Error e) {
                        end.completeExceptionally(e);
                    }
                },
                "test-command");
        thread.setDaemon(true);
        thread.start();
        return end;
    }

    CommandLine commandLine() {
        return Ephemeral.commandLine(caller(), new Interruption());
    }

    private Caller caller() {
        PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
        return new Caller(out, errors, false, environment, home, folder, ticker);
    }

    byte[] outBytes() {
        return out.toByteArray();
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        ticker.close();
    }
}
