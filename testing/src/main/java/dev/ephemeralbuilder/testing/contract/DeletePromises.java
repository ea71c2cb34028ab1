package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** {@link CloudProvider#delete}. */
abstract class DeletePromises extends Promises {
    DeletePromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    @Test
    void aDeletedMachineIsSoonAbsent() throws Exception {
        String id = rig().launchOne();
        rig().delete(provider(), List.of(id));
        rig().awaitGone(id);
        assertThat(rig().left())
                .as("list must not return a machine, unless as ENDED, that describe no longer shows")
                .isEmpty();
    }

    @Test
    void aMachineThatCannotBeDeletedYetIsLaterAndNoError() throws Exception {
        String id = rig().launchOne();
        Map<String, Outcome> outcomes = ContractRig.deleted(provider(), List.of(id));
        assertThat(ContractRig.status(outcomes, id))
                .as("delete right after the launch must be ACCEPTED, or LATER where the cloud cannot do it yet; the"
                        + " engine then asks again")
                .isIn(Outcome.Status.ACCEPTED, Outcome.Status.LATER);
    }

    @Test
    void deletingTwiceIsNoError() throws Exception {
        String id = rig().launchOne();
        rig().delete(provider(), List.of(id));
        Map<String, Outcome> again = ContractRig.deleted(provider(), List.of(id));
        assertThat(ContractRig.status(again, id))
                .as("delete of a machine that is being deleted must be ACCEPTED or ABSENT, or LATER where the cloud"
                        + " refuses it for now")
                .isNotEqualTo(Outcome.Status.REFUSED);
        rig().awaitGone(id);
    }

    @Test
    void anUnknownIdIsAbsentAndSparesTheRestOfTheBatch() throws Exception {
        assumeTrue(
                provider().limits().deleteBatch() >= 2,
                "not checked: an unknown id among others, since limits().deleteBatch() is 1");
        String running = rig().running().id();
        String unknown = setup().unknownId(1);
        Map<String, Outcome> outcomes = ContractRig.deleted(provider(), List.of(unknown, running));
        assertThat(ContractRig.status(outcomes, unknown))
                .as("delete of an id that the cloud does not know must be ABSENT, not an error")
                .isEqualTo(Outcome.Status.ABSENT);
        assertThat(ContractRig.status(outcomes, running))
                .as("delete must delete the others when the cloud refuses a batch for one unknown id: take that id out"
                        + " and ask again")
                .isEqualTo(Outcome.Status.ACCEPTED);
        rig().awaitGone(running);
    }

    @Test
    void anIdThatIsGoneIsAbsent() throws Exception {
        String id = rig().launchOne();
        rig().delete(provider(), List.of(id));
        rig().awaitGone(id);
        assertThat(ContractRig.status(ContractRig.deleted(provider(), List.of(id)), id))
                .as("delete of a machine that is gone must be ABSENT, or ACCEPTED while the cloud keeps a record of it")
                .isIn(Outcome.Status.ABSENT, Outcome.Status.ACCEPTED);
    }

    @Test
    void aFullDeleteBatchIsAnswered() throws Exception {
        List<String> ids = new ArrayList<>(unknownIds(provider().limits().deleteBatch() - 1));
        String known = rig().running().id();
        ids.add(known);
        Map<String, Outcome> outcomes = ContractRig.deleted(provider(), ids);
        assertThat(ContractRig.status(outcomes, known))
                .as("delete must accept the one machine of a full batch that is there")
                .isEqualTo(Outcome.Status.ACCEPTED);
    }

    @Test
    void noIdsAreNoDeletions() throws Exception {
        String id = rig().launchOne();
        assertThat(provider().delete(List.of()))
                .as("delete of no ids must return an empty map without asking")
                .isEmpty();
        assertThat(rig().described(id).id())
                .as("delete of no ids must delete nothing")
                .isEqualTo(id);
    }

    @Test
    void moreThanADeleteBatchIsRefused() {
        List<String> ids = unknownIds(provider().limits().deleteBatch() + 1);
        assertThatThrownBy(
                        () -> provider().delete(ids),
                        "delete must refuse more ids than limits().deleteBatch() with a ConfigurationException")
                .isInstanceOf(ConfigurationException.class);
    }

    @Test
    void anotherInstanceCanDelete() throws Exception {
        String id = rig().launchOne();
        rig().delete(setup().other(), List.of(id));
        rig().awaitGone(id);
    }
}
