package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import java.nio.file.Path;

/** A machine of somebody else's that a command uses for a while and then leaves as it is. Not closed, which would give it back. */
final class Visit implements AutoCloseable {
    private final EphemeralBuilder builder;

    private Visit(EphemeralBuilder builder) {
        this.builder = builder;
    }

    /**
     * Goes to a machine. Blocks, and fails as {@link BuildFleet#attach} does.
     *
     * @param records where the fleet looks for records
     * @throws CommandException if there is no record of the machine, or one that is of no use
     */
    static Visit of(BuildFleet fleet, String id, Path records) throws InterruptedException {
        try {
            return new Visit(fleet.attach(id));
        } catch (ConfigurationException e) {
            throw CommandException.usage(
                    e.getMessage() + "\n  records are looked for in " + records + "; --state names another folder");
        }
    }

    EphemeralBuilder builder() {
        return builder;
    }

    /** Leaves it, with whatever lease it has now. */
    @Override
    public void close() {
        builder.letGo();
    }
}
