package dev.ephemeralbuilder.internal;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ScriptSummary;
import dev.ephemeralbuilder.Terminal;
import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.Transfer;
import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderEvent.Direction;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.TerminalChannel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Predicate;

/** A ready machine, as the caller sees it. */
final class BuilderHandle implements EphemeralBuilder, Arrived {
    /** Longer than any machine lives, and short enough to be added to any time. */
    private static final Duration LONGEST = Duration.ofDays(365);

    private final Held held;
    private final Region region;
    private final Executor users;
    private final Link link;
    private final Remote remote;
    private final String workspace;
    private final Transfers transfers;
    private final ScriptList scripts;
    private final NoticeQuestion notices;

    BuilderHandle(Held held, Region region, Executor users, Link link, Remote remote, String workspace) {
        this.held = held;
        this.region = region;
        this.users = users;
        this.link = link;
        this.remote = remote;
        this.workspace = workspace;
        this.transfers = new Transfers(region.handouts(), region.ticker(), link, workspace);
        this.notices = new NoticeQuestion(region, held, link);
        this.scripts = new ScriptList(held, region, users, link, remote);
    }

    @Override
    public String id() {
        return held.machineId();
    }

    @Override
    public void handOut() {
        held.opened().complete(this);
    }

    @Override
    public String requestId() {
        return held.requestId();
    }

    @Override
    public Offer offer() {
        return held.offer();
    }

    @Override
    public String workspace() {
        return workspace;
    }

    /** Returns the machine. */
    Held held() {
        return held;
    }

    /** Returns what serves the machine's provider. */
    Region region() {
        return region;
    }

    @Override
    public CompletableFuture<RunningScript> start(Script script) {
        return region.handouts().give(() -> begin(script).thenApply(run -> run));
    }

