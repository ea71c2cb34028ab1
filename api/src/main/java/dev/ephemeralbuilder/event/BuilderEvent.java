package dev.ephemeralbuilder.event;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.Selection;
import java.time.Duration;
import java.time.Instant;

/** Something that happened to a request or to its machine. */
public sealed interface BuilderEvent {
    /** Returns when it happened, by the fleet's clock. */
    Instant at();

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
     * @param cost the estimate
     */
    record Released(Instant at, String requestId, String machineId, CostEstimate cost) implements BuilderEvent {}

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
     * @param until the lease
     */
    record Detached(Instant at, String requestId, String machineId, Instant until) implements BuilderEvent {}

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
}
