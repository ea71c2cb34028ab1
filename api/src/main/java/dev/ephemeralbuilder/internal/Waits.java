package dev.ephemeralbuilder.internal;

import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** How the blocking methods wait for the asynchronous core. */
final class Waits {
    private Waits() {}

    /** Waits; an interrupt cancels what is waited for. */
    static <T> T await(CompletableFuture<T> future) throws InterruptedException {
        try {
            return awaitIo(future);
        } catch (IOException e) {
            throw Failures.asBuilderException(e);
        }
    }

    /** Waits; an interrupt cancels what is waited for; I/O failures of the caller's own parts come through. */
    static <T> T awaitIo(CompletableFuture<T> future) throws IOException, InterruptedException {
        try {
            return future.get();
        } catch (InterruptedException e) {
            future.cancel(true);
            throw e;
        } catch (CancellationException e) {
            throw new IllegalStateException("the fleet was closed, or somebody cancelled this", e);
        } catch (ExecutionException e) {
            Throwable cause = Failures.unwrap(e);
            if (cause instanceof CancellationException) {
                throw new IllegalStateException("the fleet was closed", cause);
            }
            if (cause instanceof RuntimeException runtime) {
                throw runtime;
            }
            if (cause instanceof IOException io) {
                throw io;
            }
            if (cause instanceof Error error) {
                throw error;
            }
            throw Failures.asBuilderException(cause);
        }
    }
}
