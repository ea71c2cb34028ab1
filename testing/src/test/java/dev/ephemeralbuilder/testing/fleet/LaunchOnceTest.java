package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.FleetRig.SPEC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.DuplicateRequestException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Create calls whose outcome is unknown, refused or delayed: never two machines, never one that nobody owns. */
@Timeout(120)
class LaunchOnceTest {
    private static ProviderException failed(Effect effect, boolean retryable) {
        return new ProviderException("the server has a bad day", effect, retryable, "InternalError", "req-1", null);
    }

    private static ThrottledException throttled() {
        return new ThrottledException("too many calls", "Throttling.User", "req-2", null);
    }

    private static void assertOnlyMachine(FleetRig rig, EphemeralBuilder builder) {
        assertThat(rig.cloud.machines()).containsExactly(builder.id());
        rig.pass(Duration.ofMinutes(15));
        assertThat(rig.cloud.machines()).containsExactly(builder.id());
    }

    @Test
    void aLostAnswerIsAskedForAgainWithTheSameLaunch() {
        try (FleetRig rig = new FleetRig()) {
            rig.cloud.loseNextAnswer(Call.LAUNCH);
            EphemeralBuilder builder = rig.acquire();
            assertThat(rig.creates).hasSizeGreaterThan(1);
            assertThat(rig.tokens().stream().distinct()).hasSize(1);
            assertThat(rig.creates)
                    .allSatisfy(create -> assertThat(create.launch().tags())
                            .isEqualTo(rig.creates.get(0).launch().tags()));
            assertOnlyMachine(rig, builder);
        }
    }

    @Test
    void aServerErrorIsFollowedByAnotherTry() {
        for (Effect effect : Effect.values()) {
            try (FleetRig rig = new FleetRig()) {
                rig.cloud.failNext(Call.LAUNCH, failed(effect, true));
                EphemeralBuilder builder = rig.acquire();
                assertThat(rig.creates).hasSize(2);
                assertThat(rig.creates.get(1).at()).isAfter(rig.creates.get(0).at());
                assertOnlyMachine(rig, builder);
            }
        }
    }

    @Test
    void aMachineOfAnUnknownOutcomeIsFoundByItsTagOrGivenBack() {
        try (FleetRig rig = new FleetRig()) {
            for (int i = 0; i < 200; i++) {
                rig.cloud.loseNextAnswer(Call.LAUNCH);
            }
            EphemeralBuilder builder = rig.acquire();
            assertThat(rig.cloud.calls(Call.LIST)).isPositive();
            assertOnlyMachine(rig, builder);
        }
    }

    @Test
    void aSearchByTagThatFailsIsRepeated() {
        try (FleetRig rig = new FleetRig()) {
            for (int i = 0; i < 200; i++) {
                rig.cloud.loseNextAnswer(Call.LAUNCH);
            }
            rig.cloud.failNext(Call.LIST, failed(Effect.NONE, true));
            rig.cloud.failNext(Call.LIST, throttled());
            assertOnlyMachine(rig, rig.acquire());
        }
    }

    @Test
    void aMachineOfAnUnknownOutcomeIsFoundOnALaterPageOfTheList() {
        try (FleetRig rig = new FleetRig(cloud -> cloud.pageSize(1), fleet -> fleet)) {
            EphemeralBuilder first = rig.acquire();
            EphemeralBuilder second = rig.acquire();
            for (int i = 0; i < 200; i++) {
                rig.cloud.loseNextAnswer(Call.LAUNCH);
            }
            EphemeralBuilder third = rig.acquire();
            assertThat(rig.cloud.machines()).containsExactlyInAnyOrder(first.id(), second.id(), third.id());
        }
    }

    @Test
    void anUnknownOutcomeThatProvesToBeNothingEndsInATypedFailure() {
        try (FleetRig rig = new FleetRig()) {
            for (int i = 0; i < 500; i++) {
                rig.cloud.failNext(Call.LAUNCH, failed(Effect.UNKNOWN, true));
            }
            Instant begun = rig.ticker.now();
            ProviderException failure = catchThrowableOfType(ProviderException.class, rig::acquire);
            assertThat(failure.code()).contains("InternalError");
            assertThat(rig.cloud.calls(Call.LIST)).isPositive();
            assertThat(Duration.between(begun, rig.ticker.now())).isLessThan(Duration.ofMinutes(11));
            assertThat(rig.creates.size()).isLessThan(100);
            assertNothingComesLater(rig);
        }
    }

    @Test
    void anUnknownOutcomeThatNobodyCanLookUpLeavesNoMachine() {
        try (FleetRig rig = new FleetRig()) {
            for (int i = 0; i < 200; i++) {
                rig.cloud.loseNextAnswer(Call.LAUNCH);
            }
            for (int i = 0; i < 20; i++) {
                rig.cloud.failNext(Call.LIST, failed(Effect.NONE, true));
            }
            CompletableFuture<EphemeralBuilder> acquire = rig.begin();
            // Either it is found in the end, or it is given back.
            try {
                assertOnlyMachine(rig, rig.await(acquire));
            } catch (BuilderException e) {
                rig.passUntilEmpty(Duration.ofMinutes(30));
            }
        }
    }

    private static void assertNothingComesLater(FleetRig rig) {
        int before = rig.creates.size();
        rig.pass(Duration.ofMinutes(15));
        assertThat(rig.cloud.machines()).isEmpty();
        assertThat(rig.creates).hasSize(before);
    }

