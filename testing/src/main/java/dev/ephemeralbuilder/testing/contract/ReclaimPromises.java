package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.event.BuilderEvent.ReclaimNoticed;
import dev.ephemeralbuilder.event.BuilderEvent.ReclaimWithdrawn;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Spot machines that the cloud takes back, or says so: told once for each deadline, and never an exit code. */
abstract class ReclaimPromises extends FleetPromises {
    /** Longer than the engine takes to look at all machines again. */
    private static final Duration NOTICE = Duration.ofSeconds(75);

    private static final Duration LONG_NOTICE = Duration.ofMinutes(90);

    ReclaimPromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs, fleets);
    }

    private EphemeralBuilder acquireSpot() throws Exception {
        assumeTrue(
                ContractRig.unprotectedSpot(rig().offers()),
                "not checked: reclaim, since the provider has no spot offer without protection for setup().spec()");
        return fleet().acquire(
                        setup().spec().toBuilder().markets(Set.of(Market.SPOT)).build());
    }

    @Test
    void aMachineThatIsTakenBackSaysSoAndItsScriptsAreReclaimed() throws Exception {
        EphemeralBuilder builder = acquireSpot();
        fleet().commandsMayTakeLong();
        List<CompletableFuture<ScriptResult>> results = List.of(
                fleet().start(builder, "sleep 600").result(),
                fleet().start(builder, "sleep 600").result());
        setup().reclaim(fleet().machine(builder), LONG_NOTICE);
        ReclaimNotice notice = fleet().time()
                .await("reclaimNotice: describe must show it as soon as the cloud says it", builder.reclaimNotice());
        assertThat(results)
                .as("scripts must go on until the machine is gone: the state of a machine with a notice must be RUNNING"
                        + " as long as it runs")
                .noneMatch(CompletableFuture::isDone);
        setup().reclaim(fleet().machine(builder), NOTICE);
        for (CompletableFuture<ScriptResult> result : results) {
            assertThatThrownBy(
                            () -> fleet().time().await("the end of a script whose machine was taken back", result),
                            "a script whose machine was taken back must end with BuilderReclaimedException")
                    .isInstanceOfSatisfying(
                            BuilderReclaimedException.class,
                            e -> assertThat(fleet().events(ReclaimNoticed.class))
                                    .as("the exception of a reclaim must carry a notice that was told before")
                                    .extracting(ReclaimNoticed::notice)
                                    .contains(e.notice()));
        }
        assertThat(fleet().events(ReclaimNoticed.class))
                .as("reclaimNotice() completes with the first notice; each deadline is told once")
                .extracting(ReclaimNoticed::notice)
                .startsWith(notice)
                .extracting(ReclaimNotice::deadline)
                .doesNotHaveDuplicates();
        assertThat(fleet().events(ReclaimWithdrawn.class))
                .as("a notice that comes true must stand until the machine is gone")
                .isEmpty();
    }

    @Test
    void aFalseAlarmLeavesTheBuilderAsItWasAndALossAfterItIsTyped() throws Exception {
        EphemeralBuilder builder = acquireSpot();
        setup().reclaim(fleet().machine(builder), LONG_NOTICE);
        ReclaimNotice notice = fleet().time().await("reclaimNotice", builder.reclaimNotice());
        setup().withdrawReclaim(fleet().machine(builder));
        assertThat(fleet().awaitEvent(ReclaimWithdrawn.class))
                .as(
                        "a notice that does not stand any more must be told as withdrawn: describe must show none, or one whose"
                                + " deadline has passed")
                .returns(builder.id(), ReclaimWithdrawn::machineId)
                .returns(notice, ReclaimWithdrawn::notice);
        assertThat(fleet().run(builder, Script.of("exit 7")).result().exitCode())
                .isEqualTo(7);
        fleet().commandsMayTakeLong();
        CompletableFuture<ScriptResult> result =
                fleet().start(builder, "sleep 600").result();
        setup().reclaim(fleet().machine(builder), Duration.ZERO);
        assertThatThrownBy(
                        () -> fleet().time().await("the end of a script whose machine went without notice", result),
                        "a script whose machine went without notice must end with a typed reason")
                .isInstanceOfAny(BuilderReclaimedException.class, BuilderLostException.class);
    }

    @Test
    void aMachineThatWorksIsAskedItself() throws Exception {
        assumeTrue(
                rig().provider.machineMetadata().isPresent(),
                "not checked: notices by the machine, since the provider names no machineMetadata()");
        EphemeralBuilder builder = acquireSpot();
        setup().reclaimUnseen(fleet().machine(builder), LONG_NOTICE);
        fleet().commandsMayTakeLong();
        CompletableFuture<ScriptResult> result =
                fleet().start(builder, "sleep 600").result();
        ReclaimNotice notice = fleet().time()
                .until(
                        "reclaimNotice by the machine's metadata",
                        setup(),
                        () -> Optional.ofNullable(builder.reclaimNotice().getNow(null)));
        assertThat(notice.source()).isEqualTo("termination-time");
        setup().withdrawReclaim(fleet().machine(builder));
        fleet().time()
                .until(
                        "the withdrawal by the machine's metadata",
                        setup(),
                        () -> fleet().events(ReclaimWithdrawn.class).stream().findFirst());
        assertThat(result).isNotDone();
    }
}
