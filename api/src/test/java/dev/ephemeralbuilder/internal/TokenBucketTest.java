package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.ConfigurationException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenBucketTest {
    private static final Instant T0 = Instant.parse("2026-01-01T00:00:10Z");

    /** Random callers, random throttling, random gaps: no window of a minute ever holds more than the limit. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void neverMoreThanTheLimitInAnyMinute(long seed) {
        Random random = new Random(seed);
        int limit = 2 + random.nextInt(400);
        TokenBucket bucket = TokenBucket.full(limit, T0);
        Deque<Instant> made = new ArrayDeque<>();
        Instant now = T0;
        for (int i = 0; i < 5_000; i++) {
            TokenBucket.Taken taken = bucket.take(1 + random.nextInt(20), limit, now);
            bucket = taken.after();
            for (int n = 0; n < taken.granted(); n++) {
                made.addLast(now);
            }
            if (random.nextInt(50) == 0) {
                bucket = bucket.throttled(limit, now, Duration.ofMillis(random.nextInt(3_000)));
            }
            Instant windowStart = now.minusSeconds(60);
            while (!made.isEmpty() && !made.peekFirst().isAfter(windowStart)) {
                made.removeFirst();
            }
            assertThat(made.size())
                    .as("calls in the minute before %s of %d", now, limit)
                    .isLessThanOrEqualTo(limit);
            // Through the store and back changes nothing.
            assertThat(TokenBucket.of(bucket.document(), limit, now)).isEqualTo(bucket);
            now = now.plusMillis(random.nextInt(400));
        }
    }

    @Test
    void whoWaitsAsLongAsToldGetsATurn() {
        TokenBucket bucket = TokenBucket.full(60, T0);
        Instant now = T0;
        for (int i = 0; i < 200; i++) {
            TokenBucket.Taken taken = bucket.take(1, 60, now);
            if (taken.granted() == 0) {
                now = now.plus(taken.pause());
                taken = taken.after().take(1, 60, now);
            }
            assertThat(taken.granted()).isEqualTo(1);
            bucket = taken.after();
        }
        assertThat(Duration.between(T0, now)).isBetween(Duration.ofMinutes(3), Duration.ofMinutes(4));
    }

    @Test
    void throttlingStopsUntilTheNextMinuteAndHalvesTheFlow() {
        TokenBucket throttled = TokenBucket.full(100, T0).throttled(100, T0, Duration.ofMillis(700));
        assertThat(throttled.take(1, 100, T0.plusSeconds(49)).granted()).isZero();
        assertThat(throttled.take(1, 100, T0).pause()).isEqualTo(Duration.ofMillis(50_700));
        assertThat(throttled.perMinute()).isEqualTo(45.0);
        // The answers to what was under way meanwhile do not halve it again.
        assertThat(throttled.throttled(100, T0.plusSeconds(1), Duration.ZERO).perMinute())
                .isEqualTo(45.0);
    }

    @Test
    void theFlowGrowsBack() {
        TokenBucket bucket = TokenBucket.full(100, T0).throttled(100, T0, Duration.ZERO);
        Instant end = bucket.blockedUntil();
        assertThat(bucket.take(1, 100, end.plusSeconds(60)).after().perMinute()).isEqualTo(54.0);
        assertThat(bucket.take(1, 100, end.plusSeconds(1_000)).after().perMinute())
                .isEqualTo(90.0);
    }

    @Test
    void aClockThatIsSetBackNeitherStopsNorFloods() {
        Instant ahead = T0.plus(Duration.ofDays(1));
        TokenBucket bucket = TokenBucket.full(100, ahead).throttled(100, ahead, Duration.ZERO);
        TokenBucket.Taken taken = bucket.take(1, 100, T0);
        assertThat(taken.granted()).isZero();
        assertThat(taken.pause()).isLessThanOrEqualTo(Duration.ofMinutes(1));
        assertThat(taken.after().take(1, 100, T0.plus(taken.pause())).granted()).isEqualTo(1);
    }

    /** Several processes look at the clock and then queue for the store: who comes later may have looked earlier. */
    @ParameterizedTest
    @ValueSource(ints = {10, 60, 600})
    void callersWhoseLookAtTheClockIsOldDoNotLetMoreFlowIn(int limit) {
        TokenBucket bucket = TokenBucket.full(limit, T0);
        int granted = 0;
        Instant now = T0;
        while (now.isBefore(T0.plusSeconds(60))) {
            TokenBucket.Taken fresh = bucket.take(20, limit, now);
            TokenBucket.Taken late = fresh.after().take(20, limit, now.minusMillis(900));
            bucket = late.after();
            granted += fresh.granted() + late.granted();
            now = now.plusMillis(1_000);
        }
        assertThat(granted).isLessThanOrEqualTo(limit);
    }

    @Test
    void shortPausesAddUpToTheWholeFlow() {
        TokenBucket bucket = TokenBucket.full(600, T0);
        int granted = 0;
        for (long micros = 0; micros < 60_000_000; micros += 900) {
            TokenBucket.Taken taken = bucket.take(20, 600, T0.plusNanos(micros * 1_000));
            bucket = taken.after();
            granted += taken.granted();
        }
        assertThat(granted).isBetween(590, 600);
    }

    @Test
    void aRecordThatCannotBeReadIsAnError() {
        assertThatThrownBy(() -> TokenBucket.of(Map.of("tokens", "many"), 10, T0))
                .isInstanceOf(ConfigurationException.class);
    }
}
