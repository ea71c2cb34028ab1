package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Call;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** {@link CloudProvider#launch}: the same launch again. */
abstract class TokenPromises extends Promises {
    TokenPromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    @Test
    void theSameLaunchAgainGivesTheSameMachines() throws Exception {
        Launch launch = rig().newLaunch();
        List<String> first = rig().launch(launch);
        assertThat(rig().launch(launch))
                .as("launch must send an equal launch exactly as before, token included, so that the cloud returns the"
                        + " machines of the first call")
                .isEqualTo(first);
        assertThat(rig().left()).as("a repeated launch must create nothing").hasSameElementsAs(first);
    }

    @Test
    void theSameLaunchFromAnotherInstanceGivesTheSameMachines() throws Exception {
        Launch launch = rig().newLaunch();
        List<String> first = rig().launch(launch);
        assertThat(rig().launch(setup().other(), launch))
                .as("what launch sends must depend on the launch and the settings alone: no time, no random id, nothing"
                        + " that one instance remembers")
                .isEqualTo(first);
        assertThat(rig().left())
                .as("a launch repeated by another instance must create nothing")
                .hasSameElementsAs(first);
    }

    @Test
    void theSameLaunchLaterGivesTheSameMachines() throws Exception {
        Launch launch = rig().newLaunch();
        List<String> first = rig().launch(launch);
        rig().time.pass(setup().step());
        assertThat(rig().launch(launch))
                .as("launch must take every time that it sends from the launch, not from a clock: the cloud refuses a"
                        + " token whose call has changed")
                .isEqualTo(first);
    }

    @Test
    void aChangedLaunchUnderAUsedTokenIsRefused() throws Exception {
        Launch launch = rig().newLaunch();
        List<String> first = rig().launch(launch);
        Launch changed = rig().launchOf(launch.offer())
                .token(launch.token())
                .tags(launch.tags())
                .cap(launch.cap().plus(Duration.ofHours(1)))
                .build();
        Throwable refusal = catchThrowable(() -> rig().launch(changed));
        assertThat(refusal)
                .as("launch must throw a ProviderException when the cloud says that the token was used with another"
                        + " call")
                .isInstanceOfSatisfying(
                        ProviderException.class,
                        e -> assertThat(e.effect())
                                .as(
                                        "the effect must be UNKNOWN: the first call with this token has made something, and the"
                                                + " engine has to look for it by tag")
                                .isEqualTo(Effect.UNKNOWN));
        assertThat(rig().left())
                .as("a launch that is refused for its token must create nothing")
                .hasSameElementsAs(first);
    }

    @Test
    void aLostAnswerAndTheSameLaunchAgainMakeOneMachine() throws Exception {
        Launch launch = rig().newLaunch();
        setup().failNext(Call.LAUNCH, Failure.LOST_ANSWER);
        Throwable failure = catchThrowable(() -> rig().launch(launch));
        assertThat(failure)
                .as(
                        "launch must throw a ProviderException when no answer comes, and must not repeat the call by itself")
                .isInstanceOfSatisfying(
                        ProviderException.class,
                        e -> assertThat(e.effect())
                                .as(
                                        "the effect of a launch without an answer must be UNKNOWN: the machine may be there")
                                .isEqualTo(Effect.UNKNOWN));
        List<String> ids = rig().launch(launch);
        assertThat(rig().left())
                .as("the same launch after a lost answer must find the machine of the first, by its token")
                .hasSize(1)
                .hasSameElementsAs(ids);
    }

    @Test
    void theSameLaunchFromManyThreadsMakesOneMachine() throws Exception {
        Launch launch = rig().newLaunch();
        List<CompletableFuture<List<String>>> calls = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            CloudProvider by = i % 2 == 0 ? provider() : setup().other();
            calls.add(ContractTime.onAThread(() -> rig().launch(by, launch)));
        }
        List<String> ids = null;
        for (CompletableFuture<List<String>> call : calls) {
            Throwable failure = catchThrowable(() -> rig().time.get("launch", call));
            if (failure == null) {
                assertThat(ids == null || ids.equals(call.join()))
                        .as("equal launches at the same time must return the same machines")
                        .isTrue();
                ids = call.join();
            } else {
                assertThat(failure.getCause())
                        .as("an equal launch that meets another on its way may only fail as a retryable"
                                + " ProviderException with an UNKNOWN effect")
                        .isInstanceOf(ProviderException.class)
                        .matches(Promises::retryable, "retryable() is true")
                        .matches(e -> ((ProviderException) e).effect() == Effect.UNKNOWN, "effect() is UNKNOWN");
            }
        }
        assertThat(rig().left())
                .as("equal launches at the same time must make one machine between them")
                .hasSize(1);
    }
}
