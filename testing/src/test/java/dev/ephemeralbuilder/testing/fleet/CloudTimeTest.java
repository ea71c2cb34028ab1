package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.EphemeralBuilder;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Leases and caps are times of the cloud, however wrong this host's clock is. */
@Timeout(120)
class CloudTimeTest {
    private static FleetRig rig(int skew) {
        return new FleetRig(cloud -> cloud.clockSkew(Duration.ofMinutes(skew)), fleet -> fleet);
    }

    @ParameterizedTest
    @ValueSource(ints = {-12, 0, 12})
    void theFirstLeaseAndTheCapAreInTheCloudsTime(int skew) throws Exception {
        try (FleetRig rig = rig(skew)) {
            EphemeralBuilder builder = rig.acquire();
            Instant created = rig.describe(builder.id()).createdAt();
            assertThat(rig.lease(builder.id()))
                    .isBetween(
                            created.plus(Duration.ofMinutes(10)).minusSeconds(5), created.plus(Duration.ofMinutes(10)));
            assertThat(Duration.between(created, rig.cap(builder.id())))
                    .isBetween(
                            FleetRig.SPEC.maxLifetime().minusSeconds(5),
                            FleetRig.SPEC.maxLifetime().plusSeconds(60));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-12, 0, 12})
    void theLeaseStaysAheadOfTheCloudsTime(int skew) throws Exception {
        try (FleetRig rig = rig(skew)) {
            String id = rig.acquire().id();
            for (int i = 0; i < 20; i++) {
                rig.pass(Duration.ofMinutes(2));
                Instant cloudsTime = rig.ticker.now().plus(Duration.ofMinutes(skew));
                assertThat(rig.lease(id)).isAfter(cloudsTime.plus(Duration.ofMinutes(5)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-12, 12})
    void aListJudgesLeasesByTheCloudsTime(int skew) {
        try (FleetRig rig = rig(skew)) {
            String id = rig.acquire().id();
            assertThat(rig.blocking(rig.fleet::list)).singleElement().satisfies(summary -> {
                assertThat(summary.id()).isEqualTo(id);
                assertThat(summary).matches(s -> !s.orphan(), "is no orphan");
            });
        }
    }
}
