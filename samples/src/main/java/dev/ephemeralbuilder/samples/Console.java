package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.spi.Ticker;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What the command has to say: plain lines, each with the command's name in front, and on a terminal one more line
 * that shows the phase under way and how long it has taken.
 *
 * <p>Safe for use by many threads. The lock is held while a line is written: lines of several threads must not mix.
 */
final class Console implements AutoCloseable {
    private static final String PREFIX = "ephemeral: ";
    private static final String ERASE = "\r\u001b[K";
    private static final Duration REDRAW = Duration.ofMillis(500);

    private final PrintStream err;
    private final boolean live;
    private final Ticker ticker;

    private boolean lent;
    private @Nullable String phase;
    private Instant since = Instant.EPOCH;
    private Ticker.@Nullable Scheduled redraw;

    Console(PrintStream err, boolean live, Ticker ticker) {
        this.err = err;
        this.live = live;
        this.ticker = ticker;
    }

    /** Writes a line. */
    synchronized void line(String text) {
        erase();
        err.println(PREFIX + text);
        draw();
    }

    /** Writes a line without the name in front: a row of a table. */
    synchronized void row(String text) {
        erase();
        err.println(text);
        draw();
    }

    /** Begins a phase: shown on a terminal only. */
    synchronized void begin(String name) {
        stop();
        since = ticker.now();
        if (lent) {
            return;
        }
        phase = name;
        draw();
        if (live) {
            redraw = ticker.schedule(REDRAW, this::tick);
        }
    }

    /** Ends the phase that {@link #begin} began, and writes its time by the clock of this console. */
    synchronized void end(String name, String detail) {
        end(name, Duration.between(since, ticker.now()), detail);
    }

    /** Ends the phase under way, if there is one, and writes a line with the time that a phase took. */
    synchronized void end(String name, Duration took, String detail) {
        stop();
        err.println(PREFIX
                + String.format(Locale.ROOT, "%-9s %10s  %s", name, Texts.duration(took), detail)
                        .stripTrailing());
    }

    /** Takes the live line away, so that others may write to the terminal. */
    synchronized void quiet() {
        stop();
    }

    /** Shows no phase from now on, since the build writes to the terminal. */
    synchronized void lend() {
        stop();
        lent = true;
    }

    /** Shows phases again that begin from now on. */
    synchronized void takeBack() {
        lent = false;
    }

    @Override
    public synchronized void close() {
        stop();
        err.flush();
    }

    private synchronized void tick() {
        if (phase != null) {
            erase();
            draw();
            redraw = ticker.schedule(REDRAW, this::tick);
        }
    }

    private synchronized void stop() {
        erase();
        phase = null;
        if (redraw != null) {
            redraw.cancel();
            redraw = null;
        }
    }

    private synchronized void erase() {
        if (live && phase != null) {
            err.print(ERASE);
            err.flush();
        }
    }

    private synchronized void draw() {
        if (live && phase != null) {
            err.print(PREFIX + phase + " ... "
                    + Duration.between(since, ticker.now()).toSeconds() + " s");
            err.flush();
        }
    }
}
