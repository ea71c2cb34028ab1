package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class CloudClockTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    /** A clock of a host that is set by hand; nothing is scheduled here. */
    private static final class HostClock implements Ticker {
        private Instant now = START;

        @Override
        public Instant now() {
            return now;
        }

        @Override
        public Scheduled schedule(Duration delay, Runnable task) {
            throw new UnsupportedOperationException("a clock only");
        }

        @Override
        public void execute(Runnable task) {
            throw new UnsupportedOperationException("a clock only");
        }

        @Override
        public void close() {}
    }

    private final HostClock host = new HostClock();
    private final CloudClock clock = new CloudClock(host);

    private void answer(Duration lead) {
        clock.learn(host.now.plus(lead));
    }

    @Test
    void nobodyKnowsTheTimeBeforeTheFirstAnswer() {
        assertThat(clock.now()).isEqualTo(START);
        assertThat(clock.atLeast()).isEqualTo(START.minus(CloudClock.UNKNOWN));
        assertThat(clock.isSteady()).isTrue();
    }

    @Test
    void aHostThatIsTwelveMinutesSlowLearnsIt() {
        answer(Duration.ofMinutes(12));
        assertThat(clock.now()).isEqualTo(START.plus(Duration.ofMinutes(12)));
        assertThat(clock.atLeast()).isEqualTo(clock.now());
        assertThat(clock.of(START.plusSeconds(5)))
                .isEqualTo(START.plus(Duration.ofMinutes(12)).plusSeconds(5));
    }

    @Test
    void theResolutionOfTheHeaderIsNoDifference() {
        answer(Duration.ofMillis(-999));
        answer(Duration.ofMillis(-10));
        assertThat(clock.now()).isEqualTo(START);
        assertThat(clock.atLeast()).isEqualTo(START);
    }

    @Test
    void aSlowAnswerDoesNotPutTheTimeBackButIsNotIgnoredWhereSomethingMayBeDeleted() {
        answer(Duration.ofMinutes(5));
        answer(Duration.ofMinutes(5).minusSeconds(14));
        assertThat(clock.now()).isEqualTo(START.plus(Duration.ofMinutes(5)));
        assertThat(clock.atLeast()).isEqualTo(START.plus(Duration.ofMinutes(5)).minusSeconds(14));
        assertThat(clock.isSteady()).isTrue();
    }

    @Test
    void afterAJumpOfTheHostsClockNothingIsTakenForSurelyPassed() {
        answer(Duration.ZERO);
        host.now = host.now.plus(Duration.ofHours(1));
        answer(Duration.ofHours(-1));
        assertThat(clock.isSteady()).isFalse();
        assertThat(clock.atLeast()).isEqualTo(START);
        clock.restart();
        assertThat(clock.isSteady()).isTrue();
        assertThat(clock.now()).isEqualTo(START);
    }

    @Test
    void oldAnswersAreForgotten() {
        answer(Duration.ofMinutes(-30));
        for (int i = 0; i < 8; i++) {
            answer(Duration.ofMinutes(3));
        }
        assertThat(clock.isSteady()).isTrue();
        assertThat(clock.atLeast()).isEqualTo(START.plus(Duration.ofMinutes(3)));
    }
}
