package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Passes the build's output on and remembers whether its last line is complete. Written to by one thread at a time, asked by
 * any.
 */
final class Output implements LogSink {
    private final OutputStream out;
    private final Console console;
    private final AtomicBoolean openLine = new AtomicBoolean();

    Output(OutputStream out, Console console) {
        this.out = out;
        this.console = console;
    }

    @Override
    public void write(LogStream stream, byte[] bytes, int length) throws IOException {
        try {
            out.write(bytes, 0, length);
            out.flush();
        } catch (IOException e) {
            throw new IOException("standard output cannot be written: " + e.getMessage(), e);
        }
        openLine.set(bytes[length - 1] != '\n');
    }

    @Override
    public void onNewAttempt(int attempt, JobAttempt last) {
        endLine();
        String machine = last.machineId().map(id -> " on " + id).orElse("");
        console.line("attempt " + attempt + " begins the build from the start; what attempt " + last.number() + machine
                + " has written above came to nothing");
    }

    /** Begins a new line on standard error, where a terminal would go on in one that the build has begun. */
    void endLine() {
        if (openLine.getAndSet(false)) {
            console.row("");
        }
    }
}
