package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ReapReport;
import dev.ephemeralbuilder.ReapReport.Reason;
import dev.ephemeralbuilder.spi.Machine;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** What nobody wants any more goes, everything else stays; and what is wanted for longer can stay longer. */
abstract class ReapPromises extends FleetPromises {
    ReapPromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs, fleets);
    }

    @Test
    void reapDeletesOrphansAndNothingElse() throws Exception {
        EphemeralBuilder held = fleet().acquire();
        String wanted = rig().running().id();
        String orphan = rig().running().id();
        Instant now = rig().time.now();
        ContractRig.renewed(provider(), List.of(wanted), now.plus(Duration.ofHours(1)));
        ContractRig.renewed(provider(), List.of(orphan), now.minus(Duration.ofHours(1)));
        ReapReport report = fleet().time()
                .awaitBlocked(
                        "reap", ContractTime.onAThread(() -> fleet().fleet().reap()));
        assertThat(report.complete())
                .as("reap must be able to ask list and describe for everything")
                .isTrue();
        assertThat(report.deleted())
                .as("reap must delete the machine whose lease tag, as renew has set it, has passed, and no other")
                .extracting(finding -> finding.machine().id(), ReapReport.Finding::reason)
                .containsExactly(tuple(orphan, Reason.LEASE_PASSED));
        assertThat(rig().listed(provider(), rig().owner))
                .as("reap must leave what is held and what has a lease that runs")
                .extracting(Machine::id)
                .contains(held.id(), wanted);
        rig().delete(provider(), List.of(wanted));
    }

    @Test
    void aBuilderLivesLongerWhereTheCloudCanRaiseItsCap() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        Duration lifetime = setup().spec().maxLifetime().plus(Duration.ofHours(3));
        if (!setup().raisesCaps()) {
            assertThatThrownBy(() -> fleet().time()
                            .awaitBlocked("extend", ContractTime.onAThread(() -> builder.extend(lifetime))))
                    .isInstanceOf(ConfigurationException.class);
            return;
        }
        Instant before = rig().time.now();
        Instant cap = fleet().time().awaitBlocked("extend", ContractTime.onAThread(() -> builder.extend(lifetime)));
        assertThat(cap)
                .as("extend of a builder must return a cap that is as far away as was asked for")
                .isAfter(before.plus(lifetime).minusSeconds(60));
        assertThat(fleet().machine(builder).cap())
                .as("describe must show the cap that extend has raised")
                .contains(cap);
    }
}
