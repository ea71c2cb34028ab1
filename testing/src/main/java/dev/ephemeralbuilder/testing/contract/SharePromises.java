package dev.ephemeralbuilder.testing.contract;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.DuplicateRequestException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.PartialAcquireException;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Call;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Failure;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Several machines of one acquire, one request of several fleets, and the limit of an owner. */
abstract class SharePromises extends FleetPromises {
    private static final int MANY = 3;

    SharePromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs, fleets);
    }

    @Test
    void severalMachinesOfOneCallAllWork() throws Exception {
        List<EphemeralBuilder> all = fleet().acquireAll(MANY);
        assertThat(rig().left())
                .as("launch must make as many machines as Launch.count() says, and return the ids of all")
                .containsExactlyInAnyOrderElementsOf(
                        all.stream().map(EphemeralBuilder::id).toList())
                .hasSize(MANY);
        for (EphemeralBuilder builder : all) {
            assertThat(new String(fleet().run(builder, Script.of("echo works")).output(), US_ASCII))
                    .as("every machine of a launch must let in the launch's client key")
                    .isEqualTo("works\n");
        }
    }

    @Test
    void aLostAnswerMakesNoMoreMachinesThanWereAskedFor() throws Exception {
        setup().failNext(Call.LAUNCH, Failure.LOST_ANSWER);
        assertThat(fleet().acquireAll(MANY))
                .as("the same launch after a lost answer must return all machines of the first")
                .hasSize(MANY);
        assertThat(rig().left())
                .as("the token must hold for a launch of several machines too")
                .hasSize(MANY);
    }

    @Test
    void oneRequestOfTwoFleetsHasOneMachine() throws Exception {
        AcquireRequest request =
                AcquireRequest.builder().requestId("contract-42").build();
        EphemeralBuilder first = fleet().time().await("acquire", fleet().fleet().acquireAsync(setup().spec(), request));
        ContractFleet second = ContractFleet.over(rig(), setup().other());
        try {
            assertThatThrownBy(
                            () -> second.time().await("acquire", second.fleet().acquireAsync(setup().spec(), request)),
                            "a launch under a used token must be refused as the cloud refuses it, and list must show the tags"
                                    + " of the machine that is there")
                    .isInstanceOfSatisfying(
                            DuplicateRequestException.class,
                            e -> assertThat(e.builderId()).contains(first.id()));
        } finally {
            second.end();
        }
        assertThat(rig().left())
                .as("the machine of the first fleet must not be touched")
                .containsExactly(first.id());
    }

    @Test
    void twoFleetsTogetherHaveNoMoreMachinesThanTheirLimit() throws Exception {
        ContractFleet first = ContractFleet.over(rig(), setup().other(), settings -> settings.maxMachines(MANY));
        try {
            ContractFleet second = first.another();
            try {
                List<EphemeralBuilder> all = partOf(first, MANY + 1);
                assertThat(all)
                        .as("a limit of %s machines must leave room for so many", MANY)
                        .hasSize(MANY);
                assertRefused(second);
                assertThat(rig().left())
                        .as("no more machines must be launched than are permitted")
                        .hasSize(MANY);
                all.get(0).close();
                first.time().await("the end of a machine", all.get(0).gone());
                assertThat(second.acquire()).isNotNull();
                assertRefused(first);
            } finally {
                second.end();
            }
        } finally {
            first.end();
        }
        assertThat(rig().left()).isEmpty();
    }

    private List<EphemeralBuilder> partOf(ContractFleet by, int count) throws Exception {
        try {
            return by.acquireAll(count);
        } catch (PartialAcquireException e) {
            assertThat(e.failures()).hasOnlyElementsOfType(QuotaException.class);
            return e.builders();
        }
    }

    private static void assertRefused(ContractFleet fleet) {
        assertThatThrownBy(() -> fleet.time().await("acquire", fleet.begin()))
                .isInstanceOf(QuotaException.class)
                .hasMessageContaining("limit");
    }
}
