package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** {@link CloudProvider#renew} and {@link CloudProvider#extend}. */
abstract class LeasePromises extends Promises {
    LeasePromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    /** Returns another time for a lease, on the full second as tags are. */
    private Instant lease() {
        return Instant.ofEpochSecond(rig().time.now().getEpochSecond() + 1800);
    }

    @Test
    void renewMovesTheLeaseTagAndNoOther() throws Exception {
        Launch launch = rig().newLaunch();
        String id = rig().running(rig().launch(launch).get(0)).id();
        Instant lease = lease();
        Map<String, Outcome> outcomes = ContractRig.renewed(provider(), List.of(id), lease);
        assertThat(ContractRig.status(outcomes, id))
                .as("renew must accept a running machine")
                .isEqualTo(Outcome.Status.ACCEPTED);
        Map<String, String> expected = launch.tags();
        expected.put(MachineTags.LEASE, String.valueOf(lease.getEpochSecond()));
        assertThat(rig().described(id).tags())
                .as("renew must set the tag %s to the seconds since 1970 and keep all others", MachineTags.LEASE)
                .containsAllEntriesOf(expected);
    }

    @Test
    void renewOfAMixTellsAbsentFromAccepted() throws Exception {
        String known = rig().running().id();
        String unknown = setup().unknownId(1);
        Map<String, Outcome> outcomes = ContractRig.renewed(provider(), List.of(unknown, known), lease());
        assertThat(ContractRig.status(outcomes, unknown))
                .as("renew of an id that the cloud does not know must be ABSENT, not an error")
                .isEqualTo(Outcome.Status.ABSENT);
        assertThat(ContractRig.status(outcomes, known))
                .as("renew must move the lease of the others when the cloud refuses a batch for one unknown id: take"
                        + " that id out and ask again")
                .isEqualTo(Outcome.Status.ACCEPTED);
    }

    @Test
    void aFullRenewBatchIsAnswered() throws Exception {
        List<String> ids = new ArrayList<>(unknownIds(provider().limits().renewBatch() - 1));
        String known = rig().running().id();
        ids.add(known);
        Map<String, Outcome> outcomes = ContractRig.renewed(provider(), ids, lease());
        assertThat(ContractRig.status(outcomes, known))
                .as("renew must accept the one machine of a full batch that is there")
                .isEqualTo(Outcome.Status.ACCEPTED);
    }

    @Test
    void noIdsAreNoRenewals() throws Exception {
        assertThat(provider().renew(List.of(), lease()))
                .as("renew of no ids must return an empty map without asking")
                .isEmpty();
    }

    @Test
    void moreThanARenewBatchIsRefused() {
        List<String> ids = unknownIds(provider().limits().renewBatch() + 1);
        assertThatThrownBy(
                        () -> provider().renew(ids, lease()),
                        "renew must refuse more ids than limits().renewBatch() with a ConfigurationException")
                .isInstanceOf(ConfigurationException.class);
    }

    @Test
    void anotherInstanceCanRenew() throws Exception {
        String id = rig().running().id();
        assertThat(ContractRig.status(ContractRig.renewed(setup().other(), List.of(id), lease()), id))
                .as("renew must work for a machine that another instance has launched")
                .isEqualTo(Outcome.Status.ACCEPTED);
    }

    @Test
    void extendRaisesTheCapWhereTheCloudCan() throws Exception {
        Launch launch = rig().newLaunch();
        String id = rig().running(rig().launch(launch).get(0)).id();
        Instant cap = launch.cap().plus(Duration.ofHours(1));
        if (!setup().raisesCaps()) {
            assertThatThrownBy(
                            () -> provider().extend(id, cap),
                            "extend must say with a ConfigurationException that the cloud cannot raise a cap, as"
                                    + " setup().raisesCaps() says")
                    .isInstanceOf(ConfigurationException.class);
            return;
        }
        assertThat(provider().extend(id, cap))
                .as("extend must return the cap that holds now")
                .isEqualTo(cap);
        assertThat(rig().described(id).cap())
                .as("describe must show a cap that was raised")
                .contains(cap);
    }

    @Test
    void extendOfAnUnknownIdIsAProviderExceptionWithoutEffect() {
        assumeTrue(setup().raisesCaps(), "not checked: extend, since setup().raisesCaps() says that the cloud cannot");
        Instant cap = rig().time.now().plus(Duration.ofHours(3));
        assertThatThrownBy(
                        () -> provider().extend(setup().unknownId(1), cap),
                        "extend of an id that the cloud does not know must be a ProviderException that is not retryable and"
                                + " without effect")
                .isInstanceOf(ProviderException.class)
                .matches(Promises::forGood, "retryable() is false")
                .matches(e -> ((ProviderException) e).effect() == Effect.NONE, "effect() is NONE");
    }
}
