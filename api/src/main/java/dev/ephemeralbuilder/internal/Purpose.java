package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.spi.CloudProvider;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What machines are acquired for: who can serve it, what the create call says, and what a machine becomes. */
interface Purpose<T extends Arrived> {
    /** Returns why a provider cannot serve it. */
    Optional<String> objection(CloudProvider provider);

    /** Returns what a machine runs by itself, null if that is the supervisor of scripts. */
    @Nullable ContainerCommand command();

    /** Returns the job that the machines are for, as the ledger is to name it. */
    default Optional<String> job() {
        return Optional.empty();
    }

    /** Returns the tags by which every process knows what a machine is for. */
    Map<String, String> marks();

    /** Returns the way of a launched machine to what it is for. */
    Boot<T> boot(Region region, Held held, Attempt.Made made, Instant deadline, Boot.Waiting waiting);
}
