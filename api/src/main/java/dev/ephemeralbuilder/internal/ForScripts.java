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
 * @param ofJob the id of the job that they are for, null if they are for none
 */
record ForScripts(
        Executor users, AcquireRequest request, @Nullable String ofJob) implements Purpose<BuilderHandle> {
    ForScripts(Executor users, AcquireRequest request) {
        this(users, request, null);
    }

    @Override
    public Optional<String> job() {
        return Optional.ofNullable(ofJob);
    }

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
