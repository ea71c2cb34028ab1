package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AccessKeysTest {
    private final MovedClock clock = new MovedClock();
    private final AccessKeys keys = new AccessKeys(key -> key.equals("permanent") ? "secret" : null, clock);

    @Test
    void temporaryKeysAreGoodUntilTheyExpire() {
        TemporaryKeys made = keys.issue(Duration.ofMinutes(15));
        assertThat(made.accessKeyId()).startsWith("STS.");
        assertThat(made.expiration()).isEqualTo(clock.instant().plus(Duration.ofMinutes(15)));
        clock.now = clock.now.plus(Duration.ofMinutes(15).minusMillis(1));
        assertThat(keys.secret(made.accessKeyId(), made.securityToken())).isEqualTo(made.accessKeySecret());
        clock.now = made.expiration();
        assertThat(code(made.accessKeyId(), made.securityToken())).isEqualTo("InvalidSecurityToken.Expired");
    }

    @Test
    void newKeysLeaveTheOldOnesGood() {
        TemporaryKeys first = keys.issue(Duration.ofHours(1));
        TemporaryKeys second = keys.issue(Duration.ofHours(1));
        assertThat(keys.secret(first.accessKeyId(), first.securityToken())).isEqualTo(first.accessKeySecret());
        assertThat(keys.secret(second.accessKeyId(), second.securityToken()))
                .isEqualTo(second.accessKeySecret())
                .isNotEqualTo(first.accessKeySecret());
    }

    @Test
    void keyAndTokenMustGoTogether() {
        TemporaryKeys one = keys.issue(Duration.ofHours(1));
        TemporaryKeys other = keys.issue(Duration.ofHours(1));
        assertThat(code(one.accessKeyId(), other.securityToken()))
                .isEqualTo("InvalidSecurityToken.MismatchWithAccessKey");
        assertThat(code("permanent", one.securityToken())).isEqualTo("InvalidSecurityToken.MismatchWithAccessKey");
        assertThat(code(one.accessKeyId(), "nonsense")).isEqualTo("InvalidSecurityToken.Malformed");
        assertThat(code(one.accessKeyId(), null)).isEqualTo("MissingSecurityToken");
        assertThat(code("STS.nobody", one.securityToken())).isEqualTo("InvalidAccessKeyId.NotFound");
        assertThat(keys.secret("permanent", null)).isEqualTo("secret");
    }

    @Test
    void oldestOfVeryManyIsForgotten() {
        List<TemporaryKeys> made = new ArrayList<>();
        for (int i = 0; i < 10_001; i++) {
            made.add(keys.issue(Duration.ofHours(1)));
        }
        assertThat(code(made.get(0).accessKeyId(), made.get(0).securityToken()))
                .isEqualTo("InvalidAccessKeyId.NotFound");
        assertThat(code(made.get(1).accessKeyId(), made.get(1).securityToken())).isEqualTo("accepted");
    }

    @Test
    void secretsAreNotInTheText() {
        TemporaryKeys made = keys.issue(Duration.ofHours(1));
        assertThat(made.toString() + keys).doesNotContain(made.accessKeySecret(), made.securityToken());
    }

    @Test
    void lifetimeMustNotBeNegative() {
        try (AlibabaCloudSimulator cloud = AlibabaCloudSimulator.builder().start()) {
            assertThatThrownBy(() -> cloud.temporaryKeys(Duration.ofSeconds(-1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("PT-1S");
        }
    }

    private String code(String keyId, @Nullable String token) {
        try {
            keys.secret(keyId, token);
            return "accepted";
        } catch (ApiError e) {
            return e.code();
        }
    }

    private static final class MovedClock extends Clock {
        private Instant now = Instant.parse("2026-01-05T08:00:00Z");

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException("nobody asks for the zone");
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
