package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.spi.Ticker;
import java.io.OutputStream;
import java.io.PrintStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ephemeral bench}: the programs that show what the library promises. Not safe for use by many threads. */
@Command(
        name = "bench",
        description = {
            "Shows by numbers what the library promises; ends with exit code 1 where a promise is broken.",
            "Each program starts a simulated cloud in a process of its own and needs Linux and some minutes.",
            ""
        },
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "PROGRAM")
public final class BenchCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    private BenchCommand() {}

    /**
     * Returns the command with its programs.
     *
     * @param out takes the result
     * @param err takes what is said meanwhile
     * @param wall the wall clock
     */
    public static CommandLine commandLine(OutputStream out, PrintStream err, Ticker wall) {
        BenchOutput output = new BenchOutput(out, err, wall);
        return new CommandLine(new BenchCommand())
                .addSubcommand(new FaultsCommand(output))
                .addSubcommand(new ReclaimCommand(output))
                .addSubcommand(new CallsCommand(output))
                .addSubcommand(new OverheadCommand(output))
                .addSubcommand(new ExecCommand(output));
    }

    /** Without a program there is nothing to do but to say how it is used. */
    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "a program is missing: " + String.join(", ", spec.subcommands().keySet()));
    }
}
