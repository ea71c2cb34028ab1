package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Steps of the engine on futures. A step that throws is a defect and is logged, since nobody waits for it. */
final class Stages {
    private static final Logger log = LoggerFactory.getLogger(Stages.class);

    /** Gets the value, or null and the failure. */
    @FunctionalInterface
    interface Step<T extends @Nullable Object> {
        void take(T value, @Nullable Throwable failure);
    }

    /** Gets the value, or null and the failure, and returns what comes next. */
    @FunctionalInterface
    interface Turn<T extends @Nullable Object, U extends @Nullable Object> {
        CompletableFuture<U> take(T value, @Nullable Throwable failure);
    }

    private Stages() {}

    /** Goes on with what a turn returns, whether the future failed or not. */
    static <T extends @Nullable Object, U extends @Nullable Object> CompletableFuture<U> then(
            CompletableFuture<T> future, Turn<T, U> turn) {
        CompletableFuture<U> next = new CompletableFuture<>();
        whenDone(future, (value, failure) -> {
            try {
                whenDone(turn.take(value, failure), (result, f) -> {
                    if (f == null) {
                        next.complete(result);
                    } else {
                        next.completeExceptionally(Failures.unwrap(f));
                    }
                });
            } catch (RuntimeException | Error e) {
                next.completeExceptionally(e);
            }
        });
        return next;
    }

    /** Makes a call for each batch of a list; completes when all are done, and fails then if one has failed. */
    static <E> CompletableFuture<Void> inBatches(
            List<E> all, int size, Function<List<E>, ? extends CompletableFuture<?>> call) {
        List<CompletableFuture<?>> made = new ArrayList<>();
        for (int i = 0; i < all.size(); i += size) {
            made.add(call.apply(all.subList(i, Math.min(all.size(), i + size))));
        }
        return CompletableFuture.allOf(made.toArray(CompletableFuture<?>[]::new));
    }

    /** Completes on the ticker after a delay by its time. */
    static CompletableFuture<@Nullable Void> after(Ticker ticker, Duration delay) {
        CompletableFuture<@Nullable Void> later = new CompletableFuture<>();
        ticker.schedule(delay, () -> later.complete(null));
        return later;
    }

    /** Returns whether a future is done within a time; fails if it fails until then. It goes on after that. */
    static CompletableFuture<Boolean> atMost(Ticker ticker, Duration time, CompletableFuture<?> future) {
        CompletableFuture<Boolean> waited = new CompletableFuture<>();
        Ticker.Scheduled timer = ticker.schedule(time, () -> waited.complete(false));
        whenDone(future, (value, failure) -> {
            timer.cancel();
            if (failure == null) {
                waited.complete(true);
            } else {
                waited.completeExceptionally(Failures.unwrap(failure));
            }
        });
        return waited;
    }

    /** Takes a step when a future is done, on the thread that completes it. */
    static <T extends @Nullable Object> void whenDone(CompletableFuture<T> future, Step<T> step) {
        CompletableFuture<T> unused = future.whenComplete((value, failure) -> take(step, value, failure));
    }

    /** Takes a step when a future is done, on an executor. */
    static <T extends @Nullable Object> void whenDone(CompletableFuture<T> future, Executor executor, Step<T> step) {
        CompletableFuture<T> unused =
                future.whenCompleteAsync((value, failure) -> take(step, value, failure), executor);
    }

    /** Lets a future be: whatever becomes of it is seen elsewhere. */
    static void leave(CompletableFuture<?> future) {
        whenDone(future, (value, failure) -> {
            if (failure != null) {
                log.debug("Left alone: {}", Failures.unwrap(failure).toString());
            }
        });
    }

    private static <T extends @Nullable Object> void take(Step<T> step, T value, @Nullable Throwable failure) {
        try {
            step.take(value, failure);
        } catch (RejectedExecutionException e) {
            log.debug("The fleet is closed; a step was not taken");
        } catch (RuntimeException | Error e) {
            log.error("A step of the fleet failed", e);
        }
    }
}
