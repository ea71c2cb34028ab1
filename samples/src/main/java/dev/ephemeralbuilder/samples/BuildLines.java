package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.Transfer;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderEvent.Direction;
import dev.ephemeralbuilder.event.BuilderListener;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the build does on its machines, told to the console: files, the script, and attempts.
 *
 * <p>Safe for use by many threads. The lock is held while lines are written: events come on one thread, the names of files
 * on others, and their lines are to stay in order.
 */
final class BuildLines implements BuilderListener {
    private final Console console;
    private final Plan plan;
    private final Path here;
    private final Output output;

    /** How many files and folders each machine was sent. */
    private final Map<String, Integer> sent = new HashMap<>();

    /** The machines on which the script was begun: what else is begun there is the farewell. */
    private final Set<String> begun = new HashSet<>();

    private final Set<String> farewells = new HashSet<>();

    /** What is copied back and not told yet. */
    private final Queue<Copy> copies = new ArrayDeque<>();

    private final Set<Download> matched = new HashSet<>();
    private @Nullable Begun script;
    private @Nullable Ended ended;

    private record Copy(String match, Path target) {}

    private record Begun(String machineId, String scriptId, Instant at) {}

    private record Ended(ScriptResult result, Duration took) {}

    /** @param here the folder that paths are shown from */
    BuildLines(Console console, Plan plan, Path here, Output output) {
        this.console = console;
        this.plan = plan;
        this.here = here;
        this.output = output;
    }

    @Override
    public synchronized void onEvent(BuilderEvent event) {
        if (event instanceof BuilderEvent.JobAttemptStarted e) {
            if (e.attempt() > 1) {
                console.line("attempt " + e.attempt() + " is to follow: another machine is asked for");
            }
            console.begin("select");
        } else if (event instanceof BuilderEvent.Ready) {
            if (!plan.sources().isEmpty()) {
                console.begin("upload");
            }
        } else if (event instanceof BuilderEvent.Transferred e) {
            transferred(e);
        } else if (event instanceof BuilderEvent.TransferFailed e) {
            console.quiet();
            if (e.direction() == Direction.DOWNLOAD) {
                copies.remove();
            }
        } else if (event instanceof BuilderEvent.ScriptStarted e) {
            started(e);
        } else if (event instanceof BuilderEvent.ScriptEnded e) {
            ended(e);
        } else if (event instanceof BuilderEvent.ScriptLost e) {
            if (farewells.contains(e.scriptId())) {
                console.line("farewell  is cut off: " + e.reason().getMessage());
            }
        } else if (event instanceof BuilderEvent.JobAttemptEnded e) {
            ended(e.attempt());
        }
    }

    private void transferred(BuilderEvent.Transferred e) {
        Transfer done = e.transfer();
        String amount = Texts.count(done.files(), "file") + ", " + Texts.bytes(done.bytes());
        if (e.direction() == Direction.DOWNLOAD) {
            Copy copy = copies.remove();
            console.end("download", e.took(), copy.match() + " -> " + shown(copy.target()) + " (" + amount + ")");
            if (!copies.isEmpty()) {
                console.begin("download");
            }
            return;
        }
        int count = sent.merge(e.machineId(), 1, Integer::sum);
        Plan.Source source = plan.sources().get(count - 1);
        Upload upload = source.upload();
        SourceFiles files = source.files();
        console.end(
                "upload",
                e.took(),
                amount + ": " + shown(upload.local()) + " -> " + upload.remote()
                        + (files == null ? "" : " (" + files.rule() + ")"));
        if (count < plan.sources().size()) {
            console.begin("upload");
        }
    }

    private void started(BuilderEvent.ScriptStarted e) {
        if (!begun.add(e.machineId())) {
            farewells.add(e.scriptId());
            console.line("farewell  starts on " + e.machineId());
            return;
        }
        script = new Begun(e.machineId(), e.scriptId(), e.at());
        console.lend();
        console.line("script    starts, at most " + Texts.duration(plan.script().timeout()));
    }

    private void ended(BuilderEvent.ScriptEnded e) {
        if (farewells.contains(e.scriptId())) {
            console.line("farewell  has ended with exit code " + e.result().exitCode());
            return;
        }
        Begun now = script;
        if (now != null && now.scriptId().equals(e.scriptId())) {
            ended = new Ended(e.result(), Duration.between(now.at(), e.at()));
            if (!copies.isEmpty()) {
                tellEnd();
            }
        }
    }

    private void ended(JobAttempt attempt) {
        Begun now = script;
        boolean lost = attempt.end() == JobAttempt.End.RECLAIMED || attempt.end() == JobAttempt.End.LOST;
        if (now != null && attempt.machineId().filter(now.machineId()::equals).isPresent()) {
            if (lost) {
                // What seems to be its end is the machine's.
                ended = null;
            }
            tellEnd();
            output.endLine();
            console.takeBack();
            script = null;
        }
        if (lost) {
            matched.clear();
        }
        boolean unused = attempt.number() > 1
                && (attempt.end() == JobAttempt.End.CANCELLED || attempt.end() == JobAttempt.End.NO_MACHINE);
        if (lost || unused) {
            console.line("attempt " + attempt.number() + " has ended: "
                    + attempt.reason().lines().findFirst().orElse(""));
        }
    }

    /** When all that the script has written is out, and not before. */
    private void tellEnd() {
        Ended told = ended;
        if (told != null) {
            ended = null;
            output.endLine();
            console.takeBack();
            console.end("script", told.took(), ending(told.result()));
        }
    }

    private String ending(ScriptResult result) {
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

    /** Returns where the copy of a match goes, which is copied next. All that the script has written is out. */
    synchronized Path place(Download download, String match) {
        Path target = download.target(match);
        matched.add(download);
        copies.add(new Copy(match, target));
        tellEnd();
        console.begin("download");
        return target;
    }

    /** Returns whether something on the machine has matched a pattern. */
    synchronized boolean matched(Download download) {
        return matched.contains(download);
    }

    private String shown(Path path) {
        if (path.equals(here)) {
            return ".";
        }
        return path.startsWith(here) ? here.relativize(path).toString() : path.toString();
    }
}
