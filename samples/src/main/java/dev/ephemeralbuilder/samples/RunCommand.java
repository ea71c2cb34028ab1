package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.event.BuilderListener;
import dev.ephemeralbuilder.samples.product.Product;
import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.StateStore;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ephemeral run}: one script on one machine. */
@Command(
        name = "run",
        description = {
            "Launches the best machine that there is, copies files to it, runs a script there, copies files back and"
                    + " gives the machine back. If the cloud takes the machine back in the middle, all of it begins again"
                    + " from the start on another one.",
            "",
            "Standard output holds the script's output and nothing else; everything else goes to standard error.",
            ""
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "*:the script's own",
            "2:an option or a setting is wrong",
            "124:the script ran longer than --timeout, or the build than --deadline",
            "125:ephemeral itself failed, or a download matched nothing",
            "130:ended by Ctrl-C; the machine was given back"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  ephemeral run --simulated --upload . --download 'target/*.jar:out/' -- './mvnw -B package'",
            "  ephemeral run --simulated --provider any --fault CreateContainerGroup=error:OperationDenied.NoStock -- 'uname -a'",
            "  ephemeral run --keep-on-failure 1h --upload . -- 'make test'",
            "  ephemeral run --vcpus 8 --memory 16 --market any --timeout 2h --upload . -- 'make -j8'",
            "  ephemeral run --expected 20m --farewell ./save-cache.sh --deadline 2h --upload . -- 'make -j8'",
            "  ephemeral run --market spot --spot-attempts 1 -- 'what may not be begun twice'"
        })
final class RunCommand implements Callable<Integer> {
    private static final BigDecimal THOUSAND = BigDecimal.valueOf(1000);
    private static final BigDecimal MIB_PER_GIB = BigDecimal.valueOf(1024);
    private static final BigDecimal MOST = BigDecimal.valueOf(1_000_000);
    private static final int MOST_PORT = 65_535;

    /** Of a job, see {@link BuildFleet#run}. */
    private static final int MOST_REQUEST_ID = 60;

    /** Public traffic is paid by its volume, so a low bandwidth would save nothing. */
    private static final int PUBLIC_MBIT = 100;

    /** What {@code --market} takes. */
    enum MarketChoice {
        SPOT,
        ON_DEMAND,
        ANY;

        /** Returns the choice of this name. */
        static MarketChoice of(String text) {
            return switch (text) {
                case "spot" -> SPOT;
                case "on-demand" -> ON_DEMAND;
                case "any" -> ANY;
                default -> throw new IllegalArgumentException("expected spot, on-demand or any, was \"" + text + "\"");
            };
        }

        Set<Market> markets() {
            return switch (this) {
                case SPOT -> Set.of(Market.SPOT);
                case ON_DEMAND -> Set.of(Market.ON_DEMAND);
                case ANY -> Set.of(Market.values());
            };
        }
    }

    private final Caller caller;
    private final Interruption interruption;

    @Parameters(
            arity = "1..*",
            paramLabel = "SCRIPT",
            description = "The script, as one argument: quote it. It runs in the folder that --upload fills.")
    private List<String> script = new ArrayList<>();

    @Option(
            names = "--simulated",
            description = "Use a simulated cloud on this host: real processes, real SSH or a real container's exec"
                    + " connection, no account, no cost.")
    private boolean simulated;

    @Mixin
    private final FaultOptions faults = new FaultOptions();

    @Mixin
    private final ProviderOption provider = new ProviderOption();

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The settings. Default: ephemeral.toml in this folder; none with --simulated.")
    private @Nullable Path config;

    @Option(names = "--vcpus", paramLabel = "N", description = "At least so many virtual CPUs. Default: 2.")
    private @Nullable BigDecimal vcpus;

    @Option(names = "--memory", paramLabel = "GIB", description = "At least so much memory in GiB. Default: 4.")
    private @Nullable BigDecimal memory;

    @Option(names = "--disk", paramLabel = "GIB", description = "Size of the system disk in GiB. Default: 40.")
    private @Nullable Integer disk;

    @Option(names = "--arch", paramLabel = "ARCH", description = "x86_64 or arm64. Default: x86_64.")
    private @Nullable Architecture arch;

    @Mixin
    private final ImageOptions images = new ImageOptions();

    @Option(names = "--market", paramLabel = "MARKET", description = "spot, on-demand or any. Default: any.")
    private MarketChoice market = MarketChoice.ANY;

    @Option(names = "--max-price", paramLabel = "PRICE", description = "The most to pay per hour: 0.25 or '0.04 USD'.")
    private @Nullable Money maxPrice;

    @Option(
            names = "--max-lifetime",
            paramLabel = "TIME",
            description = "The cloud itself ends the machine after this time. Default: 2h.")
    private @Nullable Duration maxLifetime;

    @Option(names = "--timeout", paramLabel = "TIME", description = "How long the script may run. Default: 1h.")
    private @Nullable Duration timeout;

    @Mixin
    private final RecoveryOptions recovery = new RecoveryOptions();

