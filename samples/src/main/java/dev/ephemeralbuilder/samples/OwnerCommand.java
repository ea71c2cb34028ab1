package dev.ephemeralbuilder.samples;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the commands have in common that are about an owner's machines and launch none. */
abstract class OwnerCommand implements Callable<Integer> {
    private final Caller caller;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The settings. Default: ephemeral.toml in this folder.")
    private @Nullable Path config;

    @Option(names = "--owner", paramLabel = "NAME", description = "Whose machines. Default: that of the settings.")
    private @Nullable String owner;

    @Option(names = "--stack-trace", description = "Show where a failure came from.")
    private boolean stackTrace;

    OwnerCommand(Caller caller) {
        this.caller = caller;
    }

    /** Does what the command is for and returns its exit code. */
    abstract int with(Settings settings, String owner) throws InterruptedException;

    @Override
    public final Integer call() {
        try {
            Settings settings = Settings.in(caller.folder(), config);
            return with(settings, owner(settings));
        } catch (InterruptedException e) {
            say("interrupted");
            return ExitCodes.INTERRUPTED;
        } catch (RuntimeException e) {
            return failed(e);
        }
    }

    final Caller caller() {
        return caller;
    }

    /** Says what went wrong and returns the exit code for it. */
    final int failed(RuntimeException e) {
        say(Failures.message(e));
        if (stackTrace) {
            e.printStackTrace(caller.err());
        }
        return Failures.exitCode(e);
    }

    final void say(String line) {
        caller.err().println("ephemeral: " + line);
    }

    /** Writes to standard output. */
    final void print(Iterable<String> lines) {
        PrintStream out = new PrintStream(caller.out(), false, StandardCharsets.UTF_8);
        lines.forEach(line -> out.print(line + "\n"));
        out.flush();
    }

    private String owner(Settings settings) {
        return Owners.given(owner)
                .or(() -> settings.get(Setting.OWNER_NAME))
                .orElseThrow(() -> settings.missing(Setting.OWNER_NAME, ", there or as --owner"));
    }
}