    /** Starts a script as {@link #start} does, for whoever is on the ticker already. */
    CompletableFuture<ScriptRun> begin(Script script) {
        // The id is ours, so that a start whose answer is lost can be repeated.
        String id = Supervisor.newId();
        Supervisor.Command command;
        try {
            command = Supervisor.start(id, script, workspace);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
        return remote.ask(command).thenApply(reply -> {
            if (reply.value("started").isPresent()) {
                ScriptRun run = new ScriptRun(id, script.streamsSeparate(), region, held, users, link, remote);
                run.started();
                return run;
            }
            throw refused(script, reply.value("refused").orElse("for no known reason"));
        });
    }

    /** Returns the scripts that were started here, for whoever is on the ticker already. */
    CompletableFuture<List<ScriptSummary>> begun() {
        return scripts.all();
    }

    @Override
    public CompletableFuture<RunningScript> script(String id) {
        requireNonNull(id, "id");
        return region.handouts().give(() -> scripts.one(id));
    }

    @Override
    public CompletableFuture<List<ScriptSummary>> scripts() {
        return region.handouts().give(this::begun);
    }

    BuilderException refused(Script script, String why) {
        String message = switch (why) {
            case "directory" ->
                "There is no directory "
                        + Supervisor.under(workspace, script.directory().orElse("")) + " on the machine";
            case "interpreter" ->
                "There is no interpreter " + script.interpreter().get(0) + " on the machine";
            case "environment" -> "The machine's shell does not take the script's environment variables";
            case "incomplete" -> "The script did not arrive whole on the machine; is its disk full?";
            default -> "The machine did not start the script: " + why;
        };
        return why.equals("incomplete")
                ? new ProviderException(message, ProviderException.Effect.NONE, true, null, null, null)
                : new ConfigurationException(message, null, null, null);
    }

    @Override
    public ScriptResult run(Script script, LogSink sink) throws IOException, InterruptedException {
        CompletableFuture<RunningScript> starting = start(script);
        boolean ended = false;
        try {
            // A copy, so that an interrupt gives up the waiting and not the future that the cancelling below needs.
            RunningScript running = Waits.await(starting.copy());
            Waits.awaitIo(running.follow(sink));
            ScriptResult result = Waits.await(running.result());
            ended = true;
            return result;
        } finally {
            if (!ended) {
                Stages.leave(starting.thenCompose(RunningScript::cancel));
            }
        }
    }

    @Override
    public Transfer upload(Path source, String target) throws IOException, InterruptedException {
        return upload(source, target, path -> true);
    }

    @Override
    public Transfer upload(Path source, String target, Predicate<Path> filter)
            throws IOException, InterruptedException {
        return told(Direction.UPLOAD, () -> transfers.upload(source, target, filter));
    }

    @Override
    public Transfer download(String source, Path target) throws IOException, InterruptedException {
        return told(Direction.DOWNLOAD, () -> transfers.download(source, target));
    }

    private interface Copying {
        Transfer run() throws IOException, InterruptedException;
    }

    private Transfer told(Direction direction, Copying copying) throws IOException, InterruptedException {
        Instant began = region.ticker().now();
        Runnable over = notices.duringCopy();
        try {
            Transfer transfer = copying.run();
            Instant now = region.ticker().now();
            held.publish(new BuilderEvent.Transferred(
                    now, requestId(), id(), direction, transfer, Duration.between(began, now)));
            return transfer;
        } catch (IOException | InterruptedException | RuntimeException e) {
            Instant now = region.ticker().now();
            held.publish(new BuilderEvent.TransferFailed(
                    now, requestId(), id(), direction, e, Duration.between(began, now)));
            throw e;
        } finally {
            over.run();
        }
    }

    @Override
    public List<String> glob(String pattern) throws InterruptedException {
        try {
            return transfers.glob(pattern);
        } catch (IOException e) {
            throw Failures.asBuilderException(e);
        }
    }

    @Override
    public Terminal openTerminal(TerminalSize size) throws InterruptedException {
        requireNonNull(size, "size");
        return new ChannelTerminal(
                Waits.await(region.handouts().give(() -> link.openTerminal(size), TerminalChannel::close)));
    }

    @Override
    public CompletableFuture<ReclaimNotice> reclaimNotice() {
        CompletableFuture<ReclaimNotice> first = held.notices().first();
        return first.isDone() ? first.copy() : region.handouts().give(() -> first);
    }

    @Override
    public CostEstimate cost() {
        return held.cost();
    }

    @Override
    public CompletableFuture<Void> gone() {
        // Known for good, also when the fleet is closed.
        return held.gone().isDone() ? held.gone().copy() : region.handouts().give(held::gone);
    }

    @Override
    public Instant extend(Duration lifetime) throws InterruptedException {
        requirePositive(lifetime, "lifetime");
        return Waits.await(region.handouts().give(() -> held.extend(lifetime)));
    }

    @Override
    public void detach() throws InterruptedException {
        Waits.await(region.handouts().give(held::detach));
    }

    @Override
    public Instant keep(Duration time) throws InterruptedException {
        requirePositive(time, "time");
        return Waits.await(region.handouts().give(() -> held.keep(time)));
    }

    @Override
    public void letGo() {
        held.abandon(() -> new BuilderLostException("Builder " + id() + " was let go", null));
    }

    private static void requirePositive(Duration value, String name) {
        if (value.isNegative() || value.isZero() || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    name + " must be positive and at most " + LONGEST.toDays() + " days, was " + value);
        }
    }

    @Override
    public void close() {
        held.release(() -> new BuilderLostException("Builder " + id() + " was closed", null));
    }

    /** Returns why a machine that the cloud no longer shows is lost. */
    static BuilderException lost(Held held) {
        return held.notices()
                .standing()
                .<BuilderException>map(notice -> new BuilderReclaimedException(
                        "The cloud took machine " + held.machineId() + " back (" + notice.source() + ")", notice, null))
                .orElseGet(() -> new BuilderLostException(
                        "Machine " + held.machineId() + " is gone: the cloud no longer shows it", null));
    }
}
