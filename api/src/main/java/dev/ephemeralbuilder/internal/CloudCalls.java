package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.event.CloudEvent;
import dev.ephemeralbuilder.event.CloudEvent.Delayed.Reason;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The only door to one provider's cloud: each call waits for its turn under the rate limit, is held back while the cloud
 * does not work, and tells both how it went. Confined to the ticker; futures complete there.
 */
final class CloudCalls {
    /** Less is the state store's time and no wait. */
    private static final Duration WORTH_TELLING = Duration.ofMillis(100);

    private final CloudProvider provider;
    private final Ticker ticker;
    private final Calls calls;
    private final Retries retries;
    private final RateLimits limits;
    private final Breaker breaker;
    private final CloudClock clock;
    private final Events events;

    CloudCalls(CloudProvider provider, Ticker ticker, Calls calls, Retries retries, RateLimits limits, Events events) {
        this.provider = provider;
        this.ticker = ticker;
        this.calls = calls;
        this.retries = retries;
        this.limits = limits;
        this.breaker = new Breaker(ticker, provider.name() + " in " + provider.region());
        this.clock = new CloudClock(ticker);
        this.events = events;
        provider.onCloudTime(clock::learn);
    }

    CloudProvider provider() {
        return provider;
    }

    CloudClock clock() {
        return clock;
    }

    /** Makes a call until it succeeds, fails for good, or a failed try would have to be repeated after the deadline. */
    <T> CompletableFuture<T> repeat(CloudAction action, Instant deadline, Callable<T> call) {
        AtomicInteger attempts = new AtomicInteger();
        return retries.call(
                deadline, () -> turn(action).thenCompose(v -> made(action, attempts.incrementAndGet(), call)));
    }

    /** Waits for the turn of one call, which is to be made with {@link #repeatWithTurn} soon. */
    CompletableFuture<Void> turn(CloudAction action) {
        return delayed(action, Reason.OUTAGE, () -> ready(action))
                .thenCompose(admitted -> delayed(action, Reason.RATE_LIMIT, () -> limits.turn(limit(action), action))
                        .thenCompose(v ->
                                admitted || !breaker.open() ? CompletableFuture.completedFuture(null) : turn(action)));
    }

    /** Makes a call as {@link #repeat} does, whose first try has had its {@link #turn}. */
    <T> CompletableFuture<T> repeatWithTurn(CloudAction action, Instant deadline, Callable<T> call) {
        AtomicInteger attempts = new AtomicInteger();
        return retries.call(deadline, () -> {
            int attempt = attempts.incrementAndGet();
            return attempt == 1
                    ? made(action, attempt, call)
                    : turn(action).thenCompose(v -> made(action, attempt, call));
        });
    }

    /** Waits until something may be opened on a machine: at once, unless that is a call to the cloud. */
    CompletableFuture<Void> openTurn() {
        return provider.limits().opensAreCalls()
                ? delayed(
                        CloudAction.OPEN,
                        Reason.RATE_LIMIT,
                        () -> limits.turn(limit(CloudAction.OPEN), CloudAction.OPEN))
                : CompletableFuture.completedFuture(null);
    }

    /** Something was opened on a machine with one try, or was not. */
    void opened(Instant began, @Nullable Throwable failure) {
        if (provider.limits().opensAreCalls()) {
            tell(CloudAction.OPEN, 1, began, failure == null ? null : Failures.asBuilderException(failure));
        }
    }

    /** Nothing could be opened on a machine: a machine that does not answer says nothing about the cloud. */
    void openFailed(BuilderException reason) {
        if (reason instanceof ThrottledException && provider.limits().opensAreCalls()) {
            limits.throttled(limit(CloudAction.OPEN));
        }
    }

    /** Makes a call once. */
    <T> CompletableFuture<T> once(CloudAction action, Callable<T> call) {
        return turn(action).thenCompose(v -> made(action, 1, call));
    }

    private <T> CompletableFuture<T> delayed(CloudAction action, Reason reason, Supplier<CompletableFuture<T>> wait) {
        Instant began = ticker.now();
        return wait.get().thenApply(turn -> {
            Instant now = ticker.now();
            Duration took = Duration.between(began, now);
            if (took.compareTo(WORTH_TELLING) >= 0) {
                events.publish(new CloudEvent.Delayed(now, provider.name(), provider.region(), action, reason, took));
            }
            return turn;
        });
    }

    private void tell(CloudAction action, int attempt, Instant began, @Nullable BuilderException failure) {
        Instant now = ticker.now();
        events.publish(new CloudEvent.Called(
                now, provider.name(), provider.region(), action, attempt, Duration.between(began, now), failure));
    }

    /**
     * Waits while the cloud does not work. What gives machines back is never held back; what only asks for a choice fails
     * at once, so that others may serve.
     *
     * @return whether the call may be made even if the cloud is found not to work while it waits for its turn
     */
    private CompletableFuture<Boolean> ready(CloudAction action) {
        if (action.compareTo(CloudAction.EXTEND) <= 0) {
            return CompletableFuture.completedFuture(true);
        }
        boolean wasOpen = breaker.open();
        Duration wait = breaker.untilNextTry();
        if (wait.isZero()) {
            return CompletableFuture.completedFuture(wasOpen);
        }
        if (action == CloudAction.MARKET) {
            return CompletableFuture.failedFuture(new ProviderException(
                    provider.name() + " in " + provider.region()
                            + " has failed several times in a row and is not asked for the next "
                            + Math.max(1, wait.toSeconds()) + " s",
                    ProviderException.Effect.NONE,
                    false,
                    null,
                    null,
                    null));
        }
        return Stages.after(ticker, wait).thenCompose(v -> ready(action));
    }

    /** What a provider should not have thrown fails as one of our types too. */
    private <T> CompletableFuture<T> made(CloudAction action, int attempt, Callable<T> call) {
        Instant began = ticker.now();
        return Stages.then(calls.run(action, call), (value, failure) -> {
            if (failure == null) {
                breaker.succeeded();
                tell(action, attempt, began, null);
                return CompletableFuture.completedFuture(value);
            }
            if (Calls.isStopped(failure)) {
                return CompletableFuture.failedFuture(failure);
            }
            BuilderException reason = Failures.asBuilderException(failure);
            tell(action, attempt, began, reason);
            if (reason instanceof ThrottledException) {
                limits.throttled(limit(action));
            }
            if (reason instanceof ProviderException && reason.retryable()) {
                breaker.failed();
            } else {
                // It has answered, if only with a no.
                breaker.succeeded();
            }
            return CompletableFuture.failedFuture(reason);
        });
    }

    private RateLimits.Limit limit(CloudAction action) {
        return new RateLimits.Limit(
                String.join(
                        "/",
                        provider.name(),
                        provider.region(),
                        provider.account(),
                        provider.limits().bucket(action)),
                provider.limits().callsPerMinute(action));
    }
}
