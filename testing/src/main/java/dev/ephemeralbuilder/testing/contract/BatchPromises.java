package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Script;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Several machines that are acquired together. */
abstract class BatchPromises extends FleetPromises {
    private static final int MANY = 3;

    BatchPromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs, fleets);
    }

    /** Returns the host key of a machine that a fleet has to connect to anew. */
    private String hostKey(ContractFleet by, EphemeralBuilder builder) throws Exception {
        setup().cutConnections(by.machine(builder));
        assertThat(by.run(builder, Script.of("exit 3")).result().exitCode())
                .as("a builder of acquireAll must run scripts, also over a connection that is opened later")
                .isEqualTo(3);
        Set<String> keys = by.hostKeys(builder.id());
        assertThat(keys)
                .as("once a machine is handed out, its connections must be pinned to one host key")
                .hasSize(1);
        return keys.iterator().next();
    }

    private List<EphemeralBuilder> acquire() throws Exception {
        List<EphemeralBuilder> all = fleet().acquireAll(MANY);
        assertThat(all)
                .as("acquireAll must give as many builders as were asked for")
                .hasSize(MANY);
        assumeFalse(
                fleet().keepsHostKeys(),
                "not checked: host keys of their own, since replaceHostKey of the provider's shells returns false");
        return all;
    }

    @Test
    void eachMachineOfSeveralHasAHostKeyOfItsOwn() throws Exception {
        Set<String> keys = new TreeSet<>();
        for (EphemeralBuilder builder : acquire()) {
            keys.add(hostKey(fleet(), builder));
        }
        assertThat(keys)
                .as(
                        "after replaceHostKey has returned true, a machine must show the new key: machines of one create call"
                                + " begin with the same one, and whoever rules one of them could pose as another")
                .hasSize(MANY);
    }

    @Test
    void aFleetThatAttachesKnowsTheHostKeyOfEach() throws Exception {
        ContractFleet other = fleet().another();
        try {
            for (EphemeralBuilder builder : acquire()) {
                assertThat(hostKey(other, other.attach(builder.id())))
                        .as("a machine must show one host key to all processes")
                        .isEqualTo(hostKey(fleet(), builder));
            }
        } finally {
            other.end();
        }
    }
}
