package dev.ephemeralbuilder.testing.contract;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** Makes the setup before each test, and after it clears up and looks for what was left. */
@ExtendWith(UnexpectedFailures.class)
abstract class ContractKit {
    private @Nullable ContractRig rig;

    ContractKit() {}

    /** Returns what one test works with; called before each test and closed after it. */
    protected abstract ContractSetup setup() throws Exception;

    @BeforeEach
    final void setUpRig() throws Exception {
        rig = new ContractRig(setup());
    }

    @AfterEach
    final void clearUp() throws Exception {
        if (rig == null) {
            return;
        }
        try {
            rig.clear();
        } finally {
            rig.setup.close();
        }
    }

    final ContractRig rig() {
        if (rig == null) {
            throw new IllegalStateException("setup() has failed");
        }
        return rig;
    }
}
