package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderLostException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The futures that callers get. They complete on threads of their own, so that a caller's next step may block without
 * stopping the fleet; and when the fleet is closed, those that are still open fail, so that nobody waits for ever.
 *
 * <p>Safe for use by many threads.
 */
final class Handouts {
    private final FleetTicker ticker;
    private final ExecutorService callbacks;
    private final Map<Long, CompletableFuture<?>> open = new ConcurrentHashMap<>();
    private final AtomicLong number = new AtomicLong();
    private volatile boolean closed;

    Handouts(FleetTicker ticker) {
        this.ticker = ticker;
        AtomicInteger next = new AtomicInteger();
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        // As many threads as callers block in their steps; they are the callers' own doing.
        this.callbacks =
                new ThreadPoolExecutor(0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                    Thread thread = new Thread(group, task, "ephemeral-builder-callback-" + next.getAndIncrement());
                    thread.setDaemon(true);
                    return thread;
                });
    }

    /** Begins something on the ticker and returns the caller's future of it. */
    <T extends @Nullable Object> CompletableFuture<T> give(Supplier<CompletableFuture<T>> begin) {
        return give(begin, value -> {});
    }

    /**
     * Begins something that a caller may give up by cancelling.
     *
     * @param unwanted takes a result that comes after that all the same
     */
    <T extends @Nullable Object> CompletableFuture<T> giveCancellable(
            Supplier<CompletableFuture<T>> begin, Consumer<? super T> unwanted) {
        return giveCancellable(begin, unwanted, failure -> {});
    }

    /**
     * Begins something that a caller may give up by cancelling, and that may hand out things with a failure too.
     *
     * @param unwanted takes a result that comes after that all the same
     * @param unwantedFailure takes a failure that comes after that
     */
    <T extends @Nullable Object> CompletableFuture<T> giveCancellable(
            Supplier<CompletableFuture<T>> begin, Consumer<? super T> unwanted, Consumer<Throwable> unwantedFailure) {
        CompletableFuture<CompletableFuture<T>> begun = new CompletableFuture<>();
        CompletableFuture<T> given = give(
                () -> {
                    CompletableFuture<T> own = begin.get();
                    begun.complete(own);
                    return own;
                },
                unwanted,
                unwantedFailure);
        Stages.whenDone(given, (value, failure) -> {
            if (failure != null) {
                Stages.whenDone(begun, (own, f) -> own.cancel(false));
            }
        });
        return given;
    }

    /**
     * Begins something on the ticker and returns the caller's future of it.
     *
     * @param unwanted takes a result that comes after the caller has given up
     */
    <T extends @Nullable Object> CompletableFuture<T> give(
            Supplier<CompletableFuture<T>> begin, Consumer<? super T> unwanted) {
        return give(begin, unwanted, failure -> {});
    }

    private <T extends @Nullable Object> CompletableFuture<T> give(
            Supplier<CompletableFuture<T>> begin, Consumer<? super T> unwanted, Consumer<Throwable> unwantedFailure) {
        CompletableFuture<T> given = new CompletableFuture<>();
        long key = number.incrementAndGet();
        open.put(key, given);
        Stages.whenDone(given, (value, failure) -> open.remove(key));
        if (closed) {
            given.completeExceptionally(fleetClosed());
            return given;
        }
        try {
            ticker.execute(() -> begin(given, begin, unwanted, unwantedFailure));
        } catch (RejectedExecutionException e) {
            given.completeExceptionally(fleetClosed());
        }
        return given;
    }

    private <T extends @Nullable Object> void begin(
            CompletableFuture<T> given,
            Supplier<CompletableFuture<T>> begin,
            Consumer<? super T> unwanted,
            Consumer<Throwable> unwantedFailure) {
        if (given.isDone()) {
            return;
        }
        CompletableFuture<T> own;
        try {
            own = begin.get();
        } catch (RuntimeException | Error e) {
            complete(() -> given.completeExceptionally(e));
            return;
        }
        Stages.whenDone(
                own,
                (value, failure) -> complete(() -> {
                    if (failure == null) {
                        if (!given.complete(value)) {
                            unwanted.accept(value);
                        }
                        return;
                    }
                    Throwable reason = told(failure);
                    if (!given.completeExceptionally(reason)) {
                        unwantedFailure.accept(reason);
                    }
                }));
    }

    /** What the caller has not cancelled is cancelled only by the end of the fleet. */
    private static Throwable told(Throwable failure) {
        return Calls.isStopped(failure) ? fleetClosed() : Failures.unwrap(failure);
    }

    private void complete(Runnable completion) {
        try {
            Calls.holding(ticker, callbacks).execute(completion);
        } catch (RejectedExecutionException fleetIsClosed) {
            completion.run();
        }
    }

    /** Lets what is complete be delivered, for a moment, and fails whatever is still open. */
    boolean close(Duration most) throws InterruptedException {
        closed = true;
        callbacks.shutdown();
        try {
            return callbacks.awaitTermination(most.toNanos(), TimeUnit.NANOSECONDS);
        } finally {
            failOpen();
        }
    }

    private void failOpen() {
        open.values().forEach(given -> given.completeExceptionally(fleetClosed()));
    }

    static BuilderLostException fleetClosed() {
        return new BuilderLostException("The fleet was closed", null);
    }
}
