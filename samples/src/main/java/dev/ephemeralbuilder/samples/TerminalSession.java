package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.Terminal;
import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/** A machine's terminal on the one that the command was called on, until either ends. */
final class TerminalSession implements AutoCloseable {
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final Keyboard keyboard;
    private final Terminal terminal;
    private final Ticker ticker;
    private final ExecutorService looks =
            Executors.newSingleThreadExecutor(task -> daemon(task, "ephemeral-window-size"));
    private TerminalSize size;

    /** @param size what the machine's terminal was opened with */
    TerminalSession(Keyboard keyboard, Terminal terminal, Ticker ticker, TerminalSize size) {
        this.keyboard = keyboard;
        this.terminal = terminal;
        this.ticker = ticker;
        this.size = size;
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Blocks until the machine's terminal has ended.
     *
     * @param screen where its output goes
     * @return the shell's exit code, where there is one
     * @throws IOException if nothing can be written to the screen
     */
    OptionalInt run(OutputStream screen) throws IOException, InterruptedException {
        // It waits for a key that may never come; the end of the JVM ends it.
        daemon(this::type, "ephemeral-keys").start();
        lookLater();
        byte[] shown = terminal.read();
        while (shown.length > 0) {
            screen.write(shown);
            screen.flush();
            shown = terminal.read();
        }
        try {
            return terminal.ended().get();
        } catch (ExecutionException | CancellationException e) {
            // The contract of ended: it does neither.
            throw new IllegalStateException("a terminal has ended in an unknown way", e);
        }
    }

    private void type() {
        byte[] keys = new byte[8192];
        try (InputStream in = keyboard.keys()) {
            for (int n = in.read(keys); n >= 0; n = in.read(keys)) {
                terminal.write(Arrays.copyOf(keys, n));
            }
        } catch (ProviderException e) {
            // The machine's terminal has ended, which its reader is told.
            return;
        } catch (IOException e) {
            // The window was closed.
            terminal.close();
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        // Nobody can type any more.
        terminal.close();
    }

    private void lookLater() {
        try {
            ticker.schedule(LOOK, () -> {
                try {
                    looks.execute(this::look);
                } catch (RejectedExecutionException e) {
                    // The session is over.
                    return;
                }
            });
        } catch (RejectedExecutionException e) {
            // The command is over.
            return;
        }
    }

    /** A window that has another size says so by a signal, for which Java has no ear. */
    private void look() {
        try {
            TerminalSize now = keyboard.size();
            if (!now.equals(size)) {
                size = now;
                terminal.resize(now);
            }
            lookLater();
        } catch (IOException e) {
            // The window was closed, and has no size any more.
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        looks.shutdownNow();
        terminal.close();
    }
}
