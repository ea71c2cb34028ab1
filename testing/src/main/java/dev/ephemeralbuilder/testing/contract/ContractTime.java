package dev.ephemeralbuilder.testing.contract;

import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Lets the cloud's time pass, whether its ticker runs by itself or is moved by hand, and waits on it. */
final class ContractTime {
    /** More of the cloud's time than anything takes that ends by itself. */
    private static final Duration MOST = Duration.ofHours(1);

    /** How the time is moved under a thread that also waits by the wall clock. */
    private static final Duration CLOSING_STEP = Duration.ofMillis(200);

    private static final Duration CLOSING_WAIT = Duration.ofMillis(5);
    private static final int CLOSING_STEPS = 5_000;

    private final Ticker ticker;
    private final @Nullable TestTicker byHand;
    private final Duration patience;
    private final Supplier<String> diagnosis;

    /**
     * @param patience how long to wait by the wall clock before it counts as a hang
     * @param diagnosis what may hold things up, for the message
     */
    ContractTime(Ticker ticker, Duration patience, Supplier<String> diagnosis) {
        this.ticker = ticker;
        this.byHand = ticker instanceof TestTicker test ? test : null;
        this.patience = patience;
        this.diagnosis = diagnosis;
    }

    Instant now() {
        return ticker.now();
    }

    /** Whether hours pass in no time. */
    boolean movedByHand() {
        return byHand != null;
    }

    /**
     * Prepares for an engine, which says by itself when it is at work elsewhere: nothing else is waited for.
     *
     * @return what holds the time while a command runs, for so long on the wall at each step; to be run when it has ended
     */
    Function<Duration, Runnable> holds() {
        if (byHand == null) {
            return wall -> () -> {};
        }
        byHand.grace(Duration.ZERO);
        return wall -> byHand.hold(wall)::close;
    }

    /** Lets time pass. */
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

    /** Awaits a call that waits by the wall clock too, such as the end of a fleet: the time must not run ahead of it. */
    void awaitClosing(String what, CompletableFuture<?> future) throws Exception {
        for (int i = 0; byHand != null && i < CLOSING_STEPS && !isDone(future, CLOSING_WAIT); i++) {
            pass(CLOSING_STEP);
        }
        reach(what, future, MOST);
        resultOf(future);
    }

    /** Waits by the wall clock alone, for something that happens without the cloud's time. */
    <T extends @Nullable Object> T get(String what, Future<T> future) throws Exception {
        try {
            return future.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError(what + " must come about, but did not within " + patience, e);
        }
    }

    /** Makes a blocking call on a thread of its own, so that time can be moved meanwhile. */
    static <T extends @Nullable Object> CompletableFuture<T> onAThread(Callable<T> call) {
        CompletableFuture<T> end = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        end.complete(call.call());
                    } catch (Throwable t) {
                        // Whatever it is belongs to the test that waits.
                        end.completeExceptionally(t);
                    }
                },
                "ephemeral-contract-call");
        thread.setDaemon(true);
        thread.start();
        return end;
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
