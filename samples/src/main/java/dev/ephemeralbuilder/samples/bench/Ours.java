package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The library, used as a team would. */
final class Ours implements Contestant {
    /** By the wall clock, for deletions to be observed. */
    private static final Duration GONE = Duration.ofMinutes(3);

    private final BuildFleet fleet;
    private final MachineSpec spec;
    private final Mischief mischief;
    private final List<CompletableFuture<Void>> gone = new ArrayList<>();

    /** @param fleet is closed with this */
    Ours(BuildFleet fleet, MachineSpec spec, Mischief mischief) {
        this.fleet = fleet;
        this.spec = spec;
        this.mischief = mischief;
    }

    @Override
    public Result run(Work work, Consumer<String> uses) throws InterruptedException {
        String attempt = work.attempt();
        byte[] expected = work.log().expected();
        List<String> machines = new ArrayList<>();
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        Mischief.Watch[] started = new Mischief.Watch[1];
        AcquireRequest request = AcquireRequest.builder().requestId(attempt).build();
        try (EphemeralBuilder builder = fleet.acquire(spec, request)) {
            keep(builder.gone());
            uses.accept(builder.id());
            machines.add(builder.id());
            Mischief.Watch watch = mischief.watch(attempt, builder::id, expected.length);
            started[0] = watch;
            ScriptResult result = builder.run(Script.of(work.log().script()), (stream, bytes, length) -> {
                log.write(bytes, 0, length);
                watch.seen(length);
            });
            boolean right = result.ending() == ScriptResult.Ending.EXITED
                    && result.exitCode() == work.log().exitCode();
            BuildLog.Difference difference = BuildLog.compare(expected, log.toByteArray());
            return right
                    ? new Result(End.DONE, "", "", difference, machines, 0)
                    : new Result(End.UNACCOUNTED, WRONG_CODE, result.toString(), difference, machines, 0);
        } catch (BuilderException e) {
            return new Result(
                    e.retryable() ? End.FAILED_AGAIN : End.FAILED,
                    e.getClass().getSimpleName()
                            + e.code().map(code -> " " + code).orElse(""),
                    String.valueOf(e.getMessage()),
                    difference(started[0], expected, log.toByteArray()),
                    machines,
                    0);
        } catch (IOException | RuntimeException e) {
            return new Result(
                    End.UNACCOUNTED,
                    e.getClass().getSimpleName(),
                    String.valueOf(e.getMessage()),
                    BuildLog.Difference.NONE,
                    machines,
                    0);
        }
    }

    private static BuildLog.Difference difference(Mischief.@Nullable Watch started, byte[] expected, byte[] came) {
        return started == null || started.lostMachine()
                ? BuildLog.compareBeginning(expected, came)
                : BuildLog.compare(expected, came);
    }

    private synchronized void keep(CompletableFuture<Void> future) {
        gone.add(future);
    }

    private synchronized CompletableFuture<Void> allGone() {
        return CompletableFuture.allOf(gone.toArray(CompletableFuture<?>[]::new));
    }

    /** Waits until the deletion of every machine was observed, three minutes at most; the fleet has its own bound then. */
    @Override
    public void close() {
        try {
            allGone().get(GONE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            // What is left shows in the census.
            System.err.println("ephemeral: not every machine was seen gone: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            fleet.close();
        }
    }
}
