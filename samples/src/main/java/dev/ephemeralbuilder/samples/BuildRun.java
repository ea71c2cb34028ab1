package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.Transfer;
import dev.ephemeralbuilder.cost.CostEstimate;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One build on one machine, from the choice of the machine until it is given back. Used once, by one thread. */
final class BuildRun {
    private static final Duration EVENTS_PATIENCE = Duration.ofSeconds(5);

    /** The clocks of cloud and host differ by less, or this message is wrong about it. */
    private static final Duration CLOCKS = Duration.ofMinutes(2);

    private final Caller caller;
    private final Console console;
    private final Interruption interruption;
    private final boolean stackTrace;
    private final Progress progress;
    private @Nullable EphemeralBuilder builder;
    private boolean scriptFailed;

    BuildRun(Caller caller, Console console, Interruption interruption, boolean stackTrace) {
        this.caller = caller;
        this.console = console;
        this.interruption = interruption;
        this.stackTrace = stackTrace;
        this.progress = new Progress(console);
    }

    /**
     * Does it all. Blocks. Failures are told to the console.
     *
     * @param fleets makes the fleet, with a listener added to it
     * @return the exit code
     */
    int execute(Plan plan, Function<Progress, BuildFleet> fleets) {
        BuildFleet fleet = fleets.apply(progress);
        int exitCode;
        try {
            exitCode = work(fleet, plan);
        } catch (IOException | InterruptedException | RuntimeException e) {
            exitCode = failed(e);
        } finally {
            interruption.cleanUp();
            if (!kept(plan)) {
                giveBack(fleet);
            } else {
                fleet.close();
            }
            sayCost();
        }
        return exitCode;
    }

    private int work(BuildFleet fleet, Plan plan) throws IOException, InterruptedException {
        EphemeralBuilder acquired = acquire(fleet, plan);
        builder = acquired;
        for (Plan.Source source : plan.sources()) {
            upload(acquired, source);
        }
        int exitCode = script(acquired, plan);
        boolean complete = true;
        for (Download download : plan.downloads()) {
            complete &= download(acquired, download, exitCode);
        }
        return complete || exitCode != 0 ? exitCode : ExitCodes.FAILURE;
    }

    private EphemeralBuilder acquire(BuildFleet fleet, Plan plan) throws InterruptedException {
        console.begin("select");
        try {
            EphemeralBuilder acquired = fleet.acquire(plan.spec(), plan.request());
            progress.awaitReady(EVENTS_PATIENCE);
            return acquired;
        } catch (CapacityException | ConfigurationException e) {
            // These two follow from the ranking, whose event comes on another thread.
            progress.awaitSelected(EVENTS_PATIENCE);
            throw e;
        }
    }

    private void upload(EphemeralBuilder acquired, Plan.Source source) throws IOException, InterruptedException {
        Upload upload = source.upload();
        SourceFiles files = source.files();
        console.begin("upload");
        Transfer done = files == null
                ? acquired.upload(upload.local(), upload.remote())
                : acquired.upload(upload.local(), upload.remote(), files::accepts);
        console.end(
                "upload",
                Texts.count(done.files(), "file") + ", " + Texts.bytes(done.bytes()) + ": " + shown(upload.local())
                        + " -> " + upload.remote() + (files == null ? "" : " (" + files.rule() + ")"));
    }

    private int script(EphemeralBuilder acquired, Plan plan) throws IOException, InterruptedException {
        console.line("script    starts, at most " + Texts.duration(plan.script().timeout()));
        Instant start = caller.ticker().now();
        Output output = new Output(caller.out());
        ScriptResult result = acquired.run(plan.script(), output.sink());
        if (output.openLine) {
            console.row("");
        }
        console.end("script", Duration.between(start, caller.ticker().now()), ending(plan, result));
        scriptFailed = !result.success();
        return ExitCodes.of(result);
    }

    private static String ending(Plan plan, ScriptResult result) {
        return switch (result.ending()) {
            case EXITED -> "exit code " + result.exitCode();
            case TIMED_OUT ->
                "ended: it ran longer than --timeout "
                        + Texts.duration(plan.script().timeout());
            case OUTPUT_LIMIT ->
                "ended: it wrote more than " + Texts.bytes(plan.script().outputLimit());
            case CANCELLED -> "ended: it was cancelled";
        };
    }

