package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.spi.Ticker;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Where a benchmark says what it does and what came of it. Safe for use by many threads. */
final class BenchOutput {
    /** A promise was broken. */
    static final int BROKEN = 1;

    private final PrintStream out;
    private final PrintStream err;
    private final Ticker wall;
    private final Instant start;
    private final List<String> broken = new ArrayList<>();

    BenchOutput(OutputStream out, PrintStream err, Ticker wall) {
        this.out = new PrintStream(out, true, StandardCharsets.UTF_8);
        this.err = err;
        this.wall = wall;
        this.start = wall.now();
    }

    /** Returns the wall clock. */
    Ticker wall() {
        return wall;
    }

    /** Says how far it is. */
    synchronized void progress(String text) {
        err.println("ephemeral: " + Duration.between(start, wall.now()).toSeconds() + " s  " + text);
    }

    /** Notes a broken promise. */
    synchronized void broken(String promise) {
        broken.add(promise);
    }

    /**
     * Notes a broken promise if a value is above its bound.
     *
     * @param what such as "calls per builder of acquireAll at 1,000"
     */
    void atMost(String what, double value, double bound) {
        if (!(value <= bound)) {
            broken(what + ": " + Numbers.text(value) + ", promised is at most " + Numbers.text(bound));
        }
    }

    /** Notes a broken promise if there is any of what there must be nothing of. */
    void none(String what, long count) {
        if (count != 0) {
            broken(what + ": " + count + ", promised is none");
        }
    }

    /** Notes a broken promise if a value is below its bound. */
    void atLeast(String what, double value, double bound) {
        if (!(value >= bound)) {
            broken(what + ": " + Numbers.text(value) + ", promised is at least " + Numbers.text(bound));
        }
    }

    /** Prints what came of it, as a document or as a table, and returns the exit code. */
    synchronized int end(BenchOptions options, Object document, String table) {
        if (options.json) {
            out.println(Json.line(document));
        } else {
            out.print(table);
        }
        broken.forEach(promise -> err.println("ephemeral: broken: " + promise));
        return broken.isEmpty() ? 0 : BROKEN;
    }
}
