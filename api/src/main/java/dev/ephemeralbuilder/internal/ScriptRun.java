package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ScriptResult.Ending;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** A script on a machine, seen from here. Its truth is in the files over there; this only asks. */
final class ScriptRun implements RunningScript {
    private final String id;
    private final Script script;
    private final Ticker ticker;
    private final Executor users;
    private final Link link;
    private final Remote remote;
    private final CompletableFuture<ScriptResult> result = new CompletableFuture<>();
    private int followers;
    private boolean awaited;
    private boolean waiting;

    ScriptRun(String id, Script script, Ticker ticker, Executor users, Link link, Remote remote) {
        this.id = id;
        this.script = script;
        this.ticker = ticker;
        this.users = users;
        this.link = link;
        this.remote = remote;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public CompletableFuture<Void> follow(LogSink sink) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        ticker.execute(() -> {
            followers++;
            // Both streams of one call write to one sink, which is promised one thread at a time.
            Executor inTurn = new SerialExecutor(users);
            CompletableFuture<Void> out = follow(LogStream.OUT, sink, inTurn, done);
            CompletableFuture<Void> all = script.streamsSeparate()
                    ? CompletableFuture.allOf(out, follow(LogStream.ERR, sink, inTurn, done))
                    : out;
            Stages.whenDone(all, ticker, (v, failure) -> {
                followers--;
                if (failure != null) {
                    done.completeExceptionally(Failures.unwrap(failure));
                } else {
                    done.complete(null);
                }
                waitForEnd();
            });
        });
        return done;
    }

    private CompletableFuture<Void> follow(
            LogStream stream, LogSink sink, Executor inTurn, CompletableFuture<Void> done) {
        return new Follow(this, stream, sink, ticker, inTurn, link, done).start();
    }

    @Override
    public CompletableFuture<Void> cancel() {
        return onTicker(() -> remote.ask(Supervisor.cancel(id, script))
                .thenAccept(reply -> reply.value("refused").ifPresent(why -> {
                    throw new BuilderLostException("Script " + id + " cannot be cancelled: " + why, null);
                })));
    }

    @Override
    public CompletableFuture<ScriptResult> result() {
        ticker.execute(() -> {
            awaited = true;
            waitForEnd();
        });
        return result.copy();
    }

    /** While someone follows, the end is seen anyway; otherwise a channel of its own waits for it. */
    private void waitForEnd() {
        if (!awaited || waiting || followers > 0 || result.isDone()) {
            return;
        }
        waiting = true;
        Stages.whenDone(remote.askAndWait(Supervisor.await(id)), (reply, failure) -> {
            waiting = false;
            if (failure != null) {
                result.completeExceptionally(Failures.unwrap(failure));
            } else {
                interpret(reply);
                waitForEnd();
            }
        });
    }

    /** Asks how the script is; empty while it runs. Fails if nobody will ever know how it ended. */
    CompletableFuture<Optional<ScriptResult>> status() {
        return remote.ask(Supervisor.status(id)).thenApply(this::interpret);
    }

    private Optional<ScriptResult> interpret(Supervisor.Reply reply) {
        Optional<String> exited = reply.value("exited");
        if (exited.isPresent()) {
            ScriptResult end = parse(exited.get());
            result.complete(end);
            return Optional.of(end);
        }
        if (reply.value("running").isPresent()) {
            return Optional.empty();
        }
        BuilderLostException lost = new BuilderLostException(
                "Nobody knows how script " + id + " ended: "
                        + reply.value("vanished").orElse("the machine does not know it"),
                null);
        result.completeExceptionally(lost);
        throw lost;
    }

    private static ScriptResult parse(String words) {
        String[] w = words.split(" ", -1);
        Ending ending = switch (w[1]) {
            case "timeout" -> Ending.TIMED_OUT;
            case "limit" -> Ending.OUTPUT_LIMIT;
            case "cancelled" -> Ending.CANCELLED;
            default -> Ending.EXITED;
        };
        return new ScriptResult(
                Integer.parseInt(w[0]),
                ending,
                Duration.ofSeconds(Long.parseLong(w[2])),
                Long.parseLong(w[3]),
                Long.parseLong(w[4]));
    }

    private <T> CompletableFuture<T> onTicker(Supplier<CompletableFuture<T>> task) {
        return CompletableFuture.supplyAsync(() -> null, ticker).thenCompose(v -> task.get());
    }
}