    @Option(
            names = "--env",
            paramLabel = "K[=V]",
            description = "A variable for the script; without a value: that of this shell. Repeatable.")
    private List<String> environment = new ArrayList<>();

    @Option(names = "--env-file", paramLabel = "FILE", description = "A file with a variable per line. Repeatable.")
    private List<Path> environmentFiles = new ArrayList<>();

    @Option(
            names = "--upload",
            paramLabel = "LOCAL[:REMOTE]",
            description = "A file or folder to copy to the machine, without .git and what git ignores. Repeatable.")
    private List<String> uploads = new ArrayList<>();

    @Option(
            names = "--download",
            paramLabel = "GLOB:LOCAL",
            description = "What to copy back, and where to; also if the script fails. Repeatable.")
    private List<String> downloads = new ArrayList<>();

    @Option(
            names = "--interpreter",
            paramLabel = "WORDS",
            description = "What runs the script, such as 'bash -eu'. Default: sh.")
    private @Nullable String interpreter;

    @Option(
            names = "--keep-on-failure",
            paramLabel = "TIME",
            description = "Leave the machine of a script that failed for so long, to look at it with attach and ssh. It"
                    + " costs money all the time. Default: it is given back at once.")
    private @Nullable Duration keepOnFailure;

    @Mixin
    private final StateOption state = new StateOption();

    @Option(names = "--owner", paramLabel = "NAME", description = "The name that the machine carries as owner.")
    private @Nullable String owner;

    @Option(
            names = "--request-id",
            paramLabel = "ID",
            description = "The id of this request; the machine carries it as a tag. Default: a new one.")
    private @Nullable String requestId;

    @Option(
            names = "--metrics-port",
            paramLabel = "PORT",
            description = "Serve metrics for Prometheus at http://127.0.0.1:PORT/metrics until the command ends. 0: any"
                    + " free port, which is said on standard error.")
    private @Nullable Integer metricsPort;

    @Option(names = "--stack-trace", description = "Show where a failure came from.")
    private boolean stackTrace;

    RunCommand(Caller caller, Interruption interruption) {
        this.caller = caller;
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        try (Console console = new Console(caller.err(), caller.live(), caller.ticker())) {
            try {
                return run(console);
            } catch (IOException | InterruptedException | RuntimeException e) {
                return failed(console, e);
            }
        }
    }

    private int run(Console console) throws IOException, InterruptedException {
        if (!simulated && !faults.none()) {
            throw CommandException.usage("--fault is for a simulated cloud; add --simulated");
        }
        if (simulated && keepOnFailure != null) {
            throw CommandException.usage(
                    "--keep-on-failure: a cloud of --simulated ends with the command; start one with"
                            + " \"ephemeral simulate --write-config FILE\" and use --config FILE");
        }
        Settings settings = simulated && config == null ? Settings.none() : Settings.in(caller.folder(), config);
        ProviderChoice choice = provider.in(settings);
        images.check(choice);
        Plan plan = plan(settings, choice);
        if (metricsPort == null) {
            return run(console, settings, choice, plan, List.of());
        }
        if (metricsPort < 0 || metricsPort > MOST_PORT) {
            throw CommandException.usage("--metrics-port must be 0 to " + MOST_PORT + ", was " + metricsPort);
        }
        try (MetricsServer metrics = MetricsServer.start(metricsPort)) {
            console.line("metrics   " + metrics.address());
            return run(console, settings, choice, plan, List.of(metrics.listener()));
        }
    }

    private int run(
            Console console, Settings settings, ProviderChoice choice, Plan plan, List<BuilderListener> listeners)
            throws IOException, InterruptedException {
        String fleetOwner = owner(settings);
        if (simulated) {
            try (Simulation simulation = Simulation.start(caller, settings, choice, console)) {
                faults.order(simulation.faults());
                Plan there = plan.on(images.simulated(choice, settings, simulation.machineImage()));
                List<CloudProvider> providers = simulation.providers();
                return build(console, there)
                        .execute(progress -> fleet(fleetOwner, providers, progress, listeners)
                                .build());
            }
        }
        Images made = images.in(choice, settings);
        try (StateStore store = state.open(settings, caller, fleetOwner)) {
            List<CloudProvider> providers = Providers.cloud(settings, choice, caller.environment());
            return build(console, plan.on(made))
                    .execute(progress -> fleet(fleetOwner, providers, progress, listeners)
                            .stateStore(store)
                            .build());
        }
    }

    private BuildRun build(Console console, Plan plan) {
        return new BuildRun(caller, console, interruption, stackTrace, plan);
    }

