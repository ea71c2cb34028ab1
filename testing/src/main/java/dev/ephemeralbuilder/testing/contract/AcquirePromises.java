package dev.ephemeralbuilder.testing.contract;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.event.BuilderEvent.LaunchFailed;
import dev.ephemeralbuilder.event.BuilderEvent.Launched;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.testing.contract.ContractFleet.Ran;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Call;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Failure;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** From the request to a builder that works, whatever the cloud does meanwhile. */
abstract class AcquirePromises extends FleetPromises {
    AcquirePromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs, fleets);
    }

    private void assertWorks(EphemeralBuilder builder) throws Exception {
        Ran ran = fleet().run(builder, Script.of("echo works"));
        assertThat(new String(ran.output(), US_ASCII))
                .as("a builder that was acquired must run scripts")
                .isEqualTo("works\n");
    }

    @Test
    void acquireRunCloseLeavesNothing() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        assertThat(rig().left())
                .as("list must show the machine of a builder that is held")
                .containsExactly(builder.id());
        Ran ran = fleet().run(builder, Script.of("echo out; echo err >&2; exit 7"));
        assertThat(new String(ran.output(), US_ASCII))
                .as("a script's output must arrive as it was written")
                .isEqualTo("out\nerr\n");
        assertThat(ran.result().exitCode())
                .as("a script's exit code must arrive as the machine wrote it down")
                .isEqualTo(7);
        builder.close();
        fleet().time().await("after close of a builder, its machine's absence in describe", builder.gone());
        fleet().awaitNothingLeft("close of a builder");
    }

    @Test
    void anOfferWithoutStockIsFollowedByTheNext() throws Exception {
        EphemeralBuilder first = fleet().acquire();
        Offer offer = first.offer();
        first.close();
        setup().stockOut(offer);
        EphemeralBuilder second = fleet().acquire();
        assertThat(second.offer().pool())
                .as(
                        "launch must throw a CapacityException for an offer without stock, so that the next one is tried; the"
                                + " setup's spec must have more than one offer")
                .isNotEqualTo(offer.pool());
        assertThat(fleet().awaitEvent(LaunchFailed.class).failure())
                .as("the failure of an offer without stock must be the CapacityException of launch")
                .isInstanceOf(CapacityException.class);
        assertWorks(second);
    }

    @Test
    void stockThatEndsAfterTheCreateCallIsFollowedByTheNext() throws Exception {
        setup().vanishNextLaunch();
        EphemeralBuilder builder = fleet().acquire();
        assertThat(fleet().awaitEvent(LaunchFailed.class).failure())
                .as(
                        "a machine that describe leaves out before it ran must count as a late stock-out: describe must leave"
                                + " out what is not there, and not throw")
                .isInstanceOf(CapacityException.class);
        assertWorks(builder);
    }

    @Test
    void aLostAnswerMakesNoSecondMachine() throws Exception {
        setup().failNext(Call.LAUNCH, Failure.LOST_ANSWER);
        EphemeralBuilder builder = fleet().acquire();
        assertThat(rig().left())
                .as(
                        "launch must send the token of the launch, and throw a ProviderException with an UNKNOWN effect when"
                                + " no answer comes: then the engine sends the same again and gets the same machine")
                .containsExactly(builder.id());
        assertWorks(builder);
    }

    @Test
    void aServerErrorIsFollowedByAnotherTry() throws Exception {
        setup().failNext(Call.LAUNCH, Failure.SERVER_ERROR);
        EphemeralBuilder builder = fleet().acquire();
        assertThat(rig().left())
                .as("launch must throw a retryable ProviderException after a server error")
                .containsExactly(builder.id());
        assertWorks(builder);
    }

    @Test
    void aThrottledLaunchIsMadeLater() throws Exception {
        setup().failNext(Call.LAUNCH, Failure.THROTTLED);
        assertWorks(fleet().acquire());
    }

    @Test
    void refusedCredentialsEndTheAcquireAndLeaveNothing() throws Exception {
        setup().failNext(Call.LAUNCH, Failure.CREDENTIALS);
        assertThatThrownBy(
                        () -> fleet().time().await("acquire", fleet().begin()),
                        "launch must throw a CredentialsException when the cloud refuses the caller: nothing is tried again")
                .isInstanceOf(CredentialsException.class);
        fleet().awaitNothingLeft("an acquire that was refused");
    }

    @Test
    void anExhaustedQuotaEndsTheAcquireAndLeavesNothing() throws Exception {
        setup().failNext(Call.LAUNCH, Failure.QUOTA);
        assertThatThrownBy(
                        () -> fleet().time().await("acquire", fleet().begin()),
                        "launch must throw a QuotaException when the account may not have more: no other offer helps")
                .isInstanceOf(QuotaException.class);
        fleet().awaitNothingLeft("an acquire that was refused");
    }

    @Test
    void aMachineThatIsShownLateIsWaitedFor() throws Exception {
        setup().hideNextLaunch(Duration.ofSeconds(20));
        EphemeralBuilder builder = fleet().acquire();
        assertThat(rig().left())
                .as("describe and list must pass on what the cloud shows: the engine waits for a machine that is shown"
                        + " late")
                .containsExactly(builder.id());
        assertWorks(builder);
    }

    @Test
    void anInterruptDuringTheBootLeavesNothing() throws Exception {
        fleet().keepStarting();
        CompletableFuture<Thread> caller = new CompletableFuture<>();
        CompletableFuture<EphemeralBuilder> acquire = ContractTime.onAThread(() -> {
            caller.complete(Thread.currentThread());
            return fleet().fleet().acquire(setup().spec());
        });
        Thread blocked = fleet().time().awaitBlocked(caller);
        fleet().awaitEvent(Launched.class);
        blocked.interrupt();
        assertThatThrownBy(
                        () -> fleet().time().await("acquire on an interrupted thread", acquire),
                        "acquire must end with InterruptedException when its thread is interrupted")
                .isInstanceOf(InterruptedException.class);
        fleet().awaitNothingLeft("an acquire that was interrupted");
    }

    @Test
    void aCancelDuringTheBootLeavesNothing() throws Exception {
        fleet().keepStarting();
        CompletableFuture<EphemeralBuilder> acquire = fleet().begin();
        fleet().awaitEvent(Launched.class);
        acquire.cancel(true);
        fleet().awaitNothingLeft("an acquire that was cancelled");
    }
}
