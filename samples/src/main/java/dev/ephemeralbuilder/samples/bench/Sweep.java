package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.ReapReport;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;

/** What a team does about the machines of a process that was killed: it sweeps once their leases are over. */
final class Sweep {
    /** The longest lease that a dead fleet leaves, and a minute for its end to be certain. */
    static final Duration LEASE = Duration.ofMinutes(11);

    private static final int TRIES = 5;

    private Sweep() {}

    /** Gives back every orphan of the owner; asks again where the cloud does not answer, a few times. */
    static void run(Cloud cloud, Ticker ticker, BenchOutput output) throws InterruptedException {
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
