package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.samples.bench.BenchCommand;
import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code ephemeral} command. */
@Command(
        name = "ephemeral",
        description = "Runs builds on machines that live no longer than the build.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footer = {"", "\"ephemeral COMMAND --help\" says what a command does and shows examples."})
public final class Ephemeral implements Runnable {
    /** Longer than a fleet waits for its machines to go. */
    private static final Duration EXIT_PATIENCE = Duration.ofSeconds(45);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private Ephemeral() {}

    /** Runs the command and ends the JVM with its exit code. */
    public static void main(String[] arguments) {
        int exitCode;
        try (Ticker ticker = Ticker.system("ephemeral-console")) {
            Map<String, String> environment = System.getenv();
            PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, charset());
            Caller caller = new Caller(
                    new FileOutputStream(FileDescriptor.out),
                    err,
                    Terminals.live(environment, System.getProperties()),
                    environment,
                    Path.of(System.getProperty("user.home")),
                    Path.of("").toAbsolutePath(),
                    ticker);
            Interruption interruption = new Interruption();
            interruption.onJvmExit(EXIT_PATIENCE);
            exitCode = execute(caller, interruption, arguments);
            interruption.done();
        }
        System.exit(exitCode);
    }

    /** Runs the command and returns its exit code. */
    static int execute(Caller caller, Interruption interruption, String... arguments) {
        return commandLine(caller, interruption).execute(arguments);
    }

    static CommandLine commandLine(Caller caller, Interruption interruption) {
        PrintWriter out = new PrintWriter(caller.out(), true, charset());
        PrintWriter err = new PrintWriter(caller.err(), true, charset());
        return new CommandLine(new Ephemeral())
                .addSubcommand(new RunCommand(caller, interruption))
                .addSubcommand(new ListCommand(caller))
                .addSubcommand(new AttachCommand(caller, interruption))
                .addSubcommand(new SshCommand(caller, interruption))
                .addSubcommand(new ReapCommand(caller))
                .addSubcommand(new ReleaseCommand(caller))
                .addSubcommand(new CostsCommand(caller))
                .addSubcommand(new SimulateCommand(caller, interruption))
                .addSubcommand(BenchCommand.commandLine(caller.out(), caller.err(), caller.ticker()))
                .registerConverter(Duration.class, converter(Texts::parseDuration))
                .registerConverter(Money.class, converter(Texts::parsePrice))
                .registerConverter(BigDecimal.class, converter(Ephemeral::positiveNumber))
                .registerConverter(Architecture.class, converter(Ephemeral::architecture))
                .registerConverter(RunCommand.MarketChoice.class, converter(RunCommand.MarketChoice::of))
                .registerConverter(ProviderChoice.class, converter(ProviderChoice::of))
                .registerConverter(CostGrouping.class, converter(CostGrouping::of))
                .registerConverter(FaultOption.class, converter(FaultOption::of))
                .setUsageHelpAutoWidth(true)
                .setOut(out)
                .setErr(err)
                .setParameterExceptionHandler((e, args) -> misused(e))
                .setExecutionExceptionHandler((e, commandLine, parsed) -> {
                    err.println("ephemeral: " + Failures.message(e));
                    return Failures.exitCode(e);
                });
    }

    /** Without a subcommand there is nothing to do but to say how it is used. */
    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "a command is missing: run, list, attach, ssh, reap, release, costs, simulate or bench");
    }

    private static int misused(ParameterException e) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("ephemeral: " + e.getMessage());
        UnmatchedArgumentException.printSuggestions(e, err);
        err.println("See \"" + command.getCommandSpec().qualifiedName() + " --help\".");
        return ExitCodes.USAGE;
    }

    private static <T> ITypeConverter<T> converter(ITypeConverter<T> parser) {
        return text -> {
            try {
                return parser.convert(text);
            } catch (IllegalArgumentException malformed) {
                throw new TypeConversionException(malformed.getMessage());
            }
        };
    }

    private static Architecture architecture(String text) {
        return switch (text) {
            case "x86_64", "amd64" -> Architecture.X86_64;
            case "arm64", "aarch64" -> Architecture.ARM64;
            default -> throw new IllegalArgumentException("expected x86_64 or arm64, was \"" + text + "\"");
        };
    }

    private static BigDecimal positiveNumber(String text) {
        BigDecimal number;
        try {
            number = new BigDecimal(text);
        } catch (NumberFormatException malformed) {
            throw new IllegalArgumentException("expected a number, was \"" + text + "\"", malformed);
        }
        if (number.signum() <= 0) {
            throw new IllegalArgumentException("expected a number above zero, was \"" + text + "\"");
        }
        return number;
    }

    /** The terminal's charset: Java's default charset has been UTF-8 since 18, wherever it runs. */
    private static Charset charset() {
        return Optional.ofNullable(System.getProperty("sun.jnu.encoding"))
                .filter(Charset::isSupported)
                .map(Charset::forName)
                .orElse(Charset.defaultCharset());
    }
}