    private Plan plan(Settings settings, ProviderChoice choice) throws IOException, InterruptedException {
        try {
            MachineSpec machine = machine(settings, choice);
            AcquireRequest.Builder request = AcquireRequest.builder();
            if (requestId != null) {
                if (requestId.length() > MOST_REQUEST_ID) {
                    throw CommandException.usage("--request-id may have at most " + MOST_REQUEST_ID
                            + " characters, since another attempt adds a number to it");
                }
                request.requestId(requestId);
            }
            recovery.expected().ifPresent(request::expectedDuration);
            Script checkedScript = script(machine.maxLifetime());
            List<Download> checkedDownloads = downloads.stream()
                    .map(d -> Download.parse(d, caller.folder()))
                    .toList();
            return new Plan(
                    machine,
                    request.build(),
                    sources(),
                    checkedScript,
                    checkedDownloads,
                    recovery.policy(machine.markets(), this::script),
                    recovery.deadline().orElse(null),
                    keep());
        } catch (IllegalArgumentException e) {
            // The library checks ranges; its messages name the value.
            throw CommandException.usage(String.valueOf(e.getMessage()));
        }
    }

    private Plan.@Nullable Keep keep() {
        if (keepOnFailure == null) {
            return null;
        }
        String options = (config == null ? "" : " --config " + config)
                + (owner == null ? "" : " --owner " + owner)
                + state.given();
        return new Plan.Keep(keepOnFailure, options);
    }

    private int failed(Console console, Exception e) {
        console.quiet();
        if (interruption.requested()) {
            console.line("interrupted; no machine was launched");
            return ExitCodes.INTERRUPTED;
        }
        console.line(Failures.message(e));
        if (stackTrace) {
            e.printStackTrace(caller.err());
        }
        return Failures.exitCode(e);
    }

    private static BuildFleet.Builder fleet(
            String owner, List<CloudProvider> providers, Progress progress, List<BuilderListener> listeners) {
        BuildFleet.Builder fleet = BuildFleet.builder().owner(owner).listener(progress);
        listeners.forEach(fleet::listener);
        providers.forEach(fleet::provider);
        return fleet;
    }

    private String owner(Settings settings) {
        return Owners.given(owner).or(() -> settings.get(Setting.OWNER_NAME)).orElseGet(() -> {
            if (simulated) {
                return "simulated";
            }
            throw settings.missing(Setting.OWNER_NAME, ", there or as --owner");
        });
    }

    private MachineSpec machine(Settings settings, ProviderChoice choice) {
        MachineSpec.Builder machine = MachineSpec.builder().markets(market.markets());
        Optional.ofNullable(vcpus)
                .or(() -> settings.get(Setting.VCPUS))
                .ifPresent(n -> machine.millicpus(scaled(n, THOUSAND, "vcpus")));
        Optional.ofNullable(memory)
                .or(() -> settings.get(Setting.MEMORY_GIB))
                .ifPresent(n -> machine.memoryMib(scaled(n, MIB_PER_GIB, "memory")));
        Optional.ofNullable(disk).or(() -> settings.get(Setting.DISK_GIB)).ifPresent(machine::diskGib);
        Optional.ofNullable(maxPrice).or(() -> settings.get(Setting.MAX_PRICE)).ifPresent(machine::maxHourlyPrice);
        Optional.ofNullable(maxLifetime)
                .or(() -> settings.get(Setting.MAX_LIFETIME))
                .ifPresent(machine::maxLifetime);
        Optional.ofNullable(arch).ifPresent(machine::architecture);
        if (!simulated
                && choice.has(Product.ECS)
                && settings.get(Setting.ECS.address).filter("public"::equals).isPresent()) {
            machine.publicBandwidthMbit(PUBLIC_MBIT);
        }
        return machine.build();
    }

    private Script script(Duration lifetime) {
        if (script.size() != 1) {
            throw CommandException.usage("the script must be one argument, were " + script.size()
                    + "; quote it, as in: -- 'make -j4 && make test'");
        }
        if (timeout != null && timeout.compareTo(lifetime) > 0) {
            throw CommandException.usage(
                    "--timeout " + Texts.duration(timeout) + " is longer than the machine's lifetime of "
                            + Texts.duration(lifetime) + "; raise --max-lifetime");
        }
        Duration longest = lifetime.compareTo(Script.DEFAULT_TIMEOUT) < 0 ? lifetime : Script.DEFAULT_TIMEOUT;
        return script(script.get(0)).timeout(timeout == null ? longest : timeout);
    }

    private Script script(String text) {
        Script checked = Script.of(text)
                .env(EnvironmentOptions.read(
                        environment,
                        environmentFiles.stream().map(caller.folder()::resolve).toList(),
                        caller.environment()));
        return interpreter == null
                ? checked
                : checked.interpreter(interpreter.strip().split("\\s+"));
    }

    private List<Plan.Source> sources() throws IOException, InterruptedException {
        List<Plan.Source> sources = new ArrayList<>();
        for (String text : uploads) {
            Upload upload = Upload.parse(text, caller.folder());
            sources.add(
                    new Plan.Source(upload, Files.isDirectory(upload.local()) ? SourceFiles.of(upload.local()) : null));
        }
        return sources;
    }

    private static int scaled(BigDecimal number, BigDecimal factor, String name) {
        if (number.compareTo(MOST) > 0) {
            throw CommandException.usage(name + " must be at most " + MOST + ", was " + number.toPlainString());
        }
        // At least 1: a smaller part of a CPU or a MiB does not exist.
        return number.multiply(factor).max(BigDecimal.ONE).intValue();
    }
}
