package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.ContainerResult;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A machine's own command, from the look that showed that it runs to its end: the exit code is the cloud's, or there is
 * none. The machine is held until its log was read. Confined to the ticker, but for {@link #close}.
 */
final class ContainerRun implements Arrived {
    /** Between two looks at a command that has just begun; those at one that runs long are seldomer, up to the last. */
    private static final Duration SOON = Duration.ofSeconds(2);

    private static final Duration LATE = Duration.ofSeconds(10);

    /** A look comes after about this part of the time that the command has run already. */
    private static final int PART = 20;

    /** For how long the log of a command is read that has no result any more. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(10);

    /** For how long at least the log of a command that has ended is read, if the time limit is near. */
    private static final Duration LEAST = Duration.ofMinutes(1);

    /** There is but one. */
    private static final String COMMAND = "command";

    private final Region region;
    private final Held held;
    private final Watcher.Watch watch;
    private final Instant limit;
    private final Instant since;
    private final CompletableFuture<End> end = new CompletableFuture<>();
    private final CompletableFuture<ContainerResult> result = new CompletableFuture<>();
    private @Nullable CommandLog log;
    private Ticker.@Nullable Scheduled timer;

    /**
     * How it ended.
     *
     * @param at when that was seen
     * @param exitCode null if nobody knows
     * @param failure why nobody knows, null if there is an exit code
     * @param logThere whether there can still be a log
     */
    private record End(
            Instant at,
            @Nullable Integer exitCode,
            @Nullable BuilderException failure,
            boolean logThere) {}

    /** @param limit until when the command may run */
    ContainerRun(Region region, Held held, Watcher.Watch watch, Instant limit) {
        this.region = region;
        this.held = held;
        this.watch = watch;
        this.limit = limit;
        this.since = region.ticker().now();
        held.usage().began(COMMAND, since);
    }

    @Override
    public String id() {
        return held.machineId();
    }

    @Override
    public void handOut() {
        // Nobody gets a builder of it.
        held.opened().completeExceptionally(CommandMark.runsItsOwn(id()));
    }

    @Override
    public void close() {
        held.release(() -> new BuilderLostException("The run on machine " + id() + " was given up", null));
    }

    /** Delivers the log until the command has ended and returns how it did; then the machine is given back. */
    CompletableFuture<ContainerResult> follow(LogSink sink, Executor users) {
        if (result.isDone()) {
            return result;
        }
        CommandLog reading = new CommandLog(region, id(), sink, users);
        log = reading;
        reading.start();
        timer = region.ticker().schedule(Duration.between(region.ticker().now(), limit), () -> fail(tooLong(), true));
        Stages.whenDone(end, (how, failure) -> settle(how, reading));
        return result;
    }

    /** Takes a look at the machine, whose command runs or has run. */
    void onLook(Optional<Machine> look) {
        held.observe(look);
        OptionalInt code = look.map(Machine::exitCode).orElse(OptionalInt.empty());
        if (code.isPresent()) {
            over(new End(region.ticker().now(), code.getAsInt(), null, true));
        } else if (Held.isOver(look)) {
            held.absent();
            fail(lost(), look.isPresent());
        } else {
            watch.relax(pace());
        }
    }

    private Duration pace() {
        Duration pace = Duration.between(since, region.ticker().now()).dividedBy(PART);
        if (pace.compareTo(SOON) < 0) {
            return SOON;
        }
        return pace.compareTo(LATE) > 0 ? LATE : pace;
    }

    private void fail(BuilderException failure, boolean logThere) {
        over(new End(region.ticker().now(), null, failure, logThere));
    }

    private void over(End how) {
        if (end.complete(how)) {
            if (how.exitCode() != null) {
                held.usage().ended(COMMAND, how.at(), false);
            }
            watch.end();
            tell(how);
        }
    }

    private void tell(End how) {
        held.publish(new BuilderEvent.CommandEnded(
                how.at(), held.requestId(), held.machineId(), how.exitCode(), Duration.between(since, how.at())));
    }

    private void settle(End how, CommandLog reading) {
        if (timer != null) {
            timer.cancel();
        }
        if (!how.logThere()) {
            give(how, false);
            return;
        }
        Duration left = Duration.between(how.at(), limit);
        Duration patience = how.exitCode() == null ? LAST_WORDS : left.compareTo(LEAST) > 0 ? left : LEAST;
        Stages.whenDone(
                Stages.atMost(region.ticker(), patience, reading.finish()),
                (inTime, failure) -> give(how, failure == null && inTime && reading.isComplete()));
    }

    private void give(End how, boolean logComplete) {
        if (log != null) {
            log.stop();
        }
        held.release(() -> new BuilderLostException("The command of machine " + id() + " has ended", null));
        Integer code = how.exitCode();
        if (code == null) {
            result.completeExceptionally(how.failure());
        } else {
            result.complete(new ContainerResult(
                    code, id(), held.offer(), Duration.between(since, how.at()), logComplete, held.cost()));
        }
    }

    /** The machine was given back, by whomever. */
    void closed(Supplier<BuilderException> reason) {
        BuilderException why = reason.get();
        if (result.completeExceptionally(why)) {
            End how = new End(region.ticker().now(), null, why, false);
            if (end.complete(how)) {
                tell(how);
            }
        }
        if (log != null) {
            log.stop();
        }
        if (timer != null) {
            timer.cancel();
        }
    }

    private BuilderException lost() {
        return held.notices()
                .standing()
                .<BuilderException>map(notice -> new BuilderReclaimedException(
                        "The cloud took machine " + id() + " back while its command ran (" + notice.source() + ")",
                        notice,
                        null))
                .orElseGet(() -> new BuilderLostException(
                        "Machine " + id() + " is gone, and the cloud does not say how its command ended", null));
    }

    private BuilderException tooLong() {
        return new BuilderTimeoutException(
                "The command of machine " + id() + " had not ended when the spec's lifetime was over at " + limit
                        + "; the machine is given back",
                null,
                null,
                null);
    }
}
