package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.JobAttempt.End;
import dev.ephemeralbuilder.JobException;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job on its way to a result: an attempt, and another one when its machine is taken back. There is at most one
 * attempt that works and one that is to follow it. Confined to the ticker.
 */
final class JobRun {
    private static final Logger log = LoggerFactory.getLogger(JobRun.class);

    /** For how long a lost machine is waited for to be gone, on which scripts may still run. */
    private static final Duration UNTIL_GONE = Duration.ofMinutes(5);

    private final Jobs fleet;
    private final Ticker ticker;
    private final Job job;
    private final JobSink sink;
    private final String id;
    private final JobMachines machines;
    private final CompletableFuture<JobResult> result = new CompletableFuture<>();
    private final List<JobTry> tries = new ArrayList<>();
    private Ticker.@Nullable Scheduled timer;

    /** The one that works. */
    private @Nullable JobTry active;

    /** The one that is to follow it. */
    private @Nullable JobTry next;

    /** Why nothing will follow it. */
    private @Nullable Throwable noMore;

    /** Completes when nothing of the job runs any more on the machine that was lost last. */
    private CompletableFuture<@Nullable Void> clear = CompletableFuture.completedFuture(null);

    JobRun(Jobs fleet, Job job, JobSink sink) {
        this.fleet = fleet;
        this.ticker = fleet.ticker();
        this.job = job;
        this.sink = sink;
        this.id = job.request().requestId().orElseGet(() -> UUID.randomUUID().toString());
        this.machines = new JobMachines(fleet, job, id, UNTIL_GONE);
    }

    CompletableFuture<JobResult> result() {
        return result;
    }

    void start() {
        Stages.whenDone(result, ticker, (value, failure) -> over(failure));
        job.deadline().ifPresent(most -> timer = ticker.schedule(most, () -> tooLate(most)));
        if (machines.allowsAnother()) {
            order();
        } else {
            fail(
                    new BuilderLostException("The job's recovery policy allows no attempt in its spec's markets", null),
                    End.NO_MACHINE);
        }
    }

    /** Begins the next attempt: asks for a machine. */
    private void order() {
        JobTry now = new JobTry(tries.size() + 1, ticker, sink.part());
        tries.add(now);
        next = now;
        fleet.events().publish(new BuilderEvent.JobAttemptStarted(ticker.now(), id, now.number()));
        Stages.whenDone(machines.get(now), (builder, failure) -> {
            if (failure == null) {
                ready(now, builder);
            } else {
                notHad(now, failure);
            }
        });
    }

    private void notHad(JobTry now, Throwable failure) {
        end(now, End.NO_MACHINE, words(failure));
        next = null;
        noMore = failure;
        if (active == null) {
            fail(failure, End.NO_MACHINE);
        }
    }

    private void ready(JobTry now, BuilderHandle builder) {
        now.ready(builder);
        Stages.whenDone(CompletableFuture.allOf(clear, machines.remainsGone()), ticker, (v, failure) -> {
            if (!now.ended()) {
                begin(now, builder);
            }
        });
    }

    private void begin(JobTry now, BuilderHandle builder) {
        active = now;
        next = null;
        if (now.number() > 1) {
            JobAttempt last = tries.get(now.number() - 2).attempt();
            Stages.whenDone(sink.begin(now.number(), last), ticker, (v, failure) -> {
                if (failure != null) {
                    fail(Failures.unwrap(failure), End.FAILED);
                }
            });
        }
        JobWork work = new JobWork(job, builder, now.sink(), sink.inTurn(), fleet.files());
        now.begin(work);
        watch(now, builder);
        Stages.whenDone(work.run(), ticker, (done, failure) -> {
            if (now.ended()) {
                return;
            }
            orFail(() -> {
                if (failure != null) {
                    failed(now, builder, Failures.unwrap(failure));
                } else if (done.isPresent()) {
                    finish(now, builder, done.get());
                } else {
                    left(now, builder);
                    clear.complete(null);
                }
            });
        });
    }

