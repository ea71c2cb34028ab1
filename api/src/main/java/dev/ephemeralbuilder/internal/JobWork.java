package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ScriptResult.Ending;
import dev.ephemeralbuilder.Transfer;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a job does on one machine: files in, steps, files out. Confined to the ticker. */
final class JobWork {
    private static final Logger log = LoggerFactory.getLogger(JobWork.class);

    private final Job job;
    private final BuilderHandle builder;
    private final Ticker ticker;
    private final LogSink sink;
    private final Executor inTurn;
    private final Calls files;
    private final List<ScriptResult> ended = new ArrayList<>();
    private final List<Transfer> downloads = new ArrayList<>();
    private final CompletableFuture<Optional<Done>> result = new CompletableFuture<>();
    private @Nullable Errand errand;
    private @Nullable JobStep step;
    private boolean begun;
    private boolean stopping;

    /** What came of it: all that was to be done, or a script has failed. */
    record Done(List<ScriptResult> scripts, List<Transfer> downloads) {
        boolean success() {
            return scripts.stream().allMatch(ScriptResult::success);
        }

        /** Returns the script that failed, if one has; not one that was cancelled for that. */
        Optional<ScriptResult> failed() {
            return scripts.stream()
                    .filter(script -> !script.success() && script.ending() != Ending.CANCELLED)
                    .findFirst()
                    .or(() ->
                            scripts.stream().filter(script -> !script.success()).findFirst());
        }
    }

    /**
     * @param inTurn runs the sink, one call at a time
     * @param files where threads may block on files
     */
    JobWork(Job job, BuilderHandle builder, LogSink sink, Executor inTurn, Calls files) {
        this.job = job;
        this.builder = builder;
        this.ticker = builder.region().ticker();
        this.sink = sink;
        this.inTurn = inTurn;
        this.files = files;
    }

    /** Does it; empty if it was stopped before it was done. Completes on the ticker. */
    CompletableFuture<Optional<Done>> run() {
        if (!stopping) {
            begun = true;
            upload(job.uploads().iterator());
        }
        return result;
    }

    /** Whether anything was done on the machine. */
    boolean begun() {
        return begun;
    }

    private void upload(Iterator<Job.Upload> left) {
        if (stopping) {
            stopped();
            return;
        }
        if (!left.hasNext()) {
            step(job.steps().iterator());
            return;
        }
        Job.Upload next = left.next();
        errand(() -> builder.upload(next.source(), next.target(), next.filter()), transfer -> upload(left), this::fail);
    }

    private void step(Iterator<List<Script>> left) {
        if (!left.hasNext()) {
            download(job.downloads().iterator());
            return;
        }
        if (stopping) {
            stopped();
            return;
        }
        JobStep now = new JobStep(builder, sink, inTurn);
        step = now;
        Stages.whenDone(now.run(left.next()), ticker, (results, failure) -> {
            step = null;
            if (result.isDone()) {
                return;
            }
            if (failure != null) {
                fail(failure);
                return;
            }
            boolean cut = results.stream().anyMatch(script -> script.ending() == Ending.CANCELLED);
            if (stopping && cut && !now.failed()) {
                stopped();
                return;
            }
            ended.addAll(results);
            if (results.stream().allMatch(ScriptResult::success)) {
                step(left);
            } else {
                scriptFailed(new Done(results, List.of()).failed().orElse(results.get(0)));
            }
        });
    }

    private void scriptFailed(ScriptResult failed) {
        if (failed.ending() != Ending.EXITED) {
            download(job.downloads().iterator());
            return;
        }
        Stages.whenDone(new Blame(builder.region(), builder.held(), failed).find(), ticker, (machine, failure) -> {
            if (failure != null) {
                result.completeExceptionally(Failures.unwrap(failure));
            } else if (machine.isPresent()) {
                result.completeExceptionally(machine.get());
            } else {
                download(job.downloads().iterator());
            }
        });
    }

