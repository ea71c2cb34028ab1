package dev.ephemeralbuilder.testing.contract;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Timeout;

/**
 * What a {@link dev.ephemeralbuilder.BuildFleet} must do over a provider: the engine is the same for all of them, so a
 * failure here says what it needs of the provider. To be extended after {@link CloudProviderContract} is green, with the
 * same {@link #setup}.
 *
 * <p>Everything runs on the setup's ticker. Whatever waits by another clock, above all a provider that sleeps, shows as a
 * hang with a message that says where.
 */
@Timeout(300)
public abstract class FleetContract extends ContractKit {
    private @Nullable ContractFleet fleet;

    /** For subclasses. */
    protected FleetContract() {}

    @AfterEach
    final void endFleet() throws Exception {
        if (fleet != null) {
            fleet.end();
            fleet.awaitNothingLeft("the end of a fleet");
        }
    }

    final ContractFleet fleet() {
        if (fleet == null) {
            fleet = ContractFleet.over(rig(), rig().provider);
        }
        return fleet;
    }

    @Nested
    class Acquires extends AcquirePromises {
        Acquires() {
            super(FleetContract.this::rig, FleetContract.this::fleet);
        }
    }

    @Nested
    class Batches extends BatchPromises {
        Batches() {
            super(FleetContract.this::rig, FleetContract.this::fleet);
        }
    }

    @Nested
    class Releases extends ReleasePromises {
        Releases() {
            super(FleetContract.this::rig, FleetContract.this::fleet);
        }
    }

    @Nested
    class Shares extends SharePromises {
        Shares() {
            super(FleetContract.this::rig, FleetContract.this::fleet);
        }
    }

    @Nested
    class Reaping extends ReapPromises {
        Reaping() {
            super(FleetContract.this::rig, FleetContract.this::fleet);
        }
    }

    @Nested
    class Keeps extends KeepPromises {
        Keeps() {
            super(FleetContract.this::rig, FleetContract.this::fleet);
        }
    }

    @Nested
    class Scripts extends ScriptPromises {
        Scripts() {
            super(FleetContract.this::rig, FleetContract.this::fleet);
        }
    }

    @Nested
    class Losses extends LossPromises {
        Losses() {
            super(FleetContract.this::rig, FleetContract.this::fleet);
        }
    }

    @Nested
    class Reclaims extends ReclaimPromises {
        Reclaims() {
            super(FleetContract.this::rig, FleetContract.this::fleet);
        }
    }

    @Nested
    class RunsOnce extends RunOncePromises {
        RunsOnce() {
            super(FleetContract.this::rig, FleetContract.this::fleet);
        }
    }

    @Nested
    class Jobs extends JobPromises {
        Jobs() {
            super(FleetContract.this::rig, FleetContract.this::fleet);
        }
    }

    @Nested
    class Transfers extends TransferPromises {
        Transfers() {
            super(FleetContract.this::rig, FleetContract.this::fleet);
        }
    }
}
