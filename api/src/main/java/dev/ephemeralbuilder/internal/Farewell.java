package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.internal.Supervisor.Reply;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last thing that a machine does: the script for its end, which was put onto it when it got ready. Once, by whichever
 * process gives the machine back, and within a bound. Confined to the ticker.
 */
final class Farewell {
    /** By this id the machine knows the script. */
    static final String ID = "onrelease";

    /** No deletion waits longer for it. */
    static final Duration MOST = Duration.ofSeconds(30);

    /** To reach the machine, and to end a script that is over its time. */
    private static final Duration AROUND = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(Farewell.class);

    private final Region region;
    private final Held held;
    private final Supplier<Link> links;
    private final Duration bound;
    private final CompletableFuture<Optional<Reply>> over = new CompletableFuture<>();
    private Instant latest = Instant.MAX;
    private boolean begun;

    /**
     * @param links makes a way to the machine, which is this one's to close
     * @param bound how long the script may run
     */
    Farewell(Region region, Held held, Supplier<Link> links, Duration bound) {
        this.region = region;
        this.held = held;
        this.links = links;
        this.bound = bound;
    }

    /**
     * Sees to it that a machine whose record knows of a script for its end runs it, whoever gives it back; false if there is
     * none, or the machine cannot run it.
     */
    static boolean recorded(Region region, Held held, Machine machine, BuilderRecord record) {
        Duration bound = record.onRelease();
        if (bound == null || machine.state() != MachineState.RUNNING) {
            return false;
        }
        held.farewell(new Farewell(
                region,
                held,
                () -> new Link(
                        region.ticker(), region.shellCalls(), region.cloud(), machine, record.keys(), held::presence),
                bound));
        return true;
    }

    /** From now on the deletion does not wait beyond a time. */
    void notAfter(Instant time) {
        if (time.isBefore(latest)) {
            latest = time;
            if (begun) {
                endAt(time);
            }
        }
    }

    /** Completes when the machine may go, whatever has come of it; never fails. */
    CompletableFuture<Void> say() {
        begun = true;
        Instant now = region.ticker().now();
        notAfter(now.plus(Times.shorter(bound.plus(AROUND), MOST)));
        held.notices().standing().ifPresent(notice -> notAfter(notice.deadline()));
        endAt(latest);
        Link link = links.get();
        long seconds = Math.max(1, Duration.between(now, latest).toSeconds());
        CompletableFuture<Reply> said = new Remote(region.ticker(), link).ask(Supervisor.fire(ID, seconds), latest);
        Stages.whenDone(said, (reply, failure) -> {
            if (failure == null) {
                over.complete(Optional.of(reply));
            } else {
                over.completeExceptionally(Failures.unwrap(failure));
            }
        });
        return Stages.then(over, (reply, failure) -> {
            conclude(failure == null ? reply : Optional.empty(), failure);
            link.close(() -> new BuilderLostException("Machine " + held.machineId() + " is given back", null));
            return CompletableFuture.completedFuture(null);
        });
    }

    private void endAt(Instant time) {
        region.ticker().schedule(Duration.between(region.ticker().now(), time), () -> over.complete(Optional.empty()));
    }

    private void conclude(Optional<Reply> reply, @Nullable Throwable failure) {
        String id = held.machineId();
        if (failure != null) {
            log.warn("The script for the end of a machine could not be run [id={}, reason={}]", id, failure.toString());
        } else if (reply.isEmpty()) {
            log.warn("The script for the end of a machine did not end in time [id={}]", id);
        } else if (reply.get().value("absent").isPresent()) {
            log.debug("There is no script for its end on the machine [id={}]", id);
        } else {
            ended(id, reply.get());
        }
    }

    private static void ended(String id, Reply reply) {
        try {
            ScriptResult result = Supervisor.result(reply.value("exited").orElse(""));
            if (result.success()) {
                log.debug("The script for the end of a machine has run [id={}]", id);
            } else {
                log.warn(
                        "The script for the end of a machine has failed [id={}, exit code={}, ending={}]",
                        id,
                        result.exitCode(),
                        result.ending());
            }
        } catch (IllegalArgumentException unreadable) {
            log.warn(
                    "The machine did not run the script for its end [id={}, reason={}]",
                    id,
                    reply.value("refused").orElse("unknown"));
        }
    }
}
