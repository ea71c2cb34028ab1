package dev.ephemeralbuilder.testing.contract;

import dev.ephemeralbuilder.spi.CloudProvider;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** One theme of {@link CloudProviderContract}. */
abstract class Promises {
    private final Supplier<ContractRig> rigs;

    Promises(Supplier<ContractRig> rigs) {
        this.rigs = rigs;
    }

    /** Returns what the running test works with. */
    final ContractRig rig() {
        return rigs.get();
    }

    final ContractSetup setup() {
        return rig().setup;
    }

    final CloudProvider provider() {
        return rig().provider;
    }

    final List<String> unknownIds(int count) {
        return IntStream.range(0, count).mapToObj(setup()::unknownId).toList();
    }
}
