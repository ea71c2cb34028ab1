package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.contract.StateStoreContract;

class InMemoryStateStoreContractTest extends StateStoreContract {
    private final StateStore store = StateStore.inMemory();

    @Override
    protected StateStore open() {
        return store;
    }
}