    private void download(Iterator<Job.Download> left) {
        if (!left.hasNext()) {
            done();
            return;
        }
        Job.Download next = left.next();
        errand(
                () -> download(next),
                transfers -> {
                    downloads.addAll(transfers);
                    download(left);
                },
                failure -> {
                    boolean scriptsFailed = ended.stream().anyMatch(script -> !script.success());
                    if (!scriptsFailed) {
                        fail(failure);
                    } else {
                        withoutFiles(next, Failures.unwrap(failure), left);
                    }
                });
    }

    /** A script's failure that is known stays the result, whatever becomes of files. */
    private void withoutFiles(Job.Download missed, Throwable why, Iterator<Job.Download> left) {
        if (result.isDone()) {
            return;
        }
        log.warn(
                "Files of a failed script were not copied [machine={}, pattern={}, reason={}]",
                builder.id(),
                missed.pattern(),
                why.toString());
        if (JobTry.isLoss(why)) {
            done();
        } else {
            download(left);
        }
    }

    private List<Transfer> download(Job.Download wanted) throws IOException, InterruptedException {
        List<Transfer> transfers = new ArrayList<>();
        for (String match : builder.glob(wanted.pattern())) {
            transfers.add(builder.download(match, place(wanted, match)));
        }
        return transfers;
    }

    private Path place(Job.Download wanted, String match) throws IOException {
        Path name = wanted.names().apply(match);
        Path folder = wanted.target().toAbsolutePath().normalize();
        Path place = folder.resolve(name.toString().isEmpty() ? nameOf(match) : name.toString())
                .normalize();
        if (!place.startsWith(folder) || place.equals(folder)) {
            throw new IOException("The copy of " + match + " would be outside of " + wanted.target());
        }
        return place;
    }

    /** Returns the last name of a path on the machine: nothing that leads out of the folder here. */
    private String nameOf(String match) throws IOException {
        Path name = Path.of(Supervisor.under(builder.workspace(), match))
                .normalize()
                .getFileName();
        if (name == null) {
            throw new IOException(match + " on the machine has no name that a copy could have here");
        }
        return name.toString();
    }

    private <T> void errand(Callable<T> work, Consumer<T> next, Consumer<Throwable> failed) {
        Errand now = new Errand();
        errand = now;
        Stages.whenDone(now.run(files, work), ticker, (value, failure) -> {
            errand = null;
            if (failure == null) {
                next.accept(value);
            } else if (stopping && Calls.isStopped(failure)) {
                stopped();
            } else {
                failed.accept(failure);
            }
        });
    }

    private void fail(Throwable failure) {
        result.completeExceptionally(Failures.unwrap(failure));
    }

    private void done() {
        result.complete(Optional.of(new Done(List.copyOf(ended), List.copyOf(downloads))));
    }

    private void stopped() {
        result.complete(Optional.empty());
    }

    /**
     * Stops what is under way, but for the copying of files from the machine: then all that runs there has ended. What
     * came of it is told by {@link #run}; that scripts do not end, or cannot be asked, by nobody.
     */
    void stop() {
        stopping = true;
        JobStep now = step;
        if (!begun) {
            stopped();
        } else if (now != null) {
            Stages.whenDone(now.stop(), ticker, (ends, failure) -> {
                boolean cut = failure == null && ends.stream().anyMatch(end -> end.ending() == Ending.CANCELLED);
                if (cut && !now.failed()) {
                    now.leave();
                    stopped();
                }
            });
        } else if (ended.isEmpty() && errand != null) {
            errand.stop();
        }
    }

    /** Nobody wants to know any more what comes of it: the machine is given back. */
    void abandon(BuilderException reason) {
        stopping = true;
        if (errand != null) {
            errand.stop();
        }
        if (step != null) {
            step.leave();
        }
        result.completeExceptionally(reason);
    }
}
