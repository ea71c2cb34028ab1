package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** The jobs of a fleet, and what they share. Confined to the ticker. */
final class Jobs {
    /**
     * How many transfers of jobs go on at a time: each blocks a thread, and the line to the machines is one. The others
     * wait for their turn; nothing else of a job needs a thread.
     */
    private static final int TRANSFERS = 32;

    private static final int MAX_ID = 60;

    private final Ticker ticker;
    private final Acquisitions acquisitions;
    private final Requests requests;
    private final Machines machines;
    private final Executor users;
    private final Events events;
    private final Calls files;
    private final Set<JobRun> running = new HashSet<>();

    /** @param users runs what is the users' */
    Jobs(
            Ticker ticker,
            Acquisitions acquisitions,
            Requests requests,
            Machines machines,
            Executor users,
            Events events) {
        this.ticker = ticker;
        this.acquisitions = acquisitions;
        this.requests = requests;
        this.machines = machines;
        this.users = users;
        this.events = events;
        this.files = new Calls(ticker, "files", TRANSFERS);
    }

    /**
     * Says no to a job whose attempts cannot have request ids of their own.
     *
     * @throws IllegalArgumentException if the id is too long
     */
    static void check(Job job) {
        job.request().requestId().filter(id -> id.length() > MAX_ID).ifPresent(id -> {
            throw new IllegalArgumentException("the request id of a job may have at most " + MAX_ID
                    + " characters, since its attempts add a number to it; was " + id);
        });
    }

    /** Begins one; giving up what is returned gives it up. */
    CompletableFuture<JobResult> begin(Job job, LogSink sink) {
        JobRun run = new JobRun(this, job, new JobSink(sink, users));
        running.add(run);
        Stages.whenDone(run.result(), ticker, (result, failure) -> running.remove(run));
        run.start();
        return run.result();
    }

    /** Gives all up. */
    void giveUp(BuilderException reason) {
        List.copyOf(running).forEach(run -> run.result().completeExceptionally(reason));
    }

    /** Ends the transfers. */
    boolean stop(Duration most) throws InterruptedException {
        return files.stop(most);
    }

    /** Asks for a machine of a job; giving up what is returned gives it back. */
    CompletableFuture<BuilderHandle> acquire(String job, Acquisitions.Wish wish) {
        CompletableFuture<Acquisition.Acquired<BuilderHandle>> acquired =
                acquisitions.begin(wish, 1, new ForScripts(users, wish.request(), job));
        CompletableFuture<BuilderHandle> own =
                acquired.thenApply(all -> all.arrived().get(0));
        Stages.whenDone(own, (builder, failure) -> {
            if (own.isCancelled() && !acquired.cancel(false)) {
                Stages.whenDone(acquired, (all, f) -> {
                    if (f == null) {
                        all.arrived().forEach(BuilderHandle::close);
                    }
                });
            }
        });
        return own;
    }

    /**
     * Returns the number, from 1, of the last of some requests that were begun, by whomever, and have not ended; 0 if there
     * is none.
     */
    CompletableFuture<Integer> lastBegun(List<String> requestIds) {
        return requests.lastBegun(requestIds);
    }

    /**
     * Gives back the machine of a request that a dead process has left, if there is one that nobody wants; its lease
     * stands behind that. Completes when it was seen gone.
     */
    CompletableFuture<Void> giveBack(String requestId) {
        return requests.left(requestId)
                .thenComposeAsync(
                        machine -> machine.filter(id -> !machines.isInUse(id))
                                .map(machines::release)
                                .orElseGet(() -> CompletableFuture.completedFuture(null)),
                        ticker);
    }

    /** The cloud has taken a machine of this pool back. */
    void lost(String pool) {
        acquisitions.lost(pool);
    }

    Ticker ticker() {
        return ticker;
    }

    Events events() {
        return events;
    }

    Calls files() {
        return files;
    }
}
