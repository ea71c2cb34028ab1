package dev.ephemeralbuilder.testing.contract;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets the cloud's time pass for an engine that runs on it: not while the engine is at work elsewhere, and not for ever.
 */
final class EngineTime extends ContractTime {
    /** More of the cloud's time than anything takes that ends by itself. */
    private static final Duration MOST = Duration.ofHours(1);

    /** How the time is moved under a thread that waits. */
    private static final Duration BLOCKED_STEP = Duration.ofMillis(200);

    private static final Duration BLOCKED_WAIT = Duration.ofMillis(5);
    private static final int BLOCKED_STEPS = 5_000;

    private final Supplier<String> diagnosis;

    /**
     * @param diagnosis what may hold things up, for the message
     */
    EngineTime(Ticker ticker, Duration patience, Supplier<String> diagnosis) {
        super(ticker, patience);
        this.diagnosis = diagnosis;
        if (byHand != null) {
            // The engine says when it is at work elsewhere; nothing else is waited for.
            byHand.grace(Duration.ZERO);
        }
    }

    /** Holds the time for something that is under way, for so long on the wall at each step; returns what ends it. */
    Runnable hold(Duration wall) {
        return byHand == null ? () -> {} : byHand.hold(wall)::close;
    }

    @Override
    void pass(Duration time) throws InterruptedException {
        CompletableFuture<Boolean> over = new CompletableFuture<>();
        Ticker.Scheduled alarm = ticker.schedule(time, () -> over.complete(true));
        try {
            reach("the passing of " + time, over, time);
        } finally {
            alarm.cancel();
        }
    }

    /** Lets time pass until a future is done and returns its result, or throws its failure as it is. */
    <T extends @Nullable Object> T await(String what, CompletableFuture<T> future) throws Exception {
        reach(what, future, MOST);
        return resultOf(future);
    }

    /**
     * Awaits a call on another thread and returns its result, or throws its failure as it is. Nothing says when such a
     * thread wakes up: the time must not run ahead of it.
     */
    <T extends @Nullable Object> T awaitBlocked(String what, CompletableFuture<T> future) throws Exception {
        for (int i = 0; byHand != null && i < BLOCKED_STEPS && !isDone(future, BLOCKED_WAIT); i++) {
            pass(BLOCKED_STEP);
        }
        return await(what, future);
    }

    private void reach(String what, CompletableFuture<?> future, Duration most) throws InterruptedException {
        CompletableFuture<Boolean> done = future.handle((result, failure) -> true);
        CompletableFuture<Boolean> hung =
                new CompletableFuture<Boolean>().completeOnTimeout(false, patience.toNanos(), TimeUnit.NANOSECONDS);
        CompletableFuture<Object> either = CompletableFuture.anyOf(done, hung);
        try {
            if (byHand != null) {
                byHand.advanceUntil(either, most);
            } else {
                either.get();
            }
        } catch (AssertionError e) {
            if (Thread.interrupted()) {
                throw new InterruptedException(stuck(what));
            }
            throw new AssertionError(stuck(what), e);
        } catch (ExecutionException e) {
            throw new AssertionError("neither of both futures can fail", e);
        } finally {
            hung.complete(false);
        }
        if (!future.isDone()) {
            throw new AssertionError(stuck(what));
        }
    }

    private String stuck(String what) {
        return what + " must come about, but " + MOST + " of the cloud's time or " + patience
                + " on the wall have passed. " + diagnosis.get();
    }

    private static boolean isDone(CompletableFuture<?> future, Duration wait) throws InterruptedException {
        try {
            future.handle((result, failure) -> true).get(wait.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new AssertionError("a handled future cannot fail", e);
        }
    }

    private static <T extends @Nullable Object> T resultOf(CompletableFuture<T> future) throws Exception {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e;
        }
    }
}
