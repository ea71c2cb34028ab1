package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** A job's sink, which all its attempts deliver to, one after the other. Safe for use by many threads. */
final class JobSink {
    private final LogSink sink;
    private final Executor inTurn;

    /** What one attempt delivers to, until its output does not count any more. */
    static final class Part implements LogSink {
        private final LogSink sink;
        private volatile boolean over;

        private Part(LogSink sink) {
            this.sink = sink;
        }

        @Override
        public void write(LogStream stream, byte[] bytes, int length) throws IOException {
            if (!over) {
                sink.write(stream, bytes, length);
            }
        }

        void end() {
            over = true;
        }
    }

    JobSink(LogSink sink, Executor users) {
        this.sink = sink;
        this.inTurn = new SerialExecutor(users);
    }

    /** Runs the sink, one call at a time. */
    Executor inTurn() {
        return inTurn;
    }

    Part part() {
        return new Part(sink);
    }

    /** Tells that an attempt begins; what is delivered from now on comes behind that. Fails with what the sink throws. */
    CompletableFuture<Void> begin(int attempt, JobAttempt last) {
        CompletableFuture<Void> told = new CompletableFuture<>();
        inTurn.execute(() -> {
            try {
                sink.onNewAttempt(attempt, last);
                told.complete(null);
            } catch (Throwable t) {
                // Whatever it is: nobody else takes it.
                told.completeExceptionally(t);
            }
        });
        return told;
    }
}
