package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.testing.simulator.Faults;
import java.util.List;

/** What goes wrong with the calls of {@code bench faults}; what goes wrong on machines is {@link Mischief}. */
final class FaultMix {
    private FaultMix() {}

    static void order(Faults faults) {
        faults.on("*").probability(0.05).throttle();
        faults.on("*").probability(0.03).html503();
        faults.on("*").probability(0.005).malformedJson();
        faults.on("*").probability(0.005).emptyOk();
        faults.on("RunInstances").probability(0.10).error("OperationDenied.NoStock");
        faults.on("RunInstances").probability(0.03).vanish();
        faults.on("RunInstances").probability(0.05).loseAnswer();
        for (String delete : List.of("DeleteInstances", "DeleteInstance")) {
            faults.on(delete).probability(0.05).error("IncorrectInstanceStatus.Initializing");
            faults.on(delete).probability(0.05).loseAnswer();
        }
    }
}
