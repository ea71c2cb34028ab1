package dev.ephemeralbuilder;

import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.selection.Offer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * One short-lived machine that scripts run on. Close it to give it back; use it in try-with-resources.
 *
 * <p>Safe for use by many threads. Blocking methods wait for the asynchronous core; they must not be called from a
 * {@link LogSink} or a listener, since those share a small pool. If the waiting thread is interrupted they stop what
 * they began and throw {@link InterruptedException}. Every other failure is a {@link BuilderException}:
 * {@link BuilderLostException} when the machine is gone, {@link BuilderReclaimedException} when the cloud took it
 * back.
 */
public interface EphemeralBuilder extends AutoCloseable {
    /** Returns the id that the cloud gave the machine. */
    String id();

    /** Returns the id of the request that this builder was acquired for. */
    String requestId();

    /** Returns the offer that was launched. */
    Offer offer();

    /** Returns the absolute path of the folder on the machine under which relative paths are understood. */
    String workspace();

    /**
     * Starts a script and returns once it runs. Does not block.
     *
     * @return fails with {@link ConfigurationException} if interpreter or directory do not exist on the machine
     */
    CompletableFuture<RunningScript> start(Script script);

    /**
     * Returns a script that was started on this machine, by whichever process. Following it delivers its output from
     * the first byte. Does not block.
     *
     * @param id what {@link RunningScript#id} was
     * @return fails with {@link ConfigurationException} if no such script was started here
     */
    CompletableFuture<RunningScript> script(String id);

    /**
     * Returns the scripts that were started on this machine, by whichever process, in the order in which they were.
     * Does not block.
     */
    CompletableFuture<List<ScriptSummary>> scripts();

    /**
     * Runs a script, delivers its output and returns how it ended. Blocks. If interrupted, the script is cancelled.
     *
     * @throws ConfigurationException if interpreter or directory do not exist on the machine
     * @throws BuilderException if the machine is gone or cannot be reached for longer than the fleet's patience
     * @throws IOException if the sink fails; the script is then cancelled
     * @throws InterruptedException if interrupted
     */
    ScriptResult run(Script script, LogSink sink) throws IOException, InterruptedException;

    /**
     * Copies a file, or the content of a folder, to the machine, with modes and symbolic links. Blocks. Parent folders
     * are made; what is there under the same name is replaced, the rest stays.
     *
     * @param source an existing file or folder
     * @param target the path that it has on the machine, absolute or under the workspace
     * @throws java.nio.file.NoSuchFileException if {@code source} does not exist
     * @throws IOException if something below {@code source} cannot be read, or changes its size while it is read
     * @throws BuilderException if the machine is gone or refuses
     * @throws InterruptedException if interrupted
     */
    Transfer upload(Path source, String target) throws IOException, InterruptedException;

    /**
     * Copies a part of a folder to the machine, as {@link #upload(Path, String)} does.
     *
     * @param filter is asked with the path relative to {@code source}; a folder that it refuses is not entered
     * @throws IOException as for {@link #upload(Path, String)}
     * @throws InterruptedException if interrupted
     */
    Transfer upload(Path source, String target, Predicate<Path> filter) throws IOException, InterruptedException;

    /**
     * Copies a file, or the content of a folder, from the machine. Blocks. Files arrive whole: each is written beside
     * its place and moved there. Nothing is written outside {@code target}, whatever the machine sends.
     *
     * @param source an existing path on the machine, absolute or under the workspace
     * @param target the path of the copy; parent folders are made
     * @throws java.nio.file.NoSuchFileException if {@code source} does not exist on the machine
     * @throws IOException if something cannot be written here or read there
     * @throws BuilderException if the machine is gone
     * @throws InterruptedException if interrupted
     */
    Transfer download(String source, Path target) throws IOException, InterruptedException;

    /**
     * Returns the paths on the machine that a shell pattern matches, sorted; empty if there are none. Blocks.
     *
     * @param pattern absolute or under the workspace, with {@code *}, {@code ?} and {@code [...]}; results have the
     *     same form
     * @throws BuilderException if the machine is gone
     * @throws InterruptedException if interrupted
     */
    List<String> glob(String pattern) throws InterruptedException;

    /**
     * Opens a login shell on the machine for somebody to type into, on a terminal of the type {@code xterm-256color}.
     * Blocks until it is there, for about a minute at most. The shell has the login user's own environment and folder, and
     * nothing of the scripts'.
     *
     * <p>It is interactive: after a lost connection nothing is resumed, and it does not outlive the builder.
     *
     * @throws ConfigurationException if the provider, or the machine as it is set up, has no terminals
     * @throws BuilderException if the machine is gone or cannot be reached
     * @throws InterruptedException if interrupted; a terminal that opens all the same is closed
     */
    Terminal openTerminal(TerminalSize size) throws InterruptedException;

