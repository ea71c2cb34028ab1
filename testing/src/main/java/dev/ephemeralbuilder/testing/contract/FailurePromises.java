package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Call;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Failure;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What becomes of a call that fails: the right exception, and never an answer. */
abstract class FailurePromises extends Promises {
    FailurePromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    @TestFactory
    Stream<DynamicTest> refusedCredentialsAreACredentialsException() throws Exception {
        return everyCall(Failure.CREDENTIALS, CredentialsException.class);
    }

    @TestFactory
    Stream<DynamicTest> tooManyCallsAreAThrottledException() throws Exception {
        return everyCall(Failure.THROTTLED, ThrottledException.class);
    }

    @TestFactory
    Stream<DynamicTest> aServerErrorIsAProviderException() throws Exception {
        return everyCall(Failure.SERVER_ERROR, ProviderException.class);
    }

    @TestFactory
    Stream<DynamicTest> anAnswerThatMakesNoSenseIsAProviderException() throws Exception {
        return everyCall(Failure.NONSENSE, ProviderException.class);
    }

    @TestFactory
    Stream<DynamicTest> aLostAnswerIsAProviderException() throws Exception {
        return everyCall(Failure.LOST_ANSWER, ProviderException.class);
    }

    @Test
    void anExhaustedQuotaIsAQuotaException() throws Exception {
        assertFails(new ProviderCalls(rig(), provider(), "none"), Call.LAUNCH, Failure.QUOTA, QuotaException.class);
    }

    @Test
    void aRefusedSettingIsAConfigurationException() throws Exception {
        assertFails(
                new ProviderCalls(rig(), provider(), "none"),
                Call.LAUNCH,
                Failure.CONFIGURATION,
                ConfigurationException.class);
    }

    private Stream<DynamicTest> everyCall(Failure failure, Class<? extends BuilderException> type) throws Exception {
        String machine = rig().described(rig().launchOne()).id();
        ProviderCalls calls = new ProviderCalls(rig(), provider(), machine);
        return Stream.of(Call.values())
                .map(call -> dynamicTest(ProviderCalls.name(call), () -> assertFails(calls, call, failure, type)));
    }

    private void assertFails(ProviderCalls calls, Call call, Failure failure, Class<? extends BuilderException> type)
            throws Exception {
        String name = ProviderCalls.name(call);
        assumeTrue(
                call != Call.EXTEND || setup().raisesCaps(),
                "not checked: extend, since setup().raisesCaps() says that the cloud cannot");
        // What it needs is asked for now: the order is for the call itself.
        rig().offers();
        Set<String> before = rig().left();
        setup().failNext(call, failure);
        Throwable thrown = catchThrowable(() -> calls.make(call));
        assertThat(thrown)
                .as(
                        "%s must throw a %s when the cloud answers with %s. It must not swallow it (an answer would be taken"
                                + " for what the cloud said: nothing found would be absent), and not repeat the call by"
                                + " itself (the engine does)",
                        name, type.getSimpleName(), failure)
                .isInstanceOf(type);
        if (thrown instanceof ProviderException e) {
            assertThat(e.retryable())
                    .as("%s after %s must be retryable: it may work the next time", name, failure)
                    .isTrue();
            if (ProviderCalls.changes(call)) {
                assertThat(e.effect())
                        .as(
                                "the effect of %s after %s must be UNKNOWN: the cloud may have done it before it failed",
                                name, failure)
                        .isEqualTo(Effect.UNKNOWN);
            }
        } else {
            assertThat(rig().left())
                    .as("%s must have no effect when the cloud refuses it with %s", name, failure)
                    .isEqualTo(before);
        }
        assertThat(catchThrowable(() -> calls.make(call)))
                .as("%s must work again after a failure that has passed: keep no memory of it", name)
                .isNull();
    }
}
