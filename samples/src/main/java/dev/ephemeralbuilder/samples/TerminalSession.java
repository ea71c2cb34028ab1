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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** A machine's terminal on the one that the command was called on, until either ends. */
final class TerminalSession implements AutoCloseable {
    private static final Duration LOOK = Duration.ofSeconds(1);

    /** Nobody notices that a key came this much later. */
    private static final long KEYS_MILLIS = 20;

    private final Keyboard keyboard;
    private final Terminal terminal;
    private final Ticker ticker;
    private final ExecutorService looks =
            Executors.newSingleThreadExecutor(task -> daemon(task, "ephemeral-window-size"));
    private final CountDownLatch over = new CountDownLatch(1);
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
        daemon(this::type, "ephemeral-keys").start();
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

    /** Never waits in a read, which nothing could end: no key is taken after the session. */
    private void type() {
        byte[] keys = new byte[8192];
        try {
            InputStream in = keyboard.keys();
            while (!over.await(KEYS_MILLIS, TimeUnit.MILLISECONDS)) {
                while (in.available() > 0) {
                    terminal.write(Arrays.copyOf(keys, Math.max(0, in.read(keys))));
                }
            }
        } catch (ProviderException e) {
            // The machine's terminal has ended, which its reader is told.
            return;
        } catch (IOException e) {
            // The window was closed: nobody can type any more.
            terminal.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            terminal.close();
        }
    }

    /** Gives the machine's terminal each new size of the window from now on. For terminals that can have another one. */
    void followSize() {
        lookLater();
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
        over.countDown();
        looks.shutdownNow();
        terminal.close();
    }
}
