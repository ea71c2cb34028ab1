package dev.ephemeralbuilder.internal;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One attempt of a job: a machine, had or wanted, and what is done on it. Confined to the ticker. */
final class JobTry {
    private final int number;
    private final Ticker ticker;
    private final JobSink.Part sink;
    private final Instant startedAt;
    private @Nullable CompletableFuture<BuilderHandle> acquiring;
    private @Nullable BuilderHandle builder;
    private @Nullable Instant readyAt;
    private @Nullable Instant begunAt;
    private @Nullable JobWork work;
    private @Nullable ReclaimNotice leftFor;
    private @Nullable End end;

    private record End(Instant at, JobAttempt.End how, String reason) {}

    JobTry(int number, Ticker ticker, JobSink.Part sink) {
        this.number = number;
        this.ticker = ticker;
        this.sink = sink;
        this.startedAt = ticker.now();
    }

    int number() {
        return number;
    }

    JobSink.Part sink() {
        return sink;
    }

    /** Whether a failure says that the machine is gone or out of reach, and not that anything is wrong with the job. */
    static boolean isLoss(Throwable failure) {
        return failure instanceof BuilderReclaimedException
                || failure instanceof BuilderLostException
                || failure instanceof BuilderTimeoutException;
    }

    /** A machine is asked for; giving up the attempt gives that up. */
    void acquiring(CompletableFuture<BuilderHandle> future) {
        acquiring = future;
    }

    void ready(BuilderHandle machine) {
        builder = machine;
        readyAt = ticker.now();
    }

    void begin(JobWork now) {
        work = now;
        begunAt = ticker.now();
    }

    boolean ended() {
        return end != null;
    }

    /**
     * Returns when the work is expected to be done, in this host's time; empty if nobody knows. What takes longer than
     * expected is expected to go on for as long again as it is late.
     */
    Optional<Instant> expectedEnd(Optional<Duration> expected) {
        Instant begun = begunAt;
        if (begun == null || expected.isEmpty()) {
            return Optional.empty();
        }
        Instant planned = begun.plus(expected.get());
        Duration late = Duration.between(planned, ticker.now());
        return Optional.of(late.isNegative() ? planned : ticker.now().plus(late));
    }

    /** Stops the work, for the machine is to be left. */
    void leave(ReclaimNotice notice) {
        leftFor = notice;
        if (work != null) {
            work.stop();
        }
    }

    /** Whether the machine is to be left. */
    boolean leaves() {
        return leftFor != null;
    }

    /** Returns for which notice the machine was left. */
    ReclaimNotice leftFor() {
        return requireNonNull(leftFor, "nobody has left it");
    }

    /** From now on it brings nothing more; its machine is somebody else's matter. */
    void end(JobAttempt.End how, String reason) {
        if (end == null) {
            end = new End(ticker.now(), how, reason);
            sink.end();
        }
    }

    /** Gives back whatever there is of it. */
    void giveUp(BuilderException reason) {
        if (acquiring != null) {
            acquiring.cancel(false);
        }
        if (work != null) {
            work.abandon(reason);
        }
        if (builder != null) {
            builder.close();
        }
    }

    /** Lets a script run on the machine for at most a time, whatever comes of it; then the machine is given back. */
    void farewell(Optional<Script> script, Duration most, BuilderException reason) {
        BuilderHandle machine = builder;
        boolean useful = work != null && work.begun() && !most.isNegative() && !most.isZero();
        if (machine == null || script.isEmpty() || !useful) {
            giveUp(reason);
            return;
        }
        Stages.whenDone(
                Stages.atMost(ticker, most, machine.begin(script.get()).thenCompose(ScriptRun::ended)),
                (inTime, failure) -> machine.close());
    }

    /** Returns what has become of it; what it has cost until it was given back, or until now. */
    JobAttempt attempt() {
        End how = end;
        if (how == null) {
            throw new IllegalStateException("attempt " + number + " has not ended");
        }
        Optional<BuilderHandle> machine = Optional.ofNullable(builder);
        return new JobAttempt(
                number,
                machine.map(BuilderHandle::id),
                machine.map(BuilderHandle::offer),
                startedAt,
                Optional.ofNullable(readyAt),
                how.at(),
                how.how(),
                how.reason(),
                machine.map(BuilderHandle::cost));
    }

    /** Returns the cloud's word that it takes the machine back, if that stands. */
    Optional<ReclaimNotice> notice() {
        return Optional.ofNullable(builder).flatMap(b -> b.held().notices().standing());
    }
}
