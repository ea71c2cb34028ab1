package dev.ephemeralbuilder.event;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.Transfer;
import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.Selection;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Something that happened to a request or to its machine. */
public sealed interface BuilderEvent extends FleetEvent {
    /** Returns the id of the request. */
    String requestId();

    /**
     * The offers were ranked.
     *
     * @param at when
     * @param requestId the request
     * @param selection the ranking, with what was left out
     * @param took how long reading the market and ranking took
     */
    record Selected(Instant at, String requestId, Selection selection, Duration took) implements BuilderEvent {}

    /**
     * A create call is about to be made.
     *
     * @param at when
     * @param requestId the request
     * @param offer what is launched
     * @param attempt counts the offers tried, from 1
     */
    record Launching(Instant at, String requestId, Offer offer, int attempt) implements BuilderEvent {}

    /**
     * An attempt failed; another may follow.
     *
     * @param at when
     * @param requestId the request
     * @param offer what was launched
     * @param attempt counts the offers tried, from 1
     * @param failure why
     */
    record LaunchFailed(Instant at, String requestId, Offer offer, int attempt, BuilderException failure)
            implements BuilderEvent {}

    /**
     * The cloud has created the machine.
     *
     * @param at when
     * @param requestId the request
     * @param machineId its id
     * @param offer what was launched
     * @param took how long the create call took, its repetitions included
     */
    record Launched(Instant at, String requestId, String machineId, Offer offer, Duration took)
            implements BuilderEvent {}

    /**
     * A machine that a process launched for the same request before it died is this fleet's now: it goes on as one that
     * was just launched.
     *
     * @param at when
     * @param requestId the request
     * @param machineId its id
     * @param offer what was launched then
     */
    record TakenOver(Instant at, String requestId, String machineId, Offer offer) implements BuilderEvent {}

    /**
     * The machine was seen to run: by a look, of which there are few once the machine itself can be asked, or because it
     * has answered, just before {@link Ready}.
     *
     * @param at when
     * @param requestId the request
     * @param machineId its id
     * @param took time since it was created
     */
    record Running(Instant at, String requestId, String machineId, Duration took) implements BuilderEvent {}

    /**
     * The machine has taken the first command: the builder is handed out. Or its own command was seen to run, where that
     * is the job.
     *
     * @param at when
     * @param requestId the request
     * @param machineId its id
     * @param took time since it was seen to run
     */
    record Ready(Instant at, String requestId, String machineId, Duration took) implements BuilderEvent {}

    /**
     * The cloud said that it will take the machine back; again if it then names another deadline, or after it was
     * withdrawn, but not twice for the same.
     *
     * @param at when
     * @param requestId the request
     * @param machineId its id
     * @param notice the notice, its deadline by the fleet's clock
     */
    record ReclaimNoticed(Instant at, String requestId, String machineId, ReclaimNotice notice)
            implements BuilderEvent {}

    /**
     * A notice of reclaim does not stand any more: the cloud has taken it back, or the machine still runs some minutes
     * after its deadline. The builder goes on as if there had been none.
     *
     * @param at when
     * @param requestId the request
     * @param machineId its id
     * @param notice the notice that was told last
     */
    record ReclaimWithdrawn(Instant at, String requestId, String machineId, ReclaimNotice notice)
            implements BuilderEvent {}

    /**
     * The machine was given back or lost; the deletion is under way.
     *
     * @param at when
     * @param requestId the request
     * @param machineId its id
     * @param offer what was launched
     * @param ending why
     * @param held how long this fleet has held it: from the answer to the create call, or since it attached
     * @param cost the estimate
     */
    record Released(
            Instant at,
            String requestId,
            String machineId,
            Offer offer,
            Ending ending,
            Duration held,
            CostEstimate cost)
            implements BuilderEvent {
        /** Why a fleet holds a machine no longer. */
        public enum Ending {
            /** It was ready and was given back: closed, released by its id, or its own command was over. */
            CLOSED,
            /** It never got ready, or nobody wanted it any more before it was. */
            UNREADY,
            /** It was gone without a notice. */
            LOST,
            /** It was gone after the cloud had given notice. */
            RECLAIMED,
            /** It was another fleet's: released by its id, or an orphan. */
            REMOVED
        }
    }

    /**
     * The cloud no longer shows the machine.
     *
     * @param at when
     * @param requestId the request
     * @param machineId its id
     * @param took time since it was released
     */
    record Gone(Instant at, String requestId, String machineId, Duration took) implements BuilderEvent {}

    /**
     * This fleet holds a machine that some process had acquired before.
     *
     * @param at when
     * @param requestId the request that the machine was acquired for
     * @param machineId its id
     * @param offer what was launched then
     * @param took how long attaching took
     */
    record Attached(Instant at, String requestId, String machineId, Offer offer, Duration took)
            implements BuilderEvent {}

    /**
     * This fleet has let a machine go and left it to its lease.
     *
     * @param at when
     * @param requestId the request
     * @param machineId its id
     * @param held how long this fleet has held it: from the answer to the create call, or since it attached
     * @param until the lease, as last heard
     */
    record Detached(Instant at, String requestId, String machineId, Duration held, Instant until)
            implements BuilderEvent {}