    /**
     * Returns a future that completes when the cloud gives notice that it will take the machine back, with the first
     * notice. It never completes for a machine that the cloud does not take back.
     *
     * <p>While a script runs or files travel on a spot machine, the machine itself is asked every 5 seconds, where its
     * cloud has it know; otherwise the cloud is asked, every 30 seconds. A notice may be given again with another
     * deadline, and it may be a false alarm: then the builder goes on as before. Both are told by {@link
     * dev.ephemeralbuilder.event.BuilderEvent.ReclaimNoticed} and {@link
     * dev.ephemeralbuilder.event.BuilderEvent.ReclaimWithdrawn}; this future keeps the first notice.
     */
    CompletableFuture<ReclaimNotice> reclaimNotice();

    /**
     * Returns what the machine has cost until now, or until it was given back or detached; an estimate, from the create
     * call on, whichever process made it. Does not block.
     */
    CostEstimate cost();

    /**
     * Returns a future that completes when the cloud no longer shows the machine. It does not complete before
     * {@link #close} was called or the machine was lost; it fails with {@link BuilderLostException} when the builder is
     * detached.
     */
    CompletableFuture<Void> gone();

    /**
     * Lets the machine live longer: sees to it that the cloud itself does not end it before a time from now. What it had
     * before is never cut short; a cap that is far enough away stays as it is. The spec's lifetime, with which it was
     * launched, is no limit. If the store has a record of the machine, that follows.
     *
     * <p>Blocks, for about three minutes at most.
     *
     * @param lifetime how long from now, rounded up to the full minute, and to the shortest lifetime that the cloud takes
     * @return the cap that holds now, in the cloud's time
     * @throws IllegalArgumentException unless the time is positive
     * @throws ConfigurationException if the cloud cannot change the cap of a machine
     * @throws BuilderLostException if the machine is gone, or was given back or detached
     * @throws BuilderException if the cloud did not take the new cap
     * @throws InterruptedException if interrupted; the new cap may be taken all the same
     */
    Instant extend(Duration lifetime) throws InterruptedException;

    /**
     * Leaves the machine to its lease, for another process to {@linkplain BuildFleet#attach attach} to: moves the lease
     * to the machine's cap and lets the builder go. Scripts run on; connections are closed, so that what follows a
     * script from here fails with {@link BuilderLostException}, as does every later use of this builder.
     * {@link #close} does nothing any more, and the fleet's {@link BuildFleet#close} leaves the machine alone. Does
     * nothing on a second call.
     *
     * <p>Blocks: for at most a sixth of the fleet's {@linkplain BuildFleet.Builder#lease lease} and one call. If it
     * fails, the builder is held as before.
     *
     * @throws BuilderLostException if the machine is gone or was given back
     * @throws BuilderException if the cloud did not take the new lease
     * @throws InterruptedException if interrupted; the new lease may be taken all the same
     */
    void detach() throws InterruptedException;

    /**
     * Leaves the machine as {@link #detach} does, but for a time of the caller's: so that somebody can look at the machine
     * of a failed script, say. The cap is raised if it comes before that and the cloud can; then the lease is moved to
     * exactly that time, back if it reaches further. After it the machine is an orphan, which any fleet of the owner gives
     * back, and the cap stands behind that.
     *
     * <p>A fleet that holds the machine, too, goes on renewing its lease, at least every third of its {@linkplain
     * BuildFleet.Builder#lease lease}: less time than that may take the machine from it. On a second call, or after {@link
     * #detach}, nothing is done, and the time is returned that holds already.
     *
     * <p>Blocks, for about three minutes at most and a sixth of the fleet's lease. If it fails, the builder is held as
     * before, with a cap that may be raised.
     *
     * @param time how long from now, rounded up to the full second
     * @return until when the machine is left, in the cloud's time: earlier than asked for if the cloud cannot raise the
     *     machine's cap, as ECI cannot
     * @throws IllegalArgumentException unless the time is positive
     * @throws BuilderLostException if the machine is gone or was given back
     * @throws BuilderException if the cloud did not take the new cap or the new lease
     * @throws InterruptedException if interrupted; the machine may be left all the same
     */
    Instant keep(Duration time) throws InterruptedException;

    /**
     * Lets the builder go and leaves the machine and its lease as they are: for a visitor of a machine that somebody else
     * has {@linkplain BuildFleet#attach attached} to or left. If nobody holds it, it is an orphan once its lease has passed,
     * which reaches at least two thirds of this fleet's {@linkplain BuildFleet.Builder#lease lease} from now. Otherwise as
     * {@link #detach}, but the cloud is not asked. Does not block, never fails, and does nothing on a second call.
     */
    void letGo();

    /**
     * Gives the machine back. Does not block and does nothing on a second call. Never throws for a cloud failure: the
     * deletion is repeated until the machine's absence is observed, and the cloud's own cap stands behind it. If the
     * request has a {@linkplain AcquireRequest.Builder#onRelease script for the end}, the machine runs that first.
     */
    @Override
    void close();
}
