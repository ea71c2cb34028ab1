package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.testing.simulator.Faults;

/** What goes wrong with the calls of {@code bench faults}; what goes wrong on machines is {@link Mischief}. */
final class FaultMix {
    private FaultMix() {}

    static void order(Faults faults) {
        faults.on("*").probability(0.05).throttle();
        faults.on("*").probability(0.03).html503();
        faults.on("*").probability(0.005).malformedJson();
        faults.on("*").probability(0.005).emptyOk();
        create(faults, "RunInstances");
        delete(faults, "DeleteInstances", "IncorrectInstanceStatus.Initializing");
        delete(faults, "DeleteInstance", "IncorrectInstanceStatus.Initializing");
        // After those, so that a seed means the same for them as without these.
        create(faults, "CreateContainerGroup");
        delete(faults, "DeleteContainerGroup", "IncorrectStatus");
    }

    private static void create(Faults faults, String action) {
        faults.on(action).probability(0.10).error("OperationDenied.NoStock");
        faults.on(action).probability(0.03).vanish();
        faults.on(action).probability(0.05).loseAnswer();
    }

    /** @param refusal the code for a machine that cannot be deleted yet */
    private static void delete(Faults faults, String action, String refusal) {
        faults.on(action).probability(0.05).error(refusal);
        faults.on(action).probability(0.05).loseAnswer();
    }
}
