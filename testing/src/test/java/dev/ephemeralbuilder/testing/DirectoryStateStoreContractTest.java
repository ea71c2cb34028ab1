package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.contract.StateStoreContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class DirectoryStateStoreContractTest extends StateStoreContract {
    @TempDir
    Path root;

    @Override
    protected StateStore open() {
        return StateStore.directory(root, "Owner of the contract");
    }
}
