package dev.ephemeralbuilder.testing.contract;

import dev.ephemeralbuilder.BuilderException;
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

    /** For {@code matches}, which keeps the message of the whole assertion. */
    static boolean retryable(Throwable failure) {
        return failure instanceof BuilderException e && e.retryable();
    }

    /** For {@code matches}, which keeps the message of the whole assertion. */
    static boolean forGood(Throwable failure) {
        return failure instanceof BuilderException e && !e.retryable();
    }

    final List<String> unknownIds(int count) {
        return IntStream.range(0, count).mapToObj(setup()::unknownId).toList();
    }
}
