package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.HookException;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.internal.Supervisor.Reply;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The scripts of a request for the start and the end of its machines. That for the end is put onto the machine first: what
 * that for the start has begun must be undone, whoever gives the machine back. Confined to the ticker.
 *
 * <p>Both have ids of their own, so that a second process that goes on with a machine starts neither again.
 */
final class Hooks implements Welcome {
    private static final String ON_READY = "onready";

    /** The machine ends the script so long before its own time is over, so that there is time to ask how it ended. */
    private static final Duration TO_TELL = Duration.ofSeconds(15);

    private final Region region;
    private final @Nullable Script onReady;
    private final @Nullable Script onRelease;

    Hooks(Region region, AcquireRequest request) {
        this.region = region;
        this.onReady = request.onReady().orElse(null);
        this.onRelease = request.onRelease().orElse(null);
    }

    @Override
    public CompletableFuture<Void> receive(Guest guest) {
        return leaveFarewell(guest).thenCompose(v -> run(guest));
    }

    private CompletableFuture<Void> leaveFarewell(Guest guest) {
        Script script = onRelease;
        if (script == null) {
            return CompletableFuture.completedFuture(null);
        }
        Duration bound = Times.shorter(script.timeout(), Farewell.MOST);
        return guest.remote()
                .ask(
                        Supervisor.store(
                                Farewell.ID,
                                script.timeout(bound),
                                guest.builder().workspace()),
                        guest.deadline())
                .thenCompose(reply -> {
                    if (reply.value("stored").isEmpty()) {
                        throw new HookException(
                                "The script for the end of machine "
                                        + guest.held().machineId() + " did not arrive whole on it; is its disk full?",
                                null,
                                null,
                                null);
                    }
                    Held held = guest.held();
                    held.farewell(new Farewell(region, held, guest.link()::again, bound));
                    return region.records().farewell(held.origin().token(), bound);
                });
    }

    private CompletableFuture<Void> run(Guest guest) {
        Script script = onReady;
        if (script == null) {
            return CompletableFuture.completedFuture(null);
        }
        Duration left = Duration.between(region.ticker().now(), guest.deadline());
        Duration most = Times.longer(left.minus(TO_TELL).minus(script.grace()), Duration.ofSeconds(1));
        Script bounded = script.timeout(Times.shorter(script.timeout(), most));
        CompletableFuture<Void> success = start(guest, bounded)
                .thenCompose(v -> guest.remote().askAndWait(Supervisor.await(ON_READY)))
                .thenCompose(reply -> judge(guest, bounded, reply));
        // Before the machine as a whole is too late, which would be another failure.
        Duration bound = Times.longer(left.minusSeconds(1), Duration.ofSeconds(1));
        return Stages.then(Stages.atMost(region.ticker(), bound, success), (inTime, failure) -> {
            if (failure == null && inTime) {
                return CompletableFuture.completedFuture(null);
            }
            return CompletableFuture.failedFuture(
                    failure == null ? failed(guest, "did not end in time", null, null, null) : typed(guest, failure));
        });
    }

    private static CompletableFuture<Void> start(Guest guest, Script script) {
        return guest.remote()
                .ask(Supervisor.start(ON_READY, script, guest.builder().workspace()), guest.deadline())
                .thenAccept(reply -> {
                    if (reply.value("started").isEmpty()) {
                        throw guest.builder()
                                .refused(script, reply.value("refused").orElse("for no known reason"));
                    }
                });
    }

    private CompletableFuture<Void> judge(Guest guest, Script script, Reply reply) {
        Optional<ScriptResult> end = reply.value("exited").flatMap(Hooks::readable);
        if (end.isEmpty()) {
            return CompletableFuture.failedFuture(
                    failed(guest, "ended, but its machine does not say how", null, null, null));
        }
        ScriptResult result = end.get();
        if (result.success()) {
            return CompletableFuture.completedFuture(null);
        }
        boolean apart = script.streamsSeparate() && result.errBytes() > 0;
        long bytes = apart ? result.errBytes() : result.outBytes();
        String stream = apart ? "err" : "out";
        return Stages.then(
                guest.remote()
                        .askForBytes(
                                Supervisor.follow(ON_READY, stream, Math.max(0, bytes - HookException.MOST_OUTPUT))),
                (output, unread) -> CompletableFuture.failedFuture(
                        failed(guest, words(result), result, unread == null ? output : null, null)));
    }

    private static Optional<ScriptResult> readable(String words) {
        try {
            return Optional.of(Supervisor.result(words));
        } catch (IllegalArgumentException cut) {
            return Optional.empty();
        }
    }

    private static String words(ScriptResult result) {
        return switch (result.ending()) {
            case EXITED -> "ended with exit code " + result.exitCode();
            case TIMED_OUT ->
                "was ended at its timeout, after " + result.duration().toSeconds() + " s";
            case OUTPUT_LIMIT -> "was ended at its output limit";
            case CANCELLED -> "was cancelled";
        };
    }

    /** A machine that is out of reach while the script runs may be so because of it. */
    private static BuilderException typed(Guest guest, Throwable failure) {
        BuilderException reason = Failures.asBuilderException(failure);
        return reason instanceof BuilderTimeoutException
                ? failed(guest, "could not be followed: " + reason.getMessage(), null, null, reason)
                : reason;
    }

    private static HookException failed(
            Guest guest,
            String how,
            @Nullable ScriptResult result,
            @Nullable String output,
            @Nullable Throwable cause) {
        return new HookException(
                "The script for the start of machine " + guest.held().machineId() + " ("
                        + guest.held().offer().describe() + ") " + how + "; the machine is given back",
                result,
                output,
                cause);
    }
}
