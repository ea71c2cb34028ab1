package dev.ephemeralbuilder.testing.contract;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.ContainerResult;
import dev.ephemeralbuilder.ImagePullException;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.event.BuilderEvent.LaunchFailed;
import dev.ephemeralbuilder.event.BuilderEvent.Launched;
import dev.ephemeralbuilder.event.BuilderEvent.Ready;
import dev.ephemeralbuilder.event.BuilderEvent.ReclaimNoticed;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A container's own command as the job: an exit code of its own or a typed reason, its whole log, and nothing left. */
abstract class RunOncePromises extends FleetPromises {
    /** Longer than the engine takes to look at a machine again. */
    private static final Duration NOTICE = Duration.ofSeconds(75);

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();

    RunOncePromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs, fleets);
    }

    private CompletableFuture<ContainerResult> begin(String script) {
        return begin(setup().containerSpec(), script);
    }

    private CompletableFuture<ContainerResult> begin(MachineSpec spec, String script) {
        assumeCommands();
        return fleet().fleet().runOnceAsync(spec, AcquireRequest.defaults(), command(script), LogSink.to(output));
    }

    private void assumeCommands() {
        assumeTrue(
                provider().runsContainerCommands(),
                "not checked: runOnce, since runsContainerCommands() says that the provider has no commands of"
                        + " containers");
    }

    private static ContainerCommand command(String script) {
        return ContainerCommand.of("sh", "-c", script);
    }

    private ContainerResult run(String script) throws Exception {
        return fleet().time().await("the end of runOnce", begin(script));
    }

    @Test
    void theExitCodeIsAResultAndNothingIsLeft() throws Exception {
        assertThat(run("exit 0").exitCode())
                .as("runOnce must return the exit code that describe shows")
                .isZero();
        assertThat(run("exit 7").exitCode())
                .as("an exit code other than 0 must be a result of runOnce: describe must show it, and no failure")
                .isEqualTo(7);
        fleet().awaitNothingLeft("the end of runOnce");
    }

    @Test
    void theOutputArrivesByteByByte() throws Exception {
        ContainerResult result = run("seq 1 700; sleep 1; seq 701 1500");
        StringBuilder expected = new StringBuilder();
        IntStream.rangeClosed(1, 1500).forEach(i -> expected.append(i).append('\n'));
        ContractBytes.assertSame(
                "runOnce must deliver each line of the log once and in order, up to the last: log must go on where the"
                        + " cursor says, and still answer after the end",
                output.toByteArray(),
                expected.toString().getBytes(US_ASCII));
        assertThat(result.logComplete())
                .as("a log without a gap must be complete")
                .isTrue();
    }

    @Test
    void aMachineThatIsTakenBackIsReclaimedAndHasNoExitCode() throws Exception {
        assumeCommands();
        assumeTrue(
                ContractRig.unprotectedSpot(provider()
                        .offers(setup().containerSpec(), rig().snapshot())
                        .offers()),
                "not checked: reclaim, since the provider has no spot offer without protection for"
                        + " setup().containerSpec()");
        MachineSpec spot =
                setup().containerSpec().toBuilder().markets(Set.of(Market.SPOT)).build();
        CompletableFuture<ContainerResult> running = begin(spot, "echo begun; exec sleep 600");
        String id = fleet().awaitEvent(Ready.class).machineId();
        setup().reclaim(rig().described(id), NOTICE);
        fleet().awaitEvent(ReclaimNoticed.class);
        assertThatThrownBy(
                        () -> fleet().time().await("the end of a command whose machine was taken back", running),
                        "a command whose machine was taken back must end with BuilderReclaimedException: what the cloud"
                                + " has ended has no exit code, whatever the container says")
                .isInstanceOf(BuilderReclaimedException.class);
    }

    @Test
    void anOfferWithoutStockIsFollowedByTheNext() throws Exception {
        ContainerResult first = run("true");
        setup().stockOut(first.offer());
        assertThat(run("true").offer().pool())
                .as(
                        "launch must throw a CapacityException for an offer without stock, so that the next one is tried; the"
                                + " setup's containerSpec must have more than one offer")
                .isNotEqualTo(first.offer().pool());
        assertThat(fleet().awaitEvent(LaunchFailed.class).failure())
                .as("the failure of an offer without stock must be the CapacityException of launch")
                .isInstanceOf(CapacityException.class);
    }

    @Test
    void anImageThatCannotBeHadIsAnImagePullException() throws Exception {
        assumeCommands();
        setup().failNextPull();
        assertThatThrownBy(
                        () -> run("true"),
                        "an image that cannot be had must be an ImagePullException: describe must show it as a failure of"
                                + " the kind IMAGE_PULL")
                .isInstanceOf(ImagePullException.class);
        fleet().awaitNothingLeft("runOnce with an image that cannot be had");
    }

    @Test
    void aCancelLeavesNothing() throws Exception {
        CompletableFuture<ContainerResult> running = begin("exec sleep 600");
        fleet().awaitEvent(Launched.class);
        running.cancel(true);
        fleet().awaitNothingLeft("runOnce that was cancelled");
    }

    @Test
    void anInterruptLeavesNothing() throws Exception {
        assumeCommands();
        BuildFleet fleet = fleet().fleet();
        CompletableFuture<Thread> caller = new CompletableFuture<>();
        CompletableFuture<ContainerResult> running = ContractTime.onAThread(() -> {
            caller.complete(Thread.currentThread());
            return fleet.runOnce(setup().containerSpec(), command("exec sleep 600"), LogSink.to(output));
        });
        Thread blocked = fleet().time().awaitBlocked(caller);
        fleet().awaitEvent(Ready.class);
        blocked.interrupt();
        assertThatThrownBy(
                        () -> fleet().time().await("runOnce on an interrupted thread", running),
                        "runOnce must end with InterruptedException when its thread is interrupted")
                .isInstanceOf(InterruptedException.class);
        fleet().awaitNothingLeft("runOnce that was interrupted");
    }
}
