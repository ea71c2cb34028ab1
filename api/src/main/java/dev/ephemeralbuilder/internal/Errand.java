package dev.ephemeralbuilder.internal;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Work that blocks a thread of a bounded pool, and that can be called back. Safe for use by many threads. */
final class Errand {
    private @Nullable Thread runner;
    private boolean stopped;

    /**
     * Does the work once a thread is free.
     *
     * @return completes on the ticker, with a {@link CancellationException} if the errand was called back
     */
    <T> CompletableFuture<T> run(Calls calls, Callable<T> work) {
        return calls.run(() -> {
            begin();
            try {
                return work.call();
            } finally {
                end();
            }
        });
    }

    private synchronized void begin() {
        if (stopped) {
            throw Calls.stopped();
        }
        runner = Thread.currentThread();
    }

    /** The thread goes back to the pool; an interrupt that came too late is nobody's. */
    private synchronized void end() {
        runner = null;
        if (stopped) {
            var unused = Thread.interrupted();
        }
    }

    /** Interrupts the work, or has it not begun at all. */
    synchronized void stop() {
        stopped = true;
        if (runner != null) {
            runner.interrupt();
        }
    }
}
