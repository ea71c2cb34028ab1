package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.ReapReport;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.time.Duration;

/** What a team does about the machines of a process that was killed: it sweeps once their leases are over. */
final class Sweep {
    /** The longest lease that a dead fleet leaves, and a minute for its end to be certain. */
    private static final Duration LEASE = Duration.ofMinutes(11);

    /** A machine whose deletion was accepted at the end is shown a little longer. */
    private static final Duration STOPPING = Duration.ofSeconds(5);

    private static final int TRIES = 5;

    private Sweep() {}

    /** Waits until deletions that were accepted show. */
    static void await(Ticker ticker) throws InterruptedException {
        Pause.on(ticker, STOPPING);
    }

    /** Waits until deletions that were accepted show; if something is left, for its lease to pass, and sweeps. */
    static void settle(Cloud cloud, Ticker ticker, BenchOutput output, String name)
            throws IOException, InterruptedException {
        await(ticker);
        long alive = Census.alive(cloud.machines());
        if (alive > 0) {
            output.progress(name + ": " + alive + " machines are left to their leases");
            Pause.on(ticker, LEASE);
            run(cloud, ticker, output);
        }
    }

    /** Gives back every orphan of the owner; asks again where the cloud does not answer, a few times. */
    private static void run(Cloud cloud, Ticker ticker, BenchOutput output) throws InterruptedException {
        try (BuildFleet fleet = cloud.fleetOf(FaultsCommand.OWNER)
                .ticker(ticker)
                .closeTimeout(Duration.ofMinutes(5))
                .build()) {
            for (int tries = 1; tries <= TRIES; tries++) {
                ReapReport report = fleet.reap();
                if (report.complete()) {
                    return;
                }
                output.progress("sweep " + tries + " did not get through: "
                        + report.parts().stream()
                                .map(part -> String.valueOf(part.failure()))
                                .toList());
            }
        }
    }
}