    @Test
    void aThrottledLaunchWaitsForTheNextMinute() {
        try (FleetRig rig = new FleetRig()) {
            rig.cloud.failNext(Call.LAUNCH, throttled());
            EphemeralBuilder builder = rig.acquire();
            assertThat(rig.creates).hasSize(2);
            Instant first = rig.creates.get(0).at();
            Instant nextMinute = first.truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
            assertThat(rig.creates.get(1).at()).isBetween(nextMinute, nextMinute.plusSeconds(60));
            assertThat(rig.tokens().stream().distinct()).hasSize(1);
            assertOnlyMachine(rig, builder);
        }
    }

    @Test
    void aLaunchThatIsThrottledForGoodEndsAsThrottled() {
        try (FleetRig rig = new FleetRig()) {
            for (int i = 0; i < 500; i++) {
                rig.cloud.failNext(Call.LAUNCH, throttled());
            }
            ThrottledException failure = catchThrowableOfType(ThrottledException.class, rig::acquire);
            assertThat(failure.code()).contains("Throttling.User");
            assertThat(failure.retryable()).isTrue();
            assertNothingComesLater(rig);
        }
    }

    private static void assertNotRetried(Call call, BuilderException refusal) {
        try (FleetRig rig = new FleetRig()) {
            rig.cloud.failNext(call, refusal);
            assertThatThrownBy(rig::acquire)
                    .isInstanceOf(refusal.getClass())
                    .extracting(e -> ((BuilderException) e).code())
                    .isEqualTo(refusal.code());
            assertThat(rig.cloud.calls(call)).isEqualTo(1);
            assertNothingComesLater(rig);
            assertThat(rig.cloud.calls(call)).isEqualTo(1);
        }
    }

    @Test
    void refusedCredentialsAreNotRetried() {
        assertNotRetried(Call.LAUNCH, new CredentialsException("no", "Forbidden.RAM", "req-3", null));
        assertNotRetried(Call.MARKET, new CredentialsException("no", "InvalidAccessKeyId.NotFound", "req-3", null));
    }

    @Test
    void anExhaustedQuotaIsNotRetried() {
        assertNotRetried(Call.LAUNCH, new QuotaException("no more", "QuotaExceed.ElasticQuota", "req-4", null));
    }

    @Test
    void aRefusedSettingIsNotRetried() {
        assertNotRetried(Call.LAUNCH, new ConfigurationException("no image", "InvalidImageId.NotFound", "req-5", null));
    }

    @Test
    void aMarketThatCannotBeReadForAMomentIsReadAgain() {
        try (FleetRig rig = new FleetRig()) {
            rig.cloud.failNext(Call.MARKET, failed(Effect.NONE, true));
            rig.cloud.failNext(Call.MARKET, throttled());
            assertThat(rig.acquire().id()).isNotBlank();
        }
    }

    private static void assertBootSurvives(Call call, Consumer<FleetRig> disturbance) {
        try (FleetRig rig = new FleetRig(cloud -> cloud.bootTime(Duration.ofSeconds(20)), fleet -> fleet)) {
            disturbance.accept(rig);
            EphemeralBuilder builder = rig.acquire();
            assertThat(rig.cloud.calls(call)).isGreaterThan(1);
            assertThat(rig.creates).hasSize(1);
            assertOnlyMachine(rig, builder);
        }
    }

    @Test
    void aBootThatCannotBeWatchedForAMomentIsWatchedFurther() {
        assertBootSurvives(Call.DESCRIBE, rig -> rig.cloud.failNext(Call.DESCRIBE, failed(Effect.NONE, true)));
        assertBootSurvives(Call.DESCRIBE, rig -> rig.cloud.failNext(Call.DESCRIBE, throttled()));
        assertBootSurvives(Call.DESCRIBE, rig -> rig.cloud.loseNextAnswer(Call.DESCRIBE));
    }

    @Test
    void aFirstConnectionThatFailsIsTriedAgain() {
        assertBootSurvives(Call.OPEN, rig -> rig.cloud.failNext(Call.OPEN, failed(Effect.NONE, true)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void atMostOneMachineIsKeptForARequestId(boolean oneAfterTheOther) {
        try (FleetRig rig = new FleetRig()) {
            AcquireRequest request =
                    AcquireRequest.builder().requestId("build-42").build();
            CompletableFuture<EphemeralBuilder> first = rig.fleet.acquireAsync(SPEC, request);
            if (oneAfterTheOther) {
                rig.await(first);
            }
            CompletableFuture<EphemeralBuilder> second = rig.fleet.acquireAsync(SPEC, request);
            rig.await(CompletableFuture.allOf(first.handle((b, e) -> 0), second.handle((b, e) -> 0)));
            rig.pass(Duration.ofMinutes(5));
            assertThat(rig.cloud.machines()).hasSizeLessThanOrEqualTo(1);
            assertThat(List.of(first, second))
                    .anySatisfy(acquire -> assertThat(acquire)
                            .isCompletedWithValueMatching(
                                    b -> rig.cloud.machines().contains(b.id())));
        }
    }

    @Test
    void fleetsWithoutACommonStoreKeepTheOlderMachineOfARequestId() {
        try (FleetRig rig = new FleetRig()) {
            BuildFleet other = BuildFleet.builder()
                    .owner(FleetRig.OWNER)
                    .provider(rig.cloud.sibling())
                    .ticker(rig.ticker)
                    .build();
            AcquireRequest request =
                    AcquireRequest.builder().requestId("build-42").build();
            EphemeralBuilder first = rig.await(rig.fleet.acquireAsync(SPEC, request));
            CompletableFuture<EphemeralBuilder> second = other.acquireAsync(SPEC, request);
            assertThatThrownBy(() -> rig.await(second))
                    .isInstanceOfSatisfying(
                            DuplicateRequestException.class,
                            e -> assertThat(e.builderId()).contains(first.id()));
            rig.pass(Duration.ofMinutes(5));
            assertThat(rig.cloud.machines()).containsExactly(first.id());
            rig.close(other);
        }
    }
}
