package dev.ephemeralbuilder.testing.contract;

import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Lets the cloud's time pass, whether its ticker runs by itself or is moved by hand. */
class ContractTime {
    private static final Duration LOOK_STEP = Duration.ofSeconds(1);
    private static final Duration LOOK_PAUSE = Duration.ofMillis(20);

    final Ticker ticker;
    final @Nullable TestTicker byHand;
    final Duration patience;

    /**
     * @param patience how long to wait by the wall clock before it counts as a hang
     */
    ContractTime(Ticker ticker, Duration patience) {
        this.ticker = ticker;
        this.byHand = ticker instanceof TestTicker test ? test : null;
        this.patience = patience;
    }

    final Instant now() {
        return ticker.now();
    }

    /** Whether hours pass in no time. */
    final boolean movedByHand() {
        return byHand != null;
    }

    /** Lets time pass. */
    void pass(Duration time) throws InterruptedException {
        if (byHand != null) {
            byHand.advance(time);
            return;
        }
        CompletableFuture<Boolean> over = new CompletableFuture<>();
        Ticker.Scheduled alarm = ticker.schedule(time, () -> over.complete(true));
        try {
            get(
                    "the passing of " + time
                            + " by setup().ticker(), which is no TestTicker and so has to run by itself,",
                    over);
        } catch (ExecutionException e) {
            throw new AssertionError("an alarm cannot fail", e);
        } finally {
            alarm.cancel();
        }
    }

    /** Waits by the wall clock alone, for something that happens without the cloud's time. */
    final <T extends @Nullable Object> T get(String what, Future<T> future)
            throws InterruptedException, ExecutionException {
        try {
            return future.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError(what + " must come about, but did not within " + patience, e);
        }
    }

    /** A look for something. */
    @FunctionalInterface
    interface Look<T> {
        Optional<T> look() throws Exception;
    }

    /** Looks again and again, while both clocks move on, until something is there that a real process brings about. */
    final <T> T until(String what, ContractSetup setup, Look<T> look) throws Exception {
        Duration most = byHand != null ? patience : setup.bootBound().plus(patience);
        Duration step = byHand != null ? LOOK_PAUSE : setup.step();
        for (Duration waited = Duration.ZERO; waited.compareTo(most) < 0; waited = waited.plus(step)) {
            Optional<T> found = look.look();
            if (found.isPresent()) {
                return found.get();
            }
            if (byHand != null) {
                byHand.advance(LOOK_STEP);
                pauseOnTheWall();
            } else {
                pass(step);
            }
        }
        throw new AssertionError(what + " must come about, but did not within " + most);
    }

    /** Waits until a thread that makes a blocking call waits in it: the time would run ahead of one that still begins. */
    final Thread awaitBlocked(CompletableFuture<Thread> caller) throws InterruptedException, ExecutionException {
        Thread thread = get("the start of a thread", caller);
        for (Duration waited = Duration.ZERO;
                thread.getState() != Thread.State.WAITING && thread.isAlive() && waited.compareTo(patience) < 0;
                waited = waited.plus(LOOK_PAUSE)) {
            pauseOnTheWall();
        }
        return thread;
    }

    private static void pauseOnTheWall() throws InterruptedException, ExecutionException {
        CompletableFuture<Boolean> over = new CompletableFuture<>();
        over.completeOnTimeout(true, LOOK_PAUSE.toNanos(), TimeUnit.NANOSECONDS).get();
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
}
