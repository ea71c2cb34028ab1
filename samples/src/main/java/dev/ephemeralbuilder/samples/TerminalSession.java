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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A machine's terminal on the one that the command was called on, until either ends. */
final class TerminalSession implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TerminalSession.class);
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
        } catch (IOException e) {
            log.debug("There are no more keys", e);
        } catch (ProviderException e) {
            log.debug("The machine takes no more keys", e);
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        // Nobody can type any more: the window was closed.
        terminal.close();
    }

    private void lookLater() {
        try {
            ticker.schedule(LOOK, () -> {
                try {
                    looks.execute(this::look);
                } catch (RejectedExecutionException e) {
                    log.debug("The session is over");
                }
            });
        } catch (RejectedExecutionException e) {
            log.debug("The command is over");
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
            log.debug("The window has no size any more", e);
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
