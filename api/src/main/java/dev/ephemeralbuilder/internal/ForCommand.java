package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.MachineTags;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Machines whose own command is the job, which become runs of it.
 *
 * @param most how long a machine may live
 */
record ForCommand(ContainerCommand command, Duration most) implements Purpose<ContainerRun> {
    @Override
    public Optional<String> objection(CloudProvider provider) {
        return provider.runsContainerCommands()
                ? Optional.empty()
                : Optional.of("runs machines, not a container's own command");
    }

    @Override
    public Map<String, String> marks() {
        return Map.of(MachineTags.COMMAND, CommandMark.of(command));
    }

    @Override
    public Boot<ContainerRun> boot(
            Region region, Held held, Attempt.Made made, Instant deadline, Boot.Waiting waiting) {
        return new CommandBoot(region, held, this, made.launchedAt(), deadline, waiting);
    }
}
