package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.spi.CloudAction;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CallsTest {
    private final HandTicker ticker = new HandTicker(Instant.parse("2026-01-01T00:00:00Z"));
    private final Calls calls = new Calls(ticker, "test", 1);
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch free = new CountDownLatch(1);

    private CompletableFuture<Boolean> occupy() throws InterruptedException {
        CompletableFuture<Boolean> first = calls.run(() -> {
            begun.countDown();
            return free.await(30, TimeUnit.SECONDS);
        });
        assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
        return first;
    }

    private void awaitDone(CompletableFuture<?> future) {
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
            ticker.advance(Duration.ZERO);
            return future.isDone();
        });
    }

    @Test
    void whatStillWaitsWhenThePoolStopsFailsAndHoldsNoTime() throws InterruptedException {
        CompletableFuture<Boolean> first = occupy();
        CompletableFuture<String> second = calls.run(() -> "never made");

        assertThat(calls.stop(Duration.ofSeconds(20))).isTrue();

        awaitDone(first);
        awaitDone(second);
        for (CompletableFuture<?> call : List.of(first, second)) {
            assertThat(call).failsWithin(Duration.ZERO).withThrowableThat().isInstanceOf(CancellationException.class);
        }
        assertThat(ticker.openHolds()).isZero();
        assertThat(calls.run(() -> "too late")).isCompletedExceptionally();
        assertThat(ticker.openHolds()).isZero();
    }

    @Test
    void theUrgentGoFirstAndAmongEqualsTheOlder() throws InterruptedException {
        CompletableFuture<Boolean> first = occupy();
        List<String> order = new ArrayList<>();
        List<CompletableFuture<Boolean>> begun = List.of(
                calls.run(CloudAction.DESCRIBE, () -> order.add("describe")),
                calls.run(CloudAction.LAUNCH, () -> order.add("launch 1")),
                calls.run(CloudAction.MARKET, () -> order.add("market")),
                calls.run(CloudAction.LAUNCH, () -> order.add("launch 2")),
                calls.run(CloudAction.DELETE, () -> order.add("delete")));
        free.countDown();

        awaitDone(first);
        begun.forEach(this::awaitDone);
        assertThat(order).containsExactly("delete", "launch 1", "launch 2", "describe", "market");
        assertThat(calls.stop(Duration.ofSeconds(20))).isTrue();
    }
}
