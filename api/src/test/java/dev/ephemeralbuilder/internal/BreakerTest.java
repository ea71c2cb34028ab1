package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class BreakerTest {
    private final HandTicker ticker = new HandTicker(Instant.parse("2026-01-01T00:00:00Z"));
    private final Breaker breaker = new Breaker(ticker, "a cloud");

    private void fail(int times) {
        for (int i = 0; i < times; i++) {
            breaker.failed();
        }
    }

    @Test
    void opensAfterFiveFailuresInARow() {
        fail(4);
        breaker.succeeded();
        fail(4);
        assertThat(breaker.open()).isFalse();
        fail(1);
        assertThat(breaker.open()).isTrue();
        assertThat(breaker.untilNextTry()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void letsOneThroughPerPauseAndPausesLongerAfterEachThatFails() {
        fail(5);
        for (int seconds : new int[] {5, 10, 20, 40, 60, 60}) {
            assertThat(breaker.untilNextTry()).isEqualTo(Duration.ofSeconds(seconds));
            ticker.advance(Duration.ofSeconds(seconds));
            assertThat(breaker.untilNextTry()).isZero();
            assertThat(breaker.untilNextTry()).isPositive();
            fail(1);
        }
    }

    @Test
    void whatWasUnderWayWhenItOpenedDoesNotLengthenThePause() {
        fail(30);
        assertThat(breaker.untilNextTry()).isEqualTo(Duration.ofSeconds(5));
        ticker.advance(Duration.ofSeconds(5));
        assertThat(breaker.untilNextTry()).isZero();
    }

    @Test
    void oneSuccessOpensTheWay() {
        fail(6);
        breaker.succeeded();
        assertThat(breaker.open()).isFalse();
        assertThat(breaker.untilNextTry()).isZero();
        fail(5);
        assertThat(breaker.untilNextTry()).isEqualTo(Duration.ofSeconds(5));
    }
}
