package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Call;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A builder that is held stays, and one that is given back goes. */
abstract class ReleasePromises extends FleetPromises {
    ReleasePromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs, fleets);
    }

    @Test
    void closeTwiceAndFromSeveralThreadsIsCloseOnce() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        List<CompletableFuture<Boolean>> closes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            closes.add(ContractTime.onAThread(() -> {
                builder.close();
                builder.close();
                return true;
            }));
        }
        for (CompletableFuture<Boolean> close : closes) {
            fleet().time().get("close of a builder", close);
        }
        fleet().time().await("after close of a builder, its machine's absence in describe", builder.gone());
        builder.close();
        fleet().awaitNothingLeft("close of a builder from several threads");
    }

    @Test
    void theEndOfTheFleetGivesBackWhatIsHeld() throws Exception {
        EphemeralBuilder first = fleet().acquire();
        EphemeralBuilder second = fleet().acquire();
        fleet().end();
        assertThat(List.of(first, second))
                .as("the end of a fleet must not come before describe has left out the machines that were held, or its"
                        + " time is over")
                .allMatch(builder -> builder.gone().isDone());
    }

    @Test
    void aDeletionThatFailsIsRepeated() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        setup().failNext(Call.DELETE, Failure.SERVER_ERROR);
        builder.close();
        fleet().time().await("after a delete call that failed, the machine's absence in describe", builder.gone());
        fleet().awaitNothingLeft("a deletion that failed once");
    }

    @Test
    void aLookThatFailsIsNoLoss() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        Machine machine = fleet().machine(builder);
        setup().failNext(Call.DESCRIBE, Failure.SERVER_ERROR);
        setup().cutConnections(machine);
        assertThat(fleet().run(builder, Script.of("exit 3")).result().exitCode())
                .as("describe must throw when it cannot ask: an answer without the machine would mean that it is lost")
                .isEqualTo(3);
        assertThat(builder.gone())
                .as("a builder must not count as lost because the cloud could not be asked once")
                .isNotDone();
    }

    @Test
    void twoFleetsOfOneOwnerLeaveEachOthersMachinesAlone() throws Exception {
        EphemeralBuilder kept = fleet().acquire();
        ContractFleet other = ContractFleet.over(rig(), setup().other());
        EphemeralBuilder given = other.acquire();
        other.end();
        assertThat(given.gone()).as("what a fleet holds must go with it").isCompleted();
        assertThat(rig().left())
                .as("the end of one fleet must not touch what another one of the same owner holds: see that delete"
                        + " deletes the ids that it is given, and no others")
                .containsExactly(kept.id());
        assertThat(fleet().run(kept, Script.of("exit 5")).result().exitCode())
                .as("the builder of the fleet that goes on must go on")
                .isEqualTo(5);
    }

    @Test
    void theLeaseMovesForwardWhileTheBuilderIsHeld() throws Exception {
        assumeTrue(
                rig().time.movedByHand(),
                "not checked: the renewal of leases; let setup().ticker() be a TestTicker to have it checked, since it"
                        + " takes minutes");
        EphemeralBuilder builder = fleet().acquire();
        Instant before = lease(builder);
        fleet().time().pass(Duration.ofMinutes(9));
        assertThat(lease(builder))
                .as("renew must move the tag %s forward while a builder is held", MachineTags.LEASE)
                .isAfter(before);
    }

    private Instant lease(EphemeralBuilder builder) throws InterruptedException {
        return Instant.ofEpochSecond(
                Long.parseLong(fleet().machine(builder).tags().getOrDefault(MachineTags.LEASE, "0")));
    }
}
