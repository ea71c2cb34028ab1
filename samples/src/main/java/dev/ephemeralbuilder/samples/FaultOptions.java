package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.testing.simulator.Faults;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The faults that a simulated cloud is to have. */
final class FaultOptions {
    @Option(
            names = "--fault",
            paramLabel = "FAULT",
            description = "A fault of the simulated cloud: " + FaultOption.FORM + ". Repeatable.")
    private List<FaultOption> faults = new ArrayList<>();

    /** Returns whether there are none. */
    boolean none() {
        return faults.isEmpty();
    }

    void order(Faults cloud) {
        faults.forEach(fault -> fault.order(cloud));
    }
}
