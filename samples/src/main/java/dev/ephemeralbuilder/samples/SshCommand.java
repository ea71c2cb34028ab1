package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Terminal;
import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.samples.product.Product;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ephemeral ssh}: a shell on a machine for somebody to type into. */
@Command(
        name = "ssh",
        description = {
            "Opens a shell on a machine of an owner, on ECS by SSH and on ECI by exec, with the keys that the process wrote"
                    + " down that launched it. Another process may use the machine meanwhile.",
            "",
            "The machine is left with the lease that it had, and six minutes at least. A connection that is lost is not"
                    + " made again.",
            ""
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0-255:those of the shell, 128 + N if signal N ended it; 0 on ECI, which tells none",
            "2:an option or a setting is wrong, standard input and output are no terminal, or there is no record of the"
                    + " machine",
            "125:the machine is gone or cannot be reached, or, on ECS, the connection was lost",
            "128 + N:ended by signal N, such as 143"
        },
        footerHeading = "%nExamples:%n",
        footer = "  ephemeral ssh i-bp1abc")
final class SshCommand extends FleetCommand {
    private final Interruption interruption;

    @Parameters(paramLabel = "ID", description = "The id of the machine, as list shows it.")
    private String id = "";

    SshCommand(Caller caller, Interruption interruption) {
        super(caller);
        this.interruption = interruption;
    }

    @Override
    int with(BuildFleet fleet, Path records) throws InterruptedException {
        try {
            if (!Keyboard.isTerminal()) {
                throw noTerminal();
            }
            try (Visit visit = Visit.of(fleet, id, records)) {
                return session(visit.builder());
            } finally {
                interruption.cleanUp();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static CommandException noTerminal() {
        return CommandException.usage(
                "ssh needs a terminal: standard input and output must both be one; scripts are for run");
    }

    private int session(EphemeralBuilder builder) throws IOException, InterruptedException {
        OptionalInt code;
        // From here on Ctrl-C is a key.
        try (Keyboard keyboard = Keyboard.open().orElseThrow(SshCommand::noTerminal)) {
            TerminalSize size = keyboard.size();
            try (Terminal terminal = builder.openTerminal(size);
                    TerminalSession session = new TerminalSession(keyboard, terminal, caller().ticker(), size)) {
                if (!onGroup(builder)) {
                    // Exec has no way to say it.
                    session.followSize();
                }
                code = session.run(caller().out());
            }
        }
        if (code.isPresent()) {
            return code.getAsInt();
        }
        if (onGroup(builder)) {
            return 0;
        }
        throw CommandException.failure("the connection to " + id + " was lost, and the shell with it");
    }

    private static boolean onGroup(EphemeralBuilder builder) {
        return builder.offer().provider().equals(Product.ECI.id());
    }
}
