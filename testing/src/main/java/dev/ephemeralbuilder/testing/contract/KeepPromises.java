package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineTags;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A machine that is left for a time: it stays for as long, and no longer. */
abstract class KeepPromises extends FleetPromises {
    private static final Duration A_WHILE = Duration.ofMinutes(20);

    KeepPromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs, fleets);
    }

    private Instant keep(EphemeralBuilder builder, Duration time) throws Exception {
        return fleet().time().awaitBlocked("keep", ContractTime.onAThread(() -> builder.keep(time)));
    }

    @Test
    void theMachineIsLeftForAsLongAsWasAskedFor() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        Instant before = rig().time.now();
        Instant until = keep(builder, A_WHILE);
        assertThat(until)
                .as("the time until which a machine is kept must be as far away as was asked for")
                .isBetween(
                        before.plus(A_WHILE).minusSeconds(1),
                        rig().time.now().plus(A_WHILE).plusSeconds(1));
        fleet().end();
        Machine left = rig().described(builder.id());
        assertThat(left.tags())
                .as("renew must set the tag %s to the end of that time", MachineTags.LEASE)
                .containsEntry(MachineTags.LEASE, String.valueOf(until.getEpochSecond()));
        rig().delete(provider(), List.of(builder.id()));
    }

    @Test
    void whatIsKeptForLongerThanItsCapGetsALaterOneWhereTheCloudCan() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        Instant cap = Instant.ofEpochSecond(
                Long.parseLong(fleet().machine(builder).tags().getOrDefault(MachineTags.CAP, "0")));
        Instant until = keep(builder, setup().spec().maxLifetime().plus(Duration.ofHours(3)));
        if (setup().raisesCaps()) {
            assertThat(until)
                    .as("extend must move a cap that comes before the end of that time")
                    .isAfter(cap);
            assertThat(rig().described(builder.id()).cap())
                    .as("describe must show the cap that extend has raised")
                    .hasValueSatisfying(raised -> assertThat(raised).isAfterOrEqualTo(until));
        } else {
            assertThat(until)
                    .as("where a cap cannot be raised, the machine is kept until then")
                    .isEqualTo(cap);
        }
        rig().delete(provider(), List.of(builder.id()));
    }

    @Test
    void whatWasKeptIsGivenBackAfterThat() throws Exception {
        assumeTrue(
                rig().time.movedByHand(),
                "not checked: the end of a machine that was kept; let setup().ticker() be a TestTicker to have it checked,"
                        + " since it takes minutes");
        EphemeralBuilder builder = fleet().acquire();
        Instant until = keep(builder, A_WHILE);
        fleet().time().pass(Duration.between(rig().time.now(), until.minus(Duration.ofMinutes(2))));
        assertThat(rig().left())
                .as("a machine that is kept must stay until then")
                .containsExactly(builder.id());
        fleet().time().pass(Duration.ofMinutes(10));
        fleet().awaitNothingLeft("the end of the time for which a machine was kept");
    }
}
