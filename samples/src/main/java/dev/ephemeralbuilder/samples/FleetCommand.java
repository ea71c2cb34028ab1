package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.spi.StateStore;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;

/** What the commands have in common that look after an owner's machines in the cloud. */
abstract class FleetCommand extends OwnerCommand {
    @Mixin
    private final ProviderOption provider = new ProviderOption();

    @Mixin
    private final StateOption state = new StateOption();

    FleetCommand(Caller caller) {
        super(caller);
    }

    /**
     * Does what the command is for and returns its exit code.
     *
     * @param records where the fleet looks for records
     */
    abstract int with(BuildFleet fleet, Path records) throws InterruptedException;

    @Override
    final int with(Settings settings, String owner) throws InterruptedException {
        try (StateStore store = state.openIfThere(settings, caller(), owner)) {
            BuildFleet.Builder builder =
                    BuildFleet.builder().owner(owner).stateStore(store).noReaper();
            Providers.cloud(settings, provider.in(settings), caller().environment())
                    .forEach(builder::provider);
            try (BuildFleet fleet = builder.build()) {
                return with(fleet, state.folder(settings, caller()));
            }
        }
    }
}
