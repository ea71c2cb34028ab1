package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.spi.Ticker;
import dev.failsafe.Failsafe;
import dev.failsafe.RetryPolicy;
import dev.failsafe.spi.Scheduler;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Repeats provider calls: server errors and unknown outcomes after a growing delay, throttling after the next full
 * minute, which is when the cloud counts anew (ecs-openapi, 1.4). Everything else fails at once.
 */
final class Retries {
    private static final Duration FIRST = Duration.ofMillis(500);
    private static final Duration LONGEST = Duration.ofSeconds(20);
    private static final int MAX = 12;

    private final Ticker ticker;
    private final Scheduler scheduler;

    Retries(Ticker ticker) {
        this.ticker = ticker;
        this.scheduler = new TickerScheduler(ticker);
    }

    /** Makes a call until it succeeds, fails for good, or a failed try would have to be repeated after the deadline. */
    <T> CompletableFuture<T> call(Instant deadline, Supplier<CompletableFuture<T>> call) {
        RetryPolicy<T> policy = RetryPolicy.<T>builder()
                .handleIf(failure -> mayRepeat(failure) && ticker.now().isBefore(deadline))
                .withMaxRetries(MAX)
                .withDelayFn(context -> delay(context.getLastException(), context.getAttemptCount()))
                .build();
        return Failsafe.with(policy).with(scheduler).getStageAsync(call::get);
    }

    private static boolean mayRepeat(Throwable failure) {
        return Failures.unwrap(failure) instanceof BuilderException e
                && (e instanceof ThrottledException || e instanceof dev.ephemeralbuilder.ProviderException)
                && e.retryable();
    }

    private Duration delay(Throwable failure, int attempts) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        if (Failures.unwrap(failure) instanceof ThrottledException) {
            Instant now = ticker.now();
            Instant nextMinute = now.truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
            return Duration.between(now, nextMinute).plusMillis(random.nextLong(5_000));
        }
        long longest = Math.min(LONGEST.toMillis(), FIRST.toMillis() << Math.min(attempts, 10));
        return Duration.ofMillis(longest / 2 + random.nextLong(longest / 2 + 1));
    }

    /** Lets Failsafe's asynchronous retries run on our time. */
    private static final class TickerScheduler implements Scheduler {
        private final Ticker ticker;

        TickerScheduler(Ticker ticker) {
            this.ticker = ticker;
        }

        @Override
        public ScheduledFuture<?> schedule(Callable<?> callable, long delay, TimeUnit unit) {
            Task<?> task = new Task<>(callable);
            task.scheduled = ticker.schedule(Duration.of(delay, unit.toChronoUnit()), task);
            return task;
        }
    }

    private static final class Task<T> extends FutureTask<T> implements ScheduledFuture<T> {
        private volatile Ticker.Scheduled scheduled = () -> {};

        Task(Callable<T> callable) {
            super(callable);
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            scheduled.cancel();
            // The ticker's thread is everyone's: it is never interrupted for one task.
            return super.cancel(false);
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return 0;
        }

        @Override
        public int compareTo(Delayed other) {
            return 0;
        }
    }
}
