package dev.ephemeralbuilder.testing.contract;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Properties;

/**
 * The program of {@link KilledJobContract}: it runs a job and is killed meanwhile. To be extended for a provider by a class
 * with a constructor without parameters and a main method that calls {@link #runUntilKilled}. Used by one thread.
 */
public abstract class JobProcess {
    /** Seconds of the cloud per second of the wall: the cloud is asked for notices every 30 of the former. */
    static final int FACTOR = 10;

    private static final String OWNER = "killed-jobs";

    /** For subclasses. */
    protected JobProcess() {}

    /**
     * Returns a new provider, as both processes use it. The fleet closes it.
     *
     * @param settings those of {@link OtherProcess#settings}
     */
    protected abstract CloudProvider provider(Properties settings);

    /**
     * Returns what both processes ask for.
     *
     * @param settings those of {@link OtherProcess#settings}
     */
    protected abstract MachineSpec spec(Properties settings);

    /** Begins a fleet as both processes have it, on spot machines that the cloud may take back at once. */
    final BuildFleet.Builder fleet(Properties settings, Ticker ticker) {
        return BuildFleet.builder()
                .owner(OWNER)
                .stateStore(StateStore.directory(Path.of(text(settings, "store")), OWNER))
                .ticker(ticker)
                .selectionPolicy(ContractFleet.UNPROTECTED)
                .provider(provider(settings));
    }

    private static String text(Properties settings, String name) {
        return requireNonNull(settings.getProperty(name), name);
    }

    /** Returns the job of both processes, but for its script. */
    final Job job(Properties settings, String script) {
        return Job.builder(spec(settings))
                .request(AcquireRequest.builder().requestId("job-9").build())
                .script(Script.of(script).grace(Duration.ZERO))
                .build();
    }

    /**
     * Runs the job and tells of each machine that is launched and of what the job says. Ends only if nobody kills this
     * process within about five minutes.
     *
     * @throws IOException if the settings cannot be read from the standard input
     * @throws InterruptedException if this thread is interrupted while the job runs
     * @throws IllegalStateException if nobody has killed this process
     */
    protected final void runUntilKilled() throws IOException, InterruptedException {
        Properties settings = new Properties();
        settings.load(System.in);
        PrintStream out = System.out;
        SimulatedClock clock = SimulatedClock.scaled(FACTOR, Instant.parse(text(settings, "now")));
        BuildFleet fleet = fleet(settings, clock.newTicker("ephemeral-contract-process"))
                .listener(event -> {
                    if (event instanceof BuilderEvent.Launched launched) {
                        out.println("launched " + launched.machineId());
                        out.flush();
                    }
                })
                .build();
        LogSink telling = new LogSink() {
            @Override
            public void write(LogStream stream, byte[] bytes, int length) {
                out.print(new String(bytes, 0, length, StandardCharsets.UTF_8));
                out.flush();
            }
        };
        fleet.run(job(settings, "echo begun; sleep 300"), telling);
        throw new IllegalStateException("nobody killed this process");
    }
}