    /**
     * A {@linkplain dev.ephemeralbuilder.Job job} asks for a machine to begin on, its first or another one.
     *
     * @param at when
     * @param requestId the job's request, whose id the attempt's own one begins with
     * @param attempt counts from 1
     */
    record JobAttemptStarted(Instant at, String requestId, int attempt) implements BuilderEvent {}

    /**
     * An attempt of a {@linkplain dev.ephemeralbuilder.Job job} has ended; another one may be under way already.
     *
     * @param at when
     * @param requestId the job's request, whose id the attempt's own one begins with
     * @param attempt what it was; what it cost until then
     */
    record JobAttemptEnded(Instant at, String requestId, JobAttempt attempt) implements BuilderEvent {}

    /**
     * The fleet closes before the machine was seen gone: from here on its lease and its cap end it.
     *
     * @param at when
     * @param requestId the request
     * @param machineId its id
     */
    record LeftBehind(Instant at, String requestId, String machineId) implements BuilderEvent {}

    /**
     * The owner's own limit of machines, or of spending, leaves no room for all that was to be launched. If it leaves
     * none at all, {@link LaunchFailed} follows.
     *
     * @param at when
     * @param requestId the request
     * @param offer what was to be launched
     * @param wanted how many machines of it
     * @param room how many may be launched, 0 or more
     * @param reason which limit, and who has what; null unless the room is 0
     */
    record LimitReached(
            Instant at,
            String requestId,
            Offer offer,
            int wanted,
            int room,
            @Nullable QuotaException reason) implements BuilderEvent {}

    /**
     * An acquire has what it was asked for, or as much of it as will come.
     *
     * @param at when
     * @param requestId the request
     * @param machines how many machines, at least 1
     * @param took time since the acquire began
     */
    record Acquired(Instant at, String requestId, int machines, Duration took) implements BuilderEvent {}

    /**
     * An acquire has ended without a machine.
     *
     * @param at when
     * @param requestId the request
     * @param failure why; null if the caller gave it up
     * @param took time since the acquire began
     */
    record AcquireFailed(
            Instant at, String requestId, @Nullable BuilderException failure, Duration took) implements BuilderEvent {}

    /**
     * The machine has started a script.
     *
     * @param at when it said so
     * @param requestId the request
     * @param machineId its id
     * @param scriptId the id of the script, unique on its machine
     */
    record ScriptStarted(Instant at, String requestId, String machineId, String scriptId) implements BuilderEvent {}

    /**
     * It is known how a script ended. Told once, if this fleet has started the script or {@linkplain
     * dev.ephemeralbuilder.EphemeralBuilder#script(String) asked for it} while it ran, and somebody follows it or waits
     * for its result.
     *
     * @param at when that was known
     * @param requestId the request
     * @param machineId its id
     * @param scriptId the id of the script
     * @param result exit code, ending and duration, as the machine wrote them down
     */
    record ScriptEnded(Instant at, String requestId, String machineId, String scriptId, ScriptResult result)
            implements BuilderEvent {}

    /**
     * Nobody will know how a script ended that this fleet knows as running: the machine was given back or lost before,
     * or cannot say. Never told together with {@link ScriptEnded}, and not of scripts on a machine that is detached:
     * those go on.
     *
     * @param at when that was known
     * @param requestId the request
     * @param machineId its id
     * @param scriptId the id of the script
     * @param took time since this fleet knows the script
     * @param reason why
     */
    record ScriptLost(
            Instant at, String requestId, String machineId, String scriptId, Duration took, BuilderException reason)
            implements BuilderEvent {}

    /**
     * The machine's own command, where that is the job, has ended or was given up.
     *
     * @param at when that was known
     * @param requestId the request
     * @param machineId its id
     * @param exitCode its exit code; null if nobody knows it
     * @param took time since it was seen to run
     */
    record CommandEnded(
            Instant at,
            String requestId,
            String machineId,
            @Nullable Integer exitCode,
            Duration took) implements BuilderEvent {}

    /** Which way files go. */
    enum Direction {
        /** To the machine. */
        UPLOAD,
        /** From the machine. */
        DOWNLOAD
    }

    /**
     * Files were copied.
     *
     * @param at when that was done
     * @param requestId the request
     * @param machineId its id
     * @param direction which way
     * @param transfer how much
     * @param took how long, repetitions included
     */
    record Transferred(
            Instant at, String requestId, String machineId, Direction direction, Transfer transfer, Duration took)
            implements BuilderEvent {}

    /**
     * Files were not copied, or not all of them.
     *
     * @param at when
     * @param requestId the request
     * @param machineId its id
     * @param direction which way
     * @param failure what the caller got: an {@link java.io.IOException}, an {@link InterruptedException} or a {@link
     *     RuntimeException} such as {@link BuilderLostException}
     * @param took how long, repetitions included
     */
    record TransferFailed(
            Instant at, String requestId, String machineId, Direction direction, Exception failure, Duration took)
            implements BuilderEvent {}
}
