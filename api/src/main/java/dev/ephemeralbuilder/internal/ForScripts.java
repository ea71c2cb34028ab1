package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.spi.CloudProvider;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Machines for scripts, which become builders.
 *
 * @param users runs what is the users'
 * @param request tells what they do at their start and at their end
 */
record ForScripts(Executor users, AcquireRequest request) implements Purpose<BuilderHandle> {
    @Override
    public Optional<String> objection(CloudProvider provider) {
        return Optional.empty();
    }

    @Override
    public @Nullable ContainerCommand command() {
        return null;
    }

    @Override
    public Map<String, String> marks() {
        return Map.of();
    }

    @Override
    public Boot<BuilderHandle> boot(
            Region region, Held held, Attempt.Made made, Instant deadline, Boot.Waiting waiting) {
        return new ShellBoot(
                region,
                users,
                held,
                made.keysOf(held.machineId()),
                new Hooks(region, request),
                made.launchedAt(),
                deadline,
                waiting);
    }
}