    private boolean download(EphemeralBuilder acquired, Download download, int exitCode)
            throws IOException, InterruptedException {
        console.begin("download");
        try {
            List<String> matches = acquired.glob(download.pattern());
            for (String match : matches) {
                Path target = download.target(match);
                Transfer done = acquired.download(match, target);
                console.end(
                        "download",
                        match + " -> " + shown(target) + " (" + Texts.count(done.files(), "file") + ", "
                                + Texts.bytes(done.bytes()) + ")");
                console.begin("download");
            }
            console.quiet();
            if (matches.isEmpty()) {
                console.line("download  nothing on the machine matches " + download.pattern() + " (in "
                        + acquired.workspace() + ")");
            }
            return !matches.isEmpty();
        } catch (IOException | RuntimeException e) {
            if (exitCode == 0 || interruption.requested()) {
                throw e;
            }
            // The script's own failure is what the caller must hear of.
            failed(e);
            return false;
        }
    }

    private int failed(Exception e) {
        console.quiet();
        if (interruption.requested()) {
            console.line(builder == null ? "interrupted" : "interrupted; the machine is given back");
            return ExitCodes.INTERRUPTED;
        }
        console.line(Failures.message(e));
        if (stackTrace) {
            e.printStackTrace(caller.err());
        }
        return Failures.exitCode(e);
    }

    /** Leaves the machine of a failed script if that is wanted; false if it is to be given back. */
    private boolean kept(Plan plan) {
        Plan.Keep keep = plan.keep();
        EphemeralBuilder acquired = builder;
        if (keep == null || acquired == null || !scriptFailed || interruption.requested()) {
            return false;
        }
        console.begin("keep");
        try {
            Instant wanted = caller.ticker().now().plus(keep.time());
            Instant until = acquired.keep(keep.time());
            boolean cut = until.isBefore(wanted.minus(CLOCKS));
            console.end("keep", "");
            String id = acquired.id();
            console.line("kept      " + id + " until " + until.truncatedTo(ChronoUnit.SECONDS) + ", for "
                    + Texts.money(acquired.offer().hourlyPrice()) + " per hour"
                    + (cut ? "; that is its cap, which this cloud cannot raise" : ""));
            console.row("  what the script wrote:  ephemeral attach" + keep.options() + " " + id);
            console.row("  a shell on the machine: ephemeral ssh" + keep.options() + " " + id);
            console.row("  to give it back:        ephemeral release" + keep.options() + " " + id);
            return true;
        } catch (BuilderException e) {
            console.quiet();
            console.line("the machine cannot be kept and is given back: " + Failures.message(e));
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            console.quiet();
            return false;
        }
    }

    private void giveBack(BuildFleet fleet) {
        console.begin("release");
        EphemeralBuilder acquired = builder;
        if (acquired != null) {
            acquired.close();
        }
        fleet.close();
        try {
            List<String> left = progress.awaitGone(EVENTS_PATIENCE);
            console.end(
                    "release",
                    left.isEmpty()
                            ? "no machine is left"
                            : String.join(", ", left) + " was not seen to end;"
                                    + " the cloud ends it at the end of its lifetime at the latest");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            console.quiet();
        }
    }

    private void sayCost() {
        EphemeralBuilder acquired = builder;
        if (acquired != null) {
            CostEstimate cost = acquired.cost();
            console.line(
                    "cost      " + Texts.money(cost.amount()) + " for " + Texts.duration(cost.billed()) + "; on demand "
                            + Texts.money(cost.onDemand()) + " (" + OfferTable.saved(cost.amount(), cost.onDemand())
                            + " % saved); an estimate");
        }
    }

    private String shown(Path path) {
        if (path.equals(caller.folder())) {
            return ".";
        }
        return path.startsWith(caller.folder())
                ? caller.folder().relativize(path).toString()
                : path.toString();
    }

    /** Passes the build's output on and remembers whether its last line is complete. */
    private static final class Output {
        private final OutputStream out;
        private volatile boolean openLine;

        Output(OutputStream out) {
            this.out = out;
        }

        LogSink sink() {
            return (stream, bytes, length) -> {
                try {
                    out.write(bytes, 0, length);
                    out.flush();
                } catch (IOException e) {
                    throw new IOException("standard output cannot be written: " + e.getMessage(), e);
                }
                openLine = bytes[length - 1] != '\n';
            };
        }
    }
}
