package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Receives a script's output as it comes: every byte once and in order, whatever happens to the connection.
 *
 * <p>Called from one thread at a time, from the fleet's pool for users' code; it may block, and while it does, the
 * machine's output waits on the machine. A sink that throws ends the following, not the script.
 */
@FunctionalInterface
public interface LogSink {
    /**
     * Takes the next bytes of one stream.
     *
     * @param stream the stream
     * @param bytes holds the bytes; not to be kept or changed after the call
     * @param length how many of the bytes count, from index 0; at least 1
     * @throws IOException if the bytes cannot be taken; following then fails with it
     */
    void write(LogStream stream, byte[] bytes, int length) throws IOException;

    /**
     * Hears that a {@linkplain Job job} begins on another machine: what was delivered before belongs to an attempt that came
     * to nothing, and the output begins anew. Called before the first byte of that attempt, in turn with {@link #write}; not
     * called for the first attempt. By default it does nothing.
     *
     * @param attempt the number of the attempt that begins, from 2
     * @param last the attempt that has ended
     * @throws IOException if that cannot be taken; the job then fails with it
     */
    default void onNewAttempt(int attempt, JobAttempt last) throws IOException {}

    /** Returns a sink that writes both streams to one output stream, flushes it each time and never closes it. */
    static LogSink to(OutputStream out) {
        return to(out, out);
    }

    /** Returns a sink that writes each stream to its own output stream, flushes them each time and never closes them. */
    static LogSink to(OutputStream out, OutputStream err) {
        requireNonNull(out, "out");
        requireNonNull(err, "err");
        return (stream, bytes, length) -> {
            OutputStream target = stream == LogStream.OUT ? out : err;
            target.write(bytes, 0, length);
            target.flush();
        };
    }

    /** Returns a sink that drops everything. */
    static LogSink discard() {
        return (stream, bytes, length) -> {};
    }
}
