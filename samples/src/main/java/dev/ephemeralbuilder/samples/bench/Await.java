package dev.ephemeralbuilder.samples.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waiting for what must not fail here. */
final class Await {
    private Await() {}

    /** @throws IOException if it fails, or takes longer */
    static <T> T done(Future<T> future, Duration patience) throws InterruptedException, IOException {
        try {
            return future.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException("what must not fail here failed: " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw new IOException("not done within " + patience.toMinutes() + " min", e);
        }
    }

    /** @throws IOException if one of them fails, or takes longer */
    static void allDone(Collection<? extends Future<?>> futures, Duration patience)
            throws InterruptedException, IOException {
        for (Future<?> future : futures) {
            done(future, patience);
        }
    }
}
