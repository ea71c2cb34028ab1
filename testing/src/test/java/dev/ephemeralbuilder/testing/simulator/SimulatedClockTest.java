package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SimulatedClockTest {
    private static final Instant START = Instant.parse("2026-01-05T08:00:00Z");

    @Test
    void manualClockRunsTheTasksOfAllTickersInOrder() {
        SimulatedClock clock = SimulatedClock.manual(START);
        List<String> ran = new CopyOnWriteArrayList<>();
        try (Ticker one = clock.newTicker("ephemeral-test-1");
                Ticker two = clock.newTicker("ephemeral-test-2")) {
            one.schedule(Duration.ofSeconds(30), () -> ran.add("third at " + clock.now()));
            two.schedule(Duration.ofSeconds(10), () -> {
                ran.add("first at " + clock.now());
                one.schedule(Duration.ofSeconds(5), () -> ran.add("second at " + clock.now()));
            });
            two.schedule(Duration.ofSeconds(12), () -> ran.add("never")).cancel();
            one.schedule(Duration.ofSeconds(90), () -> ran.add("later"));
            clock.advance(Duration.ofMinutes(1));
        }
        assertThat(ran)
                .containsExactly(
                        "first at 2026-01-05T08:00:10Z",
                        "second at 2026-01-05T08:00:15Z",
                        "third at 2026-01-05T08:00:30Z");
        assertThat(clock.now()).isEqualTo(START.plusSeconds(60));
    }

    @Test
    void taskThatThrowsDoesNotStopTheClock() {
        SimulatedClock clock = SimulatedClock.manual(START);
        List<String> ran = new CopyOnWriteArrayList<>();
        try (Ticker ticker = clock.newTicker("ephemeral-test")) {
            ticker.schedule(Duration.ofSeconds(1), () -> {
                throw new IllegalStateException("on purpose");
            });
            ticker.schedule(Duration.ofSeconds(2), () -> ran.add("next"));
            clock.advance(Duration.ofSeconds(3));
        }
        assertThat(ran).containsExactly("next");
    }

    @Test
    void scaledClockGetsThroughAnHourInASecond() throws Exception {
        SimulatedClock clock = SimulatedClock.scaled(36_000);
        CountDownLatch hour = new CountDownLatch(1);
        try (Ticker ticker = clock.newTicker("ephemeral-test")) {
            Instant before = ticker.now();
            ticker.schedule(Duration.ofHours(1), hour::countDown);
            assertThat(hour.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(ticker.now()).isAfter(before.plus(Duration.ofMinutes(59)));
        }
    }

    @Test
    void clockThatRunsByItselfIsNotMovedByHand() {
        assertThatThrownBy(() -> SimulatedClock.wall().advance(Duration.ofSeconds(1)))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> SimulatedClock.scaled(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
