package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.spi.Door;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** A held machine on its way to a builder: its address, then the first contact. Confined to the ticker. */
final class ShellBoot extends Boot<BuilderHandle> {
    private final Executor users;
    private final MachineKeys keys;
    private final Welcome welcome;
    private boolean knocking;
    private boolean contacted;

    /**
     * @param launchedAt for a while from here on the cloud may not show the machine although it is there
     */
    ShellBoot(
            Region region,
            Executor users,
            Held held,
            MachineKeys keys,
            Welcome welcome,
            Instant launchedAt,
            Instant deadline,
            Waiting waiting) {
        super(region, held, launchedAt, deadline, waiting);
        this.users = users;
        this.keys = keys;
        this.welcome = welcome;
    }

    @Override
    void shown(Machine now) {
        Optional<BuilderException> other = CommandMark.objectionToScripts(now);
        if (other.isPresent()) {
            failed(other.get());
            return;
        }
        boolean addressed =
                now.privateAddress().isPresent() || now.publicAddress().isPresent();
        if (addressed && !contacted && !knocking) {
            knock(now);
        }
    }

    @Override
    void afterwards(Optional<Machine> look) {
        held.onLook(look);
    }

    @Override
    String seen(Machine last) {
        if (contacted) {
            return "it takes connections, but does not answer";
        }
        return last.state() == MachineState.RUNNING
                ? "it runs, but takes no connections: see its security group and its SSH server"
                : "it is " + last.state();
    }

    private void knock(Machine at) {
        knocking = true;
        Stages.whenDone(region.doors().knock(at), (door, failure) -> {
            knocking = false;
            // The newest look may know of another address, or that it runs.
            Machine now = machine();
            if (isOver() || now == null) {
                return;
            }
            if (door == Door.OPEN || (door == Door.UNKNOWN && now.state() == MachineState.RUNNING)) {
                contact(now);
            } else if (door == Door.SHUT) {
                knockAgain();
            }
        });
    }

    /** The machine itself will tell when it is there; the cloud is asked only whether it still is. */
    private void knockAgain() {
        knocking = true;
        Watcher.Watch watch = watch();
        if (watch != null) {
            watch.relax();
        }
        Stages.whenDone(region.doors().pause(), (v, failure) -> {
            Machine now = machine();
            if (!isOver() && now != null) {
                knock(now);
            }
        });
    }

    private void contact(Machine at) {
        contacted = true;
        Link link = new Link(region.ticker(), region.shellCalls(), region.cloud(), at, keys.shell(), this::presence);
        Remote remote = new Remote(region.ticker(), link);
        Watcher.Watch watch = watch();
        if (watch != null) {
            watch.relax();
            held.ready(watch, link::close);
        }
        Stages.whenDone(remote.ask(Supervisor.install(), deadline), (reply, failure) -> {
            if (failure != null) {
                failed(failure);
                return;
            }
            runs(at);
            List<String> missing = reply.values("missing");
            Optional<String> workspace = reply.value("workspace");
            if (!missing.isEmpty() || workspace.isEmpty()) {
                failed(configuration("The image lacks what scripts need: " + String.join(", ", missing)
                        + ". Install it in the image"));
                return;
            }
            BuilderHandle builder = new BuilderHandle(held, region, users, link, remote, workspace.get());
            CompletableFuture<Void> received = new OwnHostKey(region.records(), held, link)
                    .settle(keys, deadline)
                    .thenCompose(v -> {
                        link.booted();
                        return welcome.receive(new Welcome.Guest(held, builder, link, remote, deadline));
                    });
            Stages.whenDone(received, (v, refused) -> {
                if (refused == null) {
                    arrived(builder);
                } else {
                    failed(refused);
                }
            });
        });
    }

    /** While it boots, the watch tells whether it is gone. */
    private CompletableFuture<Optional<BuilderException>> presence() {
        return isOver() ? held.presence() : CompletableFuture.completedFuture(Optional.empty());
    }
}
