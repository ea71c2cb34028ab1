package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.event.BuilderEvent.Detached;
import dev.ephemeralbuilder.event.BuilderEvent.Released;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Builders whose machine is left for a time. */
@Timeout(120)
@Tag("once")
class KeepTest {
    private final StateStore store = StateStore.inMemory();

    private BuildFleet.Builder sharing(BuildFleet.Builder fleet) {
        return fleet.stateStore(store);
    }

    private FleetRig rig() {
        return new FleetRig(cloud -> cloud, this::sharing);
    }

    /** Shorter than the lease, longer than it, and longer than the cap. */
    @ParameterizedTest
    @ValueSource(strings = {"PT3M", "PT40M", "PT7H"})
    void theLeaseEndsWhenTheTimeDoes(Duration time) throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            Instant before = rig.ticker.now();
            Instant until = rig.keep(builder, time);
            assertThat(until)
                    .isBetween(before.plus(time), rig.ticker.now().plus(time).plusSeconds(1));
            assertThat(rig.lease(builder.id())).isEqualTo(until);
            assertThat(rig.describe(builder.id()).cap().orElseThrow()).isAfterOrEqualTo(until);
            assertThat(rig.event(Detached.class).until()).isEqualTo(until);
        }
    }

    @Test
    void aCapThatIsFarEnoughAwayStays() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            Instant cap = rig.cap(builder.id());
            rig.keep(builder, Duration.ofMinutes(40));
            assertThat(rig.cap(builder.id())).isEqualTo(cap);
            assertThat(rig.cloud.calls(Call.EXTEND)).isZero();
        }
    }

    @Test
    void whereNoCapCanBeRaisedItIsTheEnd() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.cloud.failNext(Call.EXTEND, new ConfigurationException("not here", null, null, null));
            assertThat(rig.keep(builder, Duration.ofHours(9)))
                    .isEqualTo(rig.cap(builder.id()))
                    .isEqualTo(rig.lease(builder.id()));
        }
    }

    @Test
    void itIsAnOrphanAfterThatAndNotBefore() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            BuildFleet later = rig.another(this::sharing);
            rig.keep(builder, Duration.ofMinutes(30));
            rig.close(rig.fleet);
            rig.pass(Duration.ofMinutes(29));
            assertThat(rig.blocking(later::reap).deleted()).isEmpty();
            rig.pass(Duration.ofMinutes(3));
            rig.blocking(later::reap);
            rig.passUntilEmpty(Duration.ofMinutes(1));
        }
    }

    @Test
    void closingTheBuilderDoesNothingMore() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.keep(builder, Duration.ofMinutes(30));
            builder.close();
            rig.pass(Duration.ofMinutes(20));
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
            assertThat(rig.events(Released.class)).isEmpty();
            assertThatThrownBy(() -> rig.await(builder.start(Script.of("true"))))
                    .isInstanceOf(BuilderLostException.class)
                    .hasMessageContaining("detached");
        }
    }

    @Test
    void whatWasDetachedByAnotherProcessCanBeKeptForLess() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.detach(builder);
            EphemeralBuilder attached = rig.await(rig.another(this::sharing).attachAsync(builder.id()));
            Instant until = rig.keep(attached, Duration.ofMinutes(15));
            assertThat(until).isBefore(rig.cap(builder.id()));
            assertThat(rig.lease(builder.id())).isEqualTo(until);
        }
    }

    @Test
    void whoeverHoldsTheMachineTooGoesOnHoldingIt() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            EphemeralBuilder attached = rig.await(rig.another(this::sharing).attachAsync(builder.id()));
            rig.keep(attached, Duration.ofMinutes(5));
            rig.pass(Duration.ofMinutes(30));
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
            assertThat(rig.await(builder.start(Script.of("true"))).id()).isNotEmpty();
        }
    }

    @Test
    void theFirstTimeHolds() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            Instant until = rig.keep(builder, Duration.ofMinutes(30));
            int calls = rig.cloud.calls(Call.RENEW);
            assertThat(rig.keep(builder, Duration.ofMinutes(50))).isEqualTo(until);
            rig.detach(builder);
            assertThat(rig.cloud.calls(Call.RENEW)).isEqualTo(calls);
            assertThat(rig.lease(builder.id())).isEqualTo(until);
        }
    }

    @Test
    void twoAtOnceAgree() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            CompletableFuture<Instant> one = rig.inBackground(() -> builder.keep(Duration.ofMinutes(30)));
            CompletableFuture<Instant> other = rig.inBackground(() -> builder.keep(Duration.ofHours(9)));
            Instant until = rig.awaitBlocked(one);
            assertThat(rig.awaitBlocked(other)).isEqualTo(until).isEqualTo(rig.lease(builder.id()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"EXTEND", "RENEW"})
    void whatTheCloudRefusesLeavesTheBuilderHeld(Call call) {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            BuilderException refusal = new CredentialsException("no right to", "Forbidden.RAM", null, null);
            rig.cloud.failNext(call, refusal);
            assertThatThrownBy(() -> rig.keep(builder, Duration.ofHours(9))).isSameAs(refusal);
            assertThat(rig.events(Detached.class)).isEmpty();
            builder.close();
            rig.await(builder.gone());
            assertThat(rig.cloud.machines()).isEmpty();
        }
    }

    @Test
    void aMachineThatIsGoneIsLostAndNotKept() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.cloud.vanish(builder.id());
            assertThatThrownBy(() -> rig.keep(builder, Duration.ofMinutes(30)))
                    .isInstanceOf(BuilderLostException.class);
            rig.await(builder.gone());
        }
    }

    @Test
    void aBuilderThatWasClosedCannotBeKept() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            builder.close();
            assertThatThrownBy(() -> rig.keep(builder, Duration.ofMinutes(30)))
                    .isInstanceOf(BuilderLostException.class);
            rig.await(builder.gone());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-1S"})
    void noTimeIsNotATime(Duration time) {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            assertThatThrownBy(() -> builder.keep(time)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
