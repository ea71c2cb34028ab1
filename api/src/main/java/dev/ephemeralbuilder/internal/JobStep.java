package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The scripts of one step of a job, side by side on one machine. Confined to the ticker. */
final class JobStep {
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final BuilderHandle builder;
    private final Ticker ticker;
    private final LogSink sink;
    private final Executor inTurn;
    private final List<CompletableFuture<ScriptRun>> begun = new ArrayList<>();
    private final CompletableFuture<Void> unwatched = new CompletableFuture<>();
    private final CompletableFuture<List<ScriptResult>> result = new CompletableFuture<>();
    private boolean cancelled;
    private boolean failed;

    /** @param inTurn runs the sink, one call at a time */
    JobStep(BuilderHandle builder, LogSink sink, Executor inTurn) {
        this.builder = builder;
        this.ticker = builder.region().ticker();
        this.sink = sink;
        this.inTurn = inTurn;
    }

    /**
     * Starts the scripts. If one fails, the others are cancelled.
     *
     * @return completes on the ticker when all have ended and their output was delivered; fails as soon as one has no
     *     result, or its output cannot be delivered
     */
    CompletableFuture<List<ScriptResult>> run(List<Script> scripts) {
        List<CompletableFuture<ScriptResult>> all = new ArrayList<>();
        for (Script script : scripts) {
            CompletableFuture<ScriptRun> starting = builder.begin(script);
            begun.add(starting);
            CompletableFuture<ScriptResult> one = new CompletableFuture<>();
            all.add(one);
            Stages.whenDone(
                    starting.thenCompose(this::follow), ticker, (ended, failure) -> take(one, ended, failure, all));
        }
        return result;
    }

    private CompletableFuture<ScriptResult> follow(ScriptRun run) {
        return run.followAll(sink, inTurn, unwatched).thenComposeAsync(v -> run.ended(), ticker);
    }

    private void take(
            CompletableFuture<ScriptResult> one,
            ScriptResult ended,
            @Nullable Throwable failure,
            List<CompletableFuture<ScriptResult>> all) {
        if (failure != null) {
            result.completeExceptionally(Failures.unwrap(failure));
            cancel();
            return;
        }
        one.complete(ended);
        if (!ended.success() && !cancelled) {
            failed = true;
            cancel();
        }
        if (all.stream().allMatch(CompletableFuture::isDone)) {
            result.complete(all.stream().map(CompletableFuture::join).toList());
        }
    }

    /** Whether a script has failed before anybody cancelled them. */
    boolean failed() {
        return failed;
    }

    private void cancel() {
        if (cancelled) {
            return;
        }
        cancelled = true;
        // One that has ended is left as it is, and one that cannot be reached is seen elsewhere.
        begun.forEach(starting -> Stages.leave(starting.thenCompose(ScriptRun::end)));
    }

    /**
     * Cancels the scripts.
     *
     * @return completes when all have ended, whether or not their output can be delivered, and says how; fails if
     *     somebody is needed for that who does not answer
     */
    CompletableFuture<List<ScriptResult>> stop() {
        cancel();
        List<CompletableFuture<ScriptResult>> ends =
                begun.stream().map(starting -> starting.thenCompose(this::end)).toList();
        return CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
                .thenApply(v -> ends.stream().map(CompletableFuture::join).toList());
    }

    private CompletableFuture<ScriptResult> end(ScriptRun run) {
        return run.status()
                .thenCompose((Optional<ScriptResult> end) -> end.isPresent()
                        ? CompletableFuture.completedFuture(end.get())
                        : Stages.after(ticker, PAUSE).thenCompose(v -> end(run)));
    }

    /** Delivers no more output. */
    void leave() {
        unwatched.complete(null);
    }
}
