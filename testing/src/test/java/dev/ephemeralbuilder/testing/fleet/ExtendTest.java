package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A builder that has to live longer than it was launched for. */
@Timeout(120)
class ExtendTest {
    private static final MachineSpec SHORT = MachineSpec.builder()
            .vcpus(2)
            .memoryGib(4)
            .machineImage("m-any")
            .maxLifetime(Duration.ofHours(1))
            .build();

    private final StateStore store = StateStore.inMemory();

    private FleetRig rig() {
        return rig(Duration.ZERO);
    }

    private FleetRig rig(Duration cloudsSkew) {
        return new FleetRig(cloud -> cloud.clockSkew(cloudsSkew), fleet -> fleet.stateStore(store));
    }

    private static Instant extend(FleetRig rig, EphemeralBuilder builder, Duration lifetime) {
        return rig.blocking(() -> builder.extend(lifetime));
    }

    @Test
    void theCloudEndsTheMachineLater() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(SHORT);
            Instant before = rig.ticker.now();
            Instant cap = extend(rig, builder, Duration.ofHours(5));
            assertThat(cap)
                    .isBetween(
                            before.plus(Duration.ofHours(5)),
                            rig.ticker.now().plus(Duration.ofHours(5)).plusSeconds(60));
            assertThat(cap).isEqualTo(cap.truncatedTo(ChronoUnit.MINUTES));
            assertThat(rig.describe(builder.id()).cap()).contains(cap);
            rig.pass(Duration.ofHours(3));
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
        }
    }

    @Test
    void theRecordFollows() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(SHORT);
            Instant cap = extend(rig, builder, Duration.ofHours(5));
            assertThat(store.readAll(Kind.BUILDER).values())
                    .singleElement()
                    .satisfies(record -> assertThat(record).containsEntry("cap", cap.toString()));
        }
    }

    @Test
    void aDetachedMachineIsLeftUntilTheNewCap() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(SHORT);
            Instant cap = extend(rig, builder, Duration.ofHours(5));
            rig.detach(builder);
            assertThat(rig.lease(builder.id())).isEqualTo(cap);
        }
    }

    @Test
    void aCapIsNeverLowered() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(SHORT);
            Instant cap = rig.describe(builder.id()).cap().orElseThrow();
            assertThat(extend(rig, builder, Duration.ofMinutes(20))).isEqualTo(cap);
            assertThat(rig.cloud.calls(Call.EXTEND)).isZero();
        }
    }

    @Test
    void whatAnotherProcessHasRaisedIsNotLowered() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(SHORT);
            Instant far = rig.cloud.extend(builder.id(), rig.ticker.now().plus(Duration.ofHours(9)));
            assertThat(extend(rig, builder, Duration.ofHours(5))).isEqualTo(far);
            assertThat(rig.cloud.calls(Call.EXTEND)).isEqualTo(1);
        }
    }

    @Test
    void twoAtOnceEndWithTheLaterOne() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(SHORT);
            CompletableFuture<Instant> longer = rig.inBackground(() -> builder.extend(Duration.ofHours(7)));
            CompletableFuture<Instant> shorter = rig.inBackground(() -> builder.extend(Duration.ofHours(5)));
            Instant cap = rig.awaitBlocked(longer);
            assertThat(rig.awaitBlocked(shorter)).isBeforeOrEqualTo(cap);
            assertThat(rig.describe(builder.id()).cap()).contains(cap);
        }
    }

    @Test
    void theTimeIsTheClouds() {
        try (FleetRig rig = rig(Duration.ofMinutes(12))) {
            EphemeralBuilder builder = rig.acquire(SHORT);
            assertThat(extend(rig, builder, Duration.ofHours(5)))
                    .isAfter(rig.ticker
                            .now()
                            .plus(Duration.ofMinutes(12))
                            .plus(Duration.ofHours(5))
                            .minusSeconds(10));
        }
    }

    @Test
    void anAnswerThatIsLostIsAskedForAgain() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(SHORT);
            rig.cloud.loseNextAnswer(Call.EXTEND);
            Instant cap = extend(rig, builder, Duration.ofHours(5));
            assertThat(rig.describe(builder.id()).cap()).contains(cap);
            assertThat(rig.cloud.calls(Call.EXTEND)).isEqualTo(2);
        }
    }

    @Test
    void aCloudThatCannotSaysSo() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(SHORT);
            rig.cloud.failNext(Call.EXTEND, new ConfigurationException("caps are fixed here", null, null, null));
            assertThatThrownBy(() -> extend(rig, builder, Duration.ofHours(5)))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("caps are fixed here");
        }
    }

    @Test
    void aMachineThatIsGoneIsLost() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(SHORT);
            rig.cloud.vanish(builder.id());
            assertThatThrownBy(() -> extend(rig, builder, Duration.ofHours(5)))
                    .isInstanceOf(BuilderLostException.class);
            rig.await(builder.gone());
        }
    }

    @Test
    void aClosedBuilderIsNotExtended() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(SHORT);
            builder.close();
            assertThatThrownBy(() -> extend(rig, builder, Duration.ofHours(5)))
                    .isInstanceOf(BuilderLostException.class);
        }
    }

    @Test
    void noTimeIsRefused() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire(SHORT);
            assertThatThrownBy(() -> builder.extend(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
