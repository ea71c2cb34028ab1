package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.ScriptResult;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** A script on a machine, seen from here. Its truth is in the files over there; this only asks. */
final class ScriptRun implements RunningScript {
    private final String id;
    private final boolean streamsSeparate;
    private final Region region;
    private final Held held;
    private final Executor users;
    private final Link link;
    private final Remote remote;

    // Confined to the ticker.
    private CompletableFuture<ScriptResult> result = new CompletableFuture<>();
    private int followers;
    private boolean awaited;
    private boolean waiting;
    private @Nullable Instant watchedSince;
    private Instant ranAt = Instant.MIN;

    ScriptRun(String id, boolean streamsSeparate, Region region, Held held, Executor users, Link link, Remote remote) {
        this.id = id;
        this.streamsSeparate = streamsSeparate;
        this.region = region;
        this.held = held;
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
        CompletableFuture<Void> over = new CompletableFuture<>();
        // Both streams of one call write to one sink, which is promised one thread at a time.
        CompletableFuture<Void> given = region.handouts().give(() -> followAll(sink, new SerialExecutor(users), over));
        // A caller who gives up, or a fleet that is closed, ends the following.
        Stages.whenDone(given, (v, failure) -> over.complete(null));
        return given;
    }

    /**
     * Follows as {@link #follow(LogSink)} does. On the ticker.
     *
     * @param inTurn runs one task at a time
     * @param over ends the following when it completes
     * @return may fail on another thread
     */
    CompletableFuture<Void> followAll(LogSink sink, Executor inTurn, CompletableFuture<Void> over) {
        watched();
        followers++;
        CompletableFuture<Void> out = follow(LogStream.OUT, sink, inTurn, over);
        CompletableFuture<Void> all =
                streamsSeparate ? CompletableFuture.allOf(out, follow(LogStream.ERR, sink, inTurn, over)) : out;
        Stages.whenDone(all, region.ticker(), (v, failure) -> {
            followers--;
            waitForEnd();
        });
        return all;
    }

    private CompletableFuture<Void> follow(
            LogStream stream, LogSink sink, Executor inTurn, CompletableFuture<Void> over) {
        return new Follow(this, stream, sink, region.ticker(), inTurn, link, over).start();
    }

    @Override
    public CompletableFuture<Void> cancel() {
        return region.handouts().give(this::end);
    }

    /** Ends the script as {@link #cancel} does. On the ticker. */
    CompletableFuture<Void> end() {
        return remote.ask(Supervisor.cancel(id))
                .thenAccept(reply -> reply.value("refused").ifPresent(why -> {
                    throw new BuilderLostException("Script " + id + " cannot be cancelled: " + why, null);
                }));
    }

    @Override
    public CompletableFuture<ScriptResult> result() {
        return region.handouts().give(this::ended);
    }

    /** Returns how the script ended, once it has. On the ticker. */
    CompletableFuture<ScriptResult> ended() {
        watched();
        awaited = true;
        CompletableFuture<ScriptResult> wanted = result;
        waitForEnd();
        return wanted;
    }

    /** While someone follows, the end is seen anyway; otherwise a channel of its own waits for it. */
    private void waitForEnd() {
        if (!awaited || waiting || followers > 0 || result.isDone()) {
            return;
        }
        waiting = true;
        CompletableFuture<Optional<ScriptResult>> end =
                remote.askAndWait(Supervisor.await(id)).thenApply(this::interpret);
        Stages.whenDone(end, (ended, failure) -> {
            waiting = false;
            if (failure == null) {
                waitForEnd();
                return;
            }
            CompletableFuture<ScriptResult> failed = result;
            if (Failures.unwrap(failure) instanceof BuilderTimeoutException) {
                // Out of reach is not the end: whoever asks again gets another chance.
                result = new CompletableFuture<>();
                awaited = false;
            }
            failed.completeExceptionally(Failures.unwrap(failure));
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
            // First, since whoever waits for the result may give the machine back at once.
            held.scripts().ended(id, endedAt(end), end);
            result.complete(end);
            return Optional.of(end);
        }
        if (reply.value("running").isPresent()) {
            return Optional.empty();
        }
        throw lost(reply.value("vanished").orElse("the machine does not know it"));
    }

    /** A script that had ended before anybody waited for it has run as long as the machine says. */
    private Instant endedAt(ScriptResult end) {
        Instant began = held.usage().beganAt(id);
        Instant since = watchedSince;
        if (began == null || since == null) {
            return region.ticker().now();
        }
        Instant said = began.plus(end.duration());
        Instant last = ranAt.isAfter(said) ? ranAt : said;
        return last.isBefore(since) ? last : region.ticker().now();
    }

    /** The machine has just started it. */
    void started() {
        ranAt = region.ticker().now();
        held.scripts().started(id);
    }

    /** It was just seen to run. */
    void found() {
        ranAt = region.ticker().now();
        held.scripts().found(id);
    }

    private void watched() {
        if (watchedSince == null) {
            watchedSince = region.ticker().now();
        }
    }

    private BuilderLostException lost(String why) {
        BuilderLostException lost = new BuilderLostException("Nobody knows how script " + id + " ended: " + why, null);
        held.scripts().lost(id, lost);
        result.completeExceptionally(lost);
        return lost;
    }

    private ScriptResult parse(String words) {
        try {
            return Supervisor.result(words);
        } catch (IllegalArgumentException e) {
            throw lost("the machine's record of its end is not readable; its disk may be full");
        }
    }
}
