package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A program that acquires a machine, on a host whose clock is wrong, and keeps it until it is killed. It gets its settings
 * on standard input and says on standard output when it has the machine.
 */
final class AbandoningProcess {
    static final Duration LEASE = Duration.ofMinutes(6);

    /** How wrong the clock of its host is. */
    private static final Duration AHEAD = Duration.ofMinutes(-12);

    private AbandoningProcess() {}

    /** Lives until it is killed, but not for ever. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Properties settings = new Properties();
        settings.load(System.in);
        PrintStream out = System.out;
        SimulatedClock clock = SimulatedClock.scaled(
                Integer.parseInt(settings.getProperty("factor")),
                SimulatedClock.wall().now().plus(AHEAD));
        BuildFleet fleet = SharedMachines.fleet(settings)
                .ticker(clock.newTicker("test-abandoning-process"))
                .host("first")
                .lease(LEASE)
                .build();
        EphemeralBuilder builder = fleet.acquire(
                MachineSpec.builder()
                        .vcpus(2)
                        .memoryGib(4)
                        .machineImage(settings.getProperty("image"))
                        .build(),
                AcquireRequest.builder().readyTimeout(Duration.ofHours(1)).build());
        out.println("acquired " + builder.id());
        out.flush();
        boolean killed = new CountDownLatch(1).await(2, TimeUnit.MINUTES);
        throw new IllegalStateException("nobody killed this process: " + killed);
    }
}
