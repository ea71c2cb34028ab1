package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ScriptSummary;
import dev.ephemeralbuilder.ScriptSummary.State;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ephemeral attach}: follows a script on a machine that another process launched. */
@Command(
        name = "attach",
        description = {
            "Follows a script on a machine of an owner from its first byte, live, until it has ended: the one that runs, or"
                    + " else the newest. The keys come from the records of the process that launched the machine.",
            "",
            "Neither the script nor the machine is ended by that, nor by Ctrl-C: the machine is left with the lease that it"
                    + " had, and six minutes at least.",
            ""
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "*:the script's own",
            "2:an option or a setting is wrong, several scripts run, or there is no record of the machine",
            "124:the script ran longer than its timeout",
            "125:the machine is gone or cannot be reached, or no script was started there",
            "130:ended by Ctrl-C; the script runs on"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  ephemeral attach i-bp1abc",
            "  ephemeral attach --list i-bp1abc",
            "  ephemeral attach i-bp1abc 3f9c0a1b2d4e5f60"
        })
final class AttachCommand extends FleetCommand {
    /** What a machine runs at its start and its end is followed only by name. */
    private static final Set<String> HOOKS = Set.of("onready", "onrelease");

    private final Interruption interruption;

    @Parameters(index = "0", paramLabel = "ID", description = "The id of the machine, as list shows it.")
    private String id = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "SCRIPT_ID", description = "The id of the script.")
    private @Nullable String scriptId;

    @Option(names = "--list", description = "Only list the scripts that were started on the machine.")
    private boolean list;

    AttachCommand(Caller caller, Interruption interruption) {
        super(caller);
        this.interruption = interruption;
    }

    @Override
    int with(BuildFleet fleet, Path records) throws InterruptedException {
        try (Visit visit = Visit.of(fleet, id, records)) {
            EphemeralBuilder builder = visit.builder();
            if (list) {
                List<ScriptSummary> all = get(builder.scripts());
                print(all.stream().map(AttachCommand::line).toList());
                return 0;
            }
            return follow(get(builder.script(scriptId == null ? only(get(builder.scripts())) : scriptId)));
        } finally {
            interruption.cleanUp();
        }
    }

    private String only(List<ScriptSummary> all) {
        List<ScriptSummary> own =
                all.stream().filter(script -> !HOOKS.contains(script.id())).toList();
        List<ScriptSummary> running =
                own.stream().filter(script -> script.state() == State.RUNNING).toList();
        if (own.isEmpty()) {
            throw CommandException.failure("no script was started on machine " + id);
        }
        if (running.size() > 1) {
            print(running.stream().map(AttachCommand::line).toList());
            throw CommandException.usage(
                    "several scripts run on machine " + id + "; say which: ephemeral attach " + id + " SCRIPT_ID");
        }
        return running.isEmpty() ? own.get(own.size() - 1).id() : running.get(0).id();
    }

    private static String line(ScriptSummary script) {
        String end = script.result()
                .map(result -> "  exit code " + result.exitCode() + ", " + Texts.duration(result.duration()))
                .orElse("");
        return script.id() + "  " + script.startedAt() + "  "
                + script.state().name().toLowerCase(Locale.ROOT) + end;
    }

    private int follow(RunningScript script) throws InterruptedException {
        get(script.follow(LogSink.to(caller().out())));
        ScriptResult result = get(script.result());
        return ExitCodes.of(result);
    }

    private static <T extends @Nullable Object> T get(CompletableFuture<T> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException reason) {
                throw reason;
            }
            throw CommandException.failure("standard output cannot be written: "
                    + Optional.ofNullable(e.getCause())
                            .map(Throwable::getMessage)
                            .orElse("unknown"));
        }
    }
}
