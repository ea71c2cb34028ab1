package dev.ephemeralbuilder.testing.contract;

import dev.ephemeralbuilder.spi.CloudProvider;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link CloudProvider} must do. Extend it in the provider's own tests and give it a {@link #setup}; each
 * failure says what the provider has to change. {@link FleetContract} then runs the engine over the provider.
 *
 * <p>Every test launches machines of an owner of its own, deletes them and checks that nothing is left. A test for which
 * the setup lacks a hook is skipped, and says which.
 */
@Timeout(300)
public abstract class CloudProviderContract extends ContractKit {
    /** For subclasses. */
    protected CloudProviderContract() {}

    @Nested
    class Markets extends MarketPromises {
        Markets() {
            super(CloudProviderContract.this::rig);
        }
    }

    @Nested
    class Launches extends LaunchPromises {
        Launches() {
            super(CloudProviderContract.this::rig);
        }
    }

    @Nested
    class Tokens extends TokenPromises {
        Tokens() {
            super(CloudProviderContract.this::rig);
        }
    }

    @Nested
    class Looks extends LookPromises {
        Looks() {
            super(CloudProviderContract.this::rig);
        }
    }

    @Nested
    class Leases extends LeasePromises {
        Leases() {
            super(CloudProviderContract.this::rig);
        }
    }

    @Nested
    class Deletions extends DeletePromises {
        Deletions() {
            super(CloudProviderContract.this::rig);
        }
    }

    @Nested
    class Failures extends FailurePromises {
        Failures() {
            super(CloudProviderContract.this::rig);
        }
    }

    @Nested
    class Clients extends ClientPromises {
        Clients() {
            super(CloudProviderContract.this::rig);
        }
    }

    @Nested
    class Shells extends ShellPromises {
        Shells() {
            super(CloudProviderContract.this::rig);
        }
    }

    @Nested
    class Channels extends ChannelPromises {
        Channels() {
            super(CloudProviderContract.this::rig);
        }
    }

    @Nested
    class Terminals extends TerminalPromises {
        Terminals() {
            super(CloudProviderContract.this::rig);
        }
    }

    @Nested
    class Commands extends CommandPromises {
        Commands() {
            super(CloudProviderContract.this::rig);
        }
    }

    @Nested
    class Secrets extends SecretPromises {
        Secrets() {
            super(CloudProviderContract.this::rig);
        }
    }
}
