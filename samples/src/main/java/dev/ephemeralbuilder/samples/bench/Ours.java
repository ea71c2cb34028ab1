package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.JobException;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.RecoveryPolicy;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.event.BuilderEvent;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The library, used as a team would: each try is a job. */
final class Ours implements Contestant {
    /** By the wall clock, for deletions to be observed. */
    private static final Duration GONE = Duration.ofMinutes(3);

    /** By the cloud's clock: what this host needs to connect to many machines at a time is many times as long there. */
    static final Duration READY = Duration.ofMinutes(40);

    private final BuildFleet fleet;
    private final MachineSpec spec;
    private final Mischief mischief;
    private final Map<String, Output> underWay = new ConcurrentHashMap<>();
    private final Map<String, CompletableFuture<Void>> gone = new ConcurrentHashMap<>();

    /** @param fleet what is built of it is closed with this */
    Ours(BuildFleet.Builder fleet, MachineSpec spec, Mischief mischief) {
        this.fleet = fleet.listener(this::heard).build();
        this.spec = spec;
        this.mischief = mischief;
    }

    /** What a job prints, attempt by attempt; each but the last must be the beginning of what its script prints. */
    private final class Output implements LogSink {
        private final Work work;
        private final byte[] expected;
        private final Consumer<String> uses;
        private final ByteArrayOutputStream log = new ByteArrayOutputStream();
        private BuildLog.Difference before = BuildLog.Difference.NONE;
        private Mischief.Watch watch;
        private volatile @Nullable String machine;

        Output(Work work, Consumer<String> uses) {
            this.work = work;
            this.expected = work.log().expected();
            this.uses = uses;
            this.watch = mischief.watch(work.attempt(), () -> machine, expected.length);
        }

        void ready(String id) {
            uses.accept(id);
            machine = id;
        }

        @Override
        public synchronized void write(LogStream stream, byte[] bytes, int length) {
            log.write(bytes, 0, length);
            watch.seen(length);
        }

        @Override
        public synchronized void onNewAttempt(int attempt, JobAttempt last) {
            before = beginning();
            log.reset();
            watch = mischief.watch(work.attempt() + "." + attempt, () -> machine, expected.length);
        }

        synchronized BuildLog.Difference beginning() {
            return before.plus(said(BuildLog.compareBeginning(expected, log.toByteArray())));
        }

        synchronized BuildLog.Difference whole() {
            return before.plus(said(BuildLog.compare(expected, log.toByteArray())));
        }

        private BuildLog.Difference said(BuildLog.Difference difference) {
            if (!difference.equals(BuildLog.Difference.NONE)) {
                System.err.println("ephemeral: ours: " + work.attempt() + " on " + machine + ": " + difference
                        + ", first: " + BuildLog.surprise(expected, log.toByteArray()));
            }
            return difference;
        }
    }

    private void heard(BuilderEvent event) {
        if (event instanceof BuilderEvent.Ready ready) {
            gone.put(ready.machineId(), new CompletableFuture<>());
            // Of later attempts it is the job's, a dot and a number.
            Output output = underWay.get(ready.requestId().replaceFirst("\\..*", ""));
            if (output != null) {
                output.ready(ready.machineId());
            }
        } else if (event instanceof BuilderEvent.Gone absent) {
            CompletableFuture<Void> waiting = gone.get(absent.machineId());
            if (waiting != null) {
                waiting.complete(null);
            }
        }
    }

    @Override
    public Result run(Work work, Consumer<String> uses) throws InterruptedException {
        Output output = new Output(work, uses);
        underWay.put(work.attempt(), output);
        try {
            JobResult result = fleet.run(job(work), output);
            boolean right = isRight(result, work.log());
            return new Result(
                    right ? End.DONE : End.UNACCOUNTED,
                    right ? "" : WRONG_CODE,
                    right ? "" : result.toString(),
                    output.whole(),
                    machines(result.attempts()));
        } catch (JobException e) {
            return new Result(
                    e.retryable() ? End.FAILED_AGAIN : End.FAILED,
                    cause(e) + e.code().map(code -> " " + code).orElse(""),
                    String.valueOf(e.getMessage()),
                    output.beginning(),
                    machines(e.attempts()));
        } catch (RuntimeException e) {
            return new Result(
                    e instanceof BuilderException ? End.FAILED : End.UNACCOUNTED,
                    e.getClass().getSimpleName(),
                    String.valueOf(e.getMessage()),
                    output.beginning(),
                    List.of());
        } finally {
            underWay.remove(work.attempt());
        }
    }

    /** Returns the type of what ended a job: that of a job's own exception says nothing. */
    private static String cause(JobException e) {
        Throwable cause = e.getCause();
        return (cause == null ? e : cause).getClass().getSimpleName();
    }

    private Job job(Work work) {
        AcquireRequest.Builder request =
                AcquireRequest.builder().requestId(work.attempt()).readyTimeout(READY);
        Duration expected = work.expected();
        if (expected != null) {
            request.expectedDuration(expected);
        }
        RecoveryPolicy recovery = RecoveryPolicy.defaults();
        return Job.builder(spec)
                .request(request.build())
                .script(Script.of(work.log().script()))
                .recovery(work.farewell().isEmpty() ? recovery : recovery.farewell(Script.of(work.farewell())))
                .build();
    }

    /**
     * The script has ended by itself, as it does; of every attempt before that the machine is said to have gone, and every
     * one after it was given up for it. Whether the machines went is the cloud's to say.
     */
    private static boolean isRight(JobResult result, BuildLog log) {
        ScriptResult script = result.scripts().get(result.scripts().size() - 1);
        List<JobAttempt> attempts = result.attempts();
        JobAttempt.End due = log.exitCode() == 0 ? JobAttempt.End.SUCCEEDED : JobAttempt.End.SCRIPT_FAILED;
        int last = attempts.stream().map(JobAttempt::end).toList().indexOf(due);
        return script.ending() == ScriptResult.Ending.EXITED
                && script.exitCode() == log.exitCode()
                && result.exitCode() == log.exitCode()
                && last >= 0
                && attempts.subList(0, last).stream()
                        .allMatch(attempt -> claim(attempt) == Claim.LOST
                                || attempt.readyAt().isEmpty())
                && attempts.subList(last + 1, attempts.size()).stream()
                        .allMatch(attempt -> attempt.end() == JobAttempt.End.CANCELLED
                                || attempt.readyAt().isEmpty());
    }

    private static Claim claim(JobAttempt attempt) {
        return switch (attempt.end()) {
            case SUCCEEDED, SCRIPT_FAILED -> Claim.FINISHED;
            case RECLAIMED, LOST -> Claim.LOST;
            case NO_MACHINE, FAILED, DEADLINE, CANCELLED -> Claim.OTHER;
        };
    }

    private static List<Use> machines(List<JobAttempt> attempts) {
        return attempts.stream()
                .flatMap(attempt -> attempt.machineId().stream().map(id -> new Use(id, claim(attempt))))
                .toList();
    }

    /** Waits until the deletion of every machine was observed, three minutes at most, and asks the ledger then. */
    @Override
    public double settle() throws InterruptedException {
        try {
            CompletableFuture.allOf(gone.values().toArray(CompletableFuture<?>[]::new))
                    .get(GONE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            // What is left shows in the census.
            System.err.println("ephemeral: not every machine was seen gone: " + e);
        }
        return fleet.costs(Instant.EPOCH).totals().stream()
                .mapToDouble(total -> total.amount().amount().doubleValue())
                .sum();
    }

    @Override
    public void close() {
        fleet.close();
    }
}