    /** A step that goes wrong must not leave the job without an end, nor its machines without one who gives them back. */
    private void orFail(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            fail(e, End.FAILED);
        }
    }

    private void watch(JobTry now, BuilderHandle builder) {
        ReclaimNotices notices = builder.held().notices();
        notices.listen(new ReclaimNotices.Listener() {
            @Override
            public void noticed(ReclaimNotice notice) {
                orFail(() -> JobRun.this.noticed(now, builder, notice));
            }

            @Override
            public void withdrawn(ReclaimNotice notice) {
                // What was decided stays so; what was not goes on where it is.
                log.debug("A notice was withdrawn [id={}, machine={}]", id, builder.id());
            }
        });
        // Behind the begin of the work, which it may stop.
        ticker.execute(() -> orFail(() -> now.notice().ifPresent(notice -> noticed(now, builder, notice))));
    }

    /** The machine will be taken back: what would not end in time begins elsewhere at once. */
    private void noticed(JobTry now, BuilderHandle builder, ReclaimNotice notice) {
        if (now.ended() || result.isDone()) {
            return;
        }
        if (now.leaves()) {
            leaveBy(notice.deadline(), now, builder);
            return;
        }
        Instant latest = notice.deadline().minus(job.recovery().margin());
        Optional<Instant> inTime =
                now.expectedEnd(job.request().expectedDuration()).filter(end -> !end.isAfter(latest));
        log.debug(
                "A job's machine is to be taken back [id={}, machine={}, deadline={}, ends in time={}]",
                id,
                builder.id(),
                notice.deadline(),
                inTime.isPresent());
        if (!machines.allowsAnother()) {
            // It may still end before the machine does.
            return;
        }
        if (inTime.isPresent()) {
            lookAgain(now, builder, inTime.get(), latest);
            return;
        }
        clear = new CompletableFuture<>();
        machines.leaveOut(builder.offer());
        order();
        now.leave(notice);
        leaveBy(notice.deadline(), now, builder);
    }

    /** A job that is late by half of what was left beyond its expected end is not expected to end in time any more. */
    private void lookAgain(JobTry now, BuilderHandle builder, Instant expected, Instant latest) {
        Instant at =
                expected.plus(Duration.between(expected, latest).dividedBy(2)).plusMillis(1);
        ticker.schedule(
                Duration.between(ticker.now(), at),
                () -> orFail(() -> now.notice().ifPresent(standing -> noticed(now, builder, standing))));
    }

    /** Scripts that do not end hold up the next attempt until the machine is gone: the cloud may be late. */
    private void leaveBy(Instant deadline, JobTry now, BuilderHandle builder) {
        CompletableFuture<@Nullable Void> left = clear;
        ticker.schedule(
                Duration.between(ticker.now(), deadline),
                () -> orFail(() -> {
                    if (!now.ended() && !result.isDone()) {
                        left(now, builder);
                    }
                    whenGone(builder, left);
                }));
    }

    /** Completes a future when a machine is gone, or that was waited for long enough. */
    private void whenGone(BuilderHandle builder, CompletableFuture<@Nullable Void> end) {
        Stages.whenDone(
                Stages.atMost(ticker, UNTIL_GONE, builder.held().gone()), (inTime, failure) -> end.complete(null));
    }

    /** Nothing of the job runs on the machine any more, or it is over with the machine. */
    private void left(JobTry now, BuilderHandle builder) {
        ReclaimNotice notice = now.leftFor();
        end(
                now,
                End.RECLAIMED,
                "The cloud takes machine " + builder.id() + " back at " + notice.deadline() + " (" + notice.source()
                        + ")");
        active = null;
        now.farewell(
                job.recovery().farewell(),
                Duration.between(
                        ticker.now(), notice.deadline().minus(job.recovery().margin())),
                BuilderHandle.lost(builder.held()));
        Throwable nothingFollows = noMore;
        if (nothingFollows != null) {
            fail(nothingFollows, End.NO_MACHINE);
        }
    }

    private void failed(JobTry now, BuilderHandle builder, Throwable failure) {
        if (!JobTry.isLoss(failure)) {
            fail(failure, End.FAILED);
            return;
        }
        Throwable why = now.notice()
                .filter(notice -> !(failure instanceof BuilderReclaimedException))
                .<Throwable>map(notice -> new BuilderReclaimedException(
                        "The cloud took machine " + builder.id() + " back (" + notice.source() + ")", notice, failure))
                .orElse(failure);
        end(now, why instanceof BuilderReclaimedException ? End.RECLAIMED : End.LOST, words(why));
        active = null;
        machines.leaveOut(builder.offer());
        if (clear.isDone()) {
            clear = new CompletableFuture<>();
        }
        // The cloud may still show it, and its scripts may run.
        whenGone(builder, clear);
        now.giveUp(BuilderHandle.lost(builder.held()));
        Throwable nothingFollows = noMore;
        if (nothingFollows != null) {
            fail(nothingFollows, End.NO_MACHINE);
        } else if (next == null && !machines.allowsAnother()) {
            fail(why, End.LOST);
        } else if (next == null) {
            order();
        }
    }

    /** The scripts have ended, and with them the job. */
    private void finish(JobTry now, BuilderHandle builder, JobWork.Done done) {
        if (timer != null) {
            // What the scripts have come to is known, however long it takes to keep their machine.
            timer.cancel();
        }
        end(
                now,
                done.success() ? End.SUCCEEDED : End.SCRIPT_FAILED,
                done.failed()
                        .map(script ->
                                "A script ended with exit code " + script.exitCode() + " (" + script.ending() + ")")
                        .orElse("Every script ended with exit code 0"));
        active = null;
        JobTry spare = next;
        if (spare != null) {
            next = null;
            end(spare, End.CANCELLED, "It was not needed: attempt " + now.number() + " came to its end");
            spare.giveUp(new BuilderLostException("Its machine was not needed", null));
        }
        Optional<Duration> keep = done.success() ? Optional.empty() : job.keepOnFailure();
        if (keep.isEmpty()) {
            builder.close();
            complete(done, Optional.empty());
            return;
        }
        Stages.whenDone(builder.held().keep(keep.get()), ticker, (until, failure) -> {
            if (failure != null) {
                log.warn(
                        "The machine of a failed script could not be kept and is given back [id={}, machine={}]",
                        id,
                        builder.id(),
                        Failures.unwrap(failure));
                builder.close();
            }
            complete(done, Optional.ofNullable(until).map(at -> new JobResult.Kept(builder.id(), at)));
        });
    }

    private void complete(JobWork.Done done, Optional<JobResult.Kept> kept) {
        result.complete(new JobResult(id, done.scripts(), done.downloads(), attempts(), kept));
    }

    private void fail(Throwable cause, End how) {
        if (result.isDone()) {
            return;
        }
        endAll(how, words(cause));
        result.completeExceptionally(new JobException(
                "Job " + id + " did not come to its end in " + tries.size() + " attempts: " + words(cause),
                attempts(),
                cause));
    }

    private void tooLate(Duration most) {
        fail(new BuilderTimeoutException("Its deadline of " + most + " has passed", null, null, null), End.DEADLINE);
    }

    /** Whatever the end was: nothing is left that nobody wants. */
    private void over(@Nullable Throwable failure) {
        if (timer != null) {
            timer.cancel();
        }
        if (failure == null) {
            return;
        }
        endAll(End.CANCELLED, failure instanceof CancellationException ? "It was given up" : words(failure));
        BuilderException reason = new BuilderLostException("The job was given up", null);
        tries.forEach(one -> one.giveUp(reason));
    }

    private void endAll(End how, String reason) {
        List.copyOf(tries).stream().filter(one -> !one.ended()).forEach(one -> end(one, how, reason));
    }

    private void end(JobTry one, End how, String reason) {
        one.end(how, reason);
        fleet.events().publish(new BuilderEvent.JobAttemptEnded(ticker.now(), id, one.attempt()));
    }

    private List<JobAttempt> attempts() {
        return tries.stream().map(JobTry::attempt).toList();
    }

    private static String words(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
    }
}
