package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.TerminalSize;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The terminal that the command was called on, with every key going through as it is, Ctrl-C too, until this is closed:
 * then it is as it was. That happens when the JVM ends by a signal as well. Done by {@code stty}.
 */
final class Keyboard implements AutoCloseable {
    private static final File TERMINAL = new File("/dev/tty");
    private static final long STTY_SECONDS = 10;

    private final String before;
    private final AtomicBoolean restored = new AtomicBoolean();
    private final Thread hook = new Thread(this::restore, "ephemeral-keyboard");

    private Keyboard(String before) {
        this.before = before;
    }

    /**
     * Takes the terminal over.
     *
     * @return empty if there is none that {@code stty} knows
     */
    static Optional<Keyboard> open() throws IOException, InterruptedException {
        Optional<String> settings = stty("-g");
        if (settings.isEmpty()) {
            return Optional.empty();
        }
        Keyboard keyboard = new Keyboard(settings.get().strip());
        Runtime.getRuntime().addShutdownHook(keyboard.hook);
        if (stty("raw", "-echo").isEmpty()) {
            keyboard.close();
            return Optional.empty();
        }
        return Optional.of(keyboard);
    }

    /** Returns whether standard input and output are both a terminal. */
    static boolean isTerminal() throws IOException, InterruptedException {
        Process test = new ProcessBuilder("sh", "-c", "test -t 0 && test -t 1")
                .redirectInput(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        return ended(test) && test.exitValue() == 0;
    }

    /** Returns what it wrote, empty if it failed. */
    private static Optional<String> stty(String... arguments) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("stty"));
        line.addAll(List.of(arguments));
        Process stty = new ProcessBuilder(line)
                .redirectInput(TERMINAL)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        // What it writes is a line, which the pipe holds: first its end, which has a bound, then the reading.
        return ended(stty) && stty.exitValue() == 0
                ? Optional.of(new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                : Optional.empty();
    }

    private static boolean ended(Process process) throws InterruptedException {
        if (process.waitFor(STTY_SECONDS, TimeUnit.SECONDS)) {
            return true;
        }
        process.destroyForcibly();
        return false;
    }

    /** Returns what is typed. */
    InputStream keys() {
        return new FileInputStream(FileDescriptor.in);
    }

    /** Returns the size of the window, or the usual one if the terminal does not know its own. Blocks for a moment. */
    TerminalSize size() throws IOException, InterruptedException {
        String[] said = stty("size").orElse("").strip().split(" ", -1);
        try {
            return said.length == 2
                    ? new TerminalSize(Integer.parseInt(said[1]), Integer.parseInt(said[0]))
                    : TerminalSize.DEFAULT;
        } catch (IllegalArgumentException e) {
            // A terminal without a window has the size 0.
            return TerminalSize.DEFAULT;
        }
    }

    private void restore() {
        if (!restored.compareAndSet(false, true)) {
            return;
        }
        try {
            if (stty(before).isEmpty()) {
                System.err.println("ephemeral: the terminal could not be set back; \"stty sane\" does");
            }
        } catch (IOException e) {
            System.err.println("ephemeral: the terminal could not be set back (" + e + "); \"stty sane\" does");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        // Whoever was interrupted still wants his terminal back.
        boolean interrupted = Thread.interrupted();
        restore();
        try {
            boolean unused = Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is ending, and the hook has found nothing left to do.
            return;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
