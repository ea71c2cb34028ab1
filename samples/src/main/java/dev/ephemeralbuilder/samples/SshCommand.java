package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Terminal;
import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.samples.product.Product;
import dev.ephemeralbuilder.spi.StateStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ephemeral ssh}: a shell on a machine for somebody to type into. */
@Command(
        name = "ssh",
        description = {
            "Opens a shell on a machine of an owner, on ECS by SSH and on ECI by exec, with the keys that the process wrote"
                    + " down that launched it. Another process may use the machine meanwhile.",
            "",
            "The machine is left with the lease that it had, and ten minutes at least. A connection that is lost is not"
                    + " made again.",
            ""
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0-255:those of the shell; 0 on ECI, which tells none",
            "2:an option or a setting is wrong, standard input and output are no terminal, or there is no record of the"
                    + " machine",
            "125:the machine is gone, or the connection was lost",
            "130:ended by a signal"
        },
        footerHeading = "%nExamples:%n",
        footer = {"  ephemeral ssh i-bp1abc --state ~/.ephemeral"})
final class SshCommand extends FleetCommand {
    /** A holder of the machine has renewed its lease by then. */
    private static final Duration LEAST = Duration.ofMinutes(10);

    private final Caller caller;
    private final Interruption interruption;

    @Parameters(paramLabel = "ID", description = "The id of the machine, as list shows it.")
    private String id = "";

    @Option(
            names = "--state",
            required = true,
            paramLabel = "FOLDER",
            description = "Where the process that launched the machine keeps its records.")
    private @Nullable Path state;

    SshCommand(Caller caller, Interruption interruption) {
        super(caller);
        this.caller = caller;
        this.interruption = interruption;
    }

    @Override
    BuildFleet.Builder prepared(BuildFleet.Builder fleet, String owner) {
        return state == null
                ? fleet
                : fleet.stateStore(StateStore.directory(caller.folder().resolve(state), owner));
    }

    @Override
    int with(BuildFleet fleet) throws InterruptedException {
        try {
            if (!Keyboard.isTerminal()) {
                throw noTerminal();
            }
            return on(fleet);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static CommandException noTerminal() {
        return CommandException.usage(
                "ssh needs a terminal: standard input and output must both be one; scripts are for run");
    }

    private int on(BuildFleet fleet) throws IOException, InterruptedException {
        Instant looked = caller.ticker().now();
        Optional<BuilderSummary> before =
                fleet.list().stream().filter(machine -> machine.id().equals(id)).findFirst();
        EphemeralBuilder builder = fleet.attach(id);
        try {
            return session(builder);
        } finally {
            interruption.cleanUp();
            leave(builder, before, looked);
        }
    }

    private int session(EphemeralBuilder builder) throws IOException, InterruptedException {
        OptionalInt code;
        // From here on Ctrl-C is a key.
        try (Keyboard keyboard = Keyboard.open().orElseThrow(SshCommand::noTerminal)) {
            TerminalSize size = keyboard.size();
            try (Terminal terminal = builder.openTerminal(size);
                    TerminalSession session = new TerminalSession(keyboard, terminal, caller.ticker(), size)) {
                code = session.run(caller.out());
            }
        }
        if (code.isPresent()) {
            return code.getAsInt();
        }
        if (builder.offer().provider().equals(Product.ECI.id())) {
            return 0;
        }
        throw CommandException.failure("the connection to " + id + " was lost, and the shell with it");
    }

    /** Not closed, which would give it back; times are the cloud's, as of the look. */
    private void leave(EphemeralBuilder builder, Optional<BuilderSummary> before, Instant looked)
            throws InterruptedException {
        Duration passed = Duration.between(looked, caller.ticker().now());
        Duration lease = before.flatMap(machine -> left(machine, machine.leaseUntil()))
                .map(left -> left.minus(passed))
                .filter(left -> left.compareTo(LEAST) > 0)
                .orElse(LEAST);
        Duration cap = before.flatMap(machine -> left(machine, machine.cap()))
                .map(left -> left.minus(passed))
                .filter(left -> left.compareTo(Duration.ZERO) > 0)
                .orElse(lease);
        builder.keep(lease.compareTo(cap) < 0 ? lease : cap);
    }

    private static Optional<Duration> left(BuilderSummary machine, Optional<Instant> until) {
        return until.map(time -> Duration.between(machine.shownAt(), time));
    }
}
