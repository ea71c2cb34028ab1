package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.Isolation;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ephemeral simulate}: a simulated cloud for any client. */
@Command(
        name = "simulate",
        description = {
            "Runs a simulated Alibaba Cloud on the loopback address until Ctrl-C and says how to point any client at it.",
            "Its machines are processes of this host; it is no sandbox.",
            ""
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footerHeading = "%nExample:%n",
        footer = {
            "  ephemeral simulate --port 8080 --write-config simulated.toml",
            "  # in another shell, with the two variables that it prints:",
            "  ephemeral run --config simulated.toml -- 'uname -a'"
        })
final class SimulateCommand implements Callable<Integer> {
    private final Caller caller;
    private final Interruption interruption;

    @Option(names = "--port", paramLabel = "PORT", description = "The port of the API. Default: any free one.")
    private @Nullable Integer port;

    @Option(
            names = "--ssh-port",
            paramLabel = "PORT",
            description = "The SSH port of all machines. Default: any free one.")
    private @Nullable Integer sshPort;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Prices, stock and faults follow from it. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Option(names = "--region", paramLabel = "REGION", description = "The one region. Default: ${DEFAULT-VALUE}.")
    private String region = Simulation.DEFAULT_REGION;

    @Option(
            names = "--scale",
            paramLabel = "N",
            description = "Seconds of the cloud per second here, for lifetimes and boot times. Default: 1.")
    private @Nullable BigDecimal scale;

    @Option(
            names = "--manual-clock",
            description = "The cloud's clock stands until POST /_simulator/clock/advance moves it.")
    private boolean manualClock;

    @Option(
            names = "--isolated",
            description =
                    "Machines have processes, ports, host name and /tmp of their own, and no network. Needs Linux.")
    private boolean isolated;

    @Mixin
    private final FaultOptions faults = new FaultOptions();

    @Option(
            names = "--write-config",
            paramLabel = "FILE",
            description = "Write an ephemeral.toml for this simulator; a file that is there is replaced.")
    private @Nullable Path settingsFile;

    SimulateCommand(Caller caller, Interruption interruption) {
        this.caller = caller;
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        AlibabaCloudSimulator.Builder builder =
                AlibabaCloudSimulator.builder().seed(seed).region(region);
        if (port != null) {
            builder.port(port);
        }
        if (sshPort != null) {
            builder.sshPort(sshPort);
        }
        if (scale != null && manualClock) {
            throw CommandException.usage("--scale and --manual-clock exclude each other");
        }
        if (scale != null) {
            builder.clock(SimulatedClock.scaled(scale.doubleValue()));
        }
        if (manualClock) {
            builder.clock(SimulatedClock.manual(SimulatedClock.wall().now()));
        }
        if (isolated) {
            builder.isolation(Isolation.NAMESPACES);
        }
        MavenLinks maven = new MavenLinks(caller.environment(), caller.home(), caller.folder());
        builder.machineEnvironment(maven.environment()).onMachineStart(maven::link);
        try (AlibabaCloudSimulator simulator = start(builder)) {
            faults.order(simulator.faults());
            SimulatorText text = new SimulatorText(simulator);
            if (settingsFile != null) {
                Files.writeString(caller.folder().resolve(settingsFile), text.settings());
            }
            PrintStream out = new PrintStream(caller.out(), true, StandardCharsets.UTF_8);
            out.print(text.guide());
            out.flush();
            try {
                // Nobody counts it down: only an interrupt ends the waiting.
                new CountDownLatch(1).await();
            } catch (InterruptedException ended) {
                interruption.cleanUp();
            }
        }
        caller.err().println("ephemeral: the simulator has ended, and its machines with it");
        return ExitCodes.INTERRUPTED;
    }

    private static AlibabaCloudSimulator start(AlibabaCloudSimulator.Builder builder) {
        try {
            return builder.start();
        } catch (UncheckedIOException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()));
        }
    }
}
