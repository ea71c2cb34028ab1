package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A held machine until its own command runs, or has run. Confined to the ticker. */
final class CommandBoot extends Boot<ContainerRun> {
    private final ForCommand purpose;
    private @Nullable ContainerRun run;

    /**
     * @param launchedAt for a while from here on the cloud may not show the machine although it is there
     */
    CommandBoot(Region region, Held held, ForCommand purpose, Instant launchedAt, Instant deadline, Waiting waiting) {
        super(region, held, launchedAt, deadline, waiting);
        this.purpose = purpose;
    }

    @Override
    void take(Optional<Machine> look) {
        boolean ended = look.isPresent() && look.get().exitCode().isPresent();
        if (ended && !isOver()) {
            held.seen();
            runs(look.get());
            shown(look.get());
        } else {
            super.take(look);
        }
    }

    @Override
    void shown(Machine now) {
        String mark = now.tags().get(MachineTags.COMMAND);
        if (mark == null || !mark.equals(CommandMark.of(purpose.command()))) {
            failed(configuration("Machine " + now.id() + " of request id " + held.requestId()
                    + " was launched for another command, or for scripts, by a process that has died; it is given back."
                    + " Use another id"));
            return;
        }
        Watcher.Watch watch = watch();
        if (watch == null
                || (now.state() != MachineState.RUNNING && now.exitCode().isEmpty())) {
            return;
        }
        ContainerRun begun =
                new ContainerRun(region, held, watch, held.origin().intendedAt().plus(purpose.most()));
        run = begun;
        held.ready(watch, begun::closed);
        arrived(begun);
        begun.onLook(Optional.of(now));
    }

    @Override
    void afterwards(Optional<Machine> look) {
        if (run == null) {
            held.onLook(look);
        } else {
            run.onLook(look);
        }
    }

    @Override
    String seen(Machine last) {
        return "it is " + last.state() + ", and its command does not run";
    }
}
