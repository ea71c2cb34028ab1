package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.ReapReport;
import dev.ephemeralbuilder.ReapReport.Fate;
import dev.ephemeralbuilder.ReapReport.Finding;
import dev.ephemeralbuilder.ReapReport.Reason;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.contract.OtherProcess;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The machine of another process, on a host whose clock is twelve minutes slow: left alone while that process lives,
 * deleted when it was killed and the lease has passed. With the real SDK, on a cloud whose time is fast.
 */
@Timeout(120)
@EnabledOnOs(value = OS.LINUX, disabledReason = "the machines need addresses of their own, as Linux has them")
@Tag("once")
class AbandonedMachineTest {
    private static final int FACTOR = 60;

    private final SimulatedClock clock = SimulatedClock.scaled(FACTOR);
    private final AlibabaCloudSimulator simulator = AlibabaCloudSimulator.builder()
            .clock(clock)
            .bootTime(Duration.ofSeconds(20), Duration.ofSeconds(20))
            .start();

    private final Ticker ticker = simulator.ticker();

    @TempDir
    Path folder;

    @AfterEach
    void close() {
        simulator.close();
    }

    private void pass(Duration time) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        ticker.schedule(time, over::countDown);
        assertThat(over.await(30, TimeUnit.SECONDS)).isTrue();
    }

    private static Finding only(ReapReport report) {
        assertThat(report.complete()).isTrue();
        return report.parts().get(0).findings().get(0);
    }

    @Test
    void aLiveMachineIsLeftAloneAndThatOfAKilledProcessGoesWithItsLease() throws Exception {
        Properties firstSettings = OtherProcess.settings(simulator, folder.resolve("first"));
        firstSettings.setProperty("factor", Integer.toString(FACTOR));
        Properties settings = OtherProcess.settings(simulator, folder.resolve("second"));
        try (OtherProcess first =
                        new OtherProcess(AbandoningProcess.class, firstSettings, folder.resolve("first.err"));
                BuildFleet fleet = SharedMachines.fleet(settings)
                        .ticker(ticker)
                        .host("second")
                        .reaper(Duration.ofSeconds(30))
                        .build()) {
            String id = first.await("acquired");
            BuilderSummary acquired = only(fleet.reap()).machine();
            assertThat(acquired.id()).isEqualTo(id);
            assertThat(acquired.host()).contains("first");
            Instant firstLease = acquired.leaseUntil().orElseThrow();
            while (clock.now().isBefore(firstLease.plus(Duration.ofMinutes(2)))) {
                assertThat(only(fleet.reap()))
                        .extracting(Finding::reason, Finding::fate)
                        .containsExactly(Reason.LEASE_RUNS, Fate.LEFT);
                pass(Duration.ofSeconds(20));
            }

            first.kill();
            Instant lastLease = only(fleet.reapDryRun()).machine().leaseUntil().orElseThrow();
            Awaitility.await("the next sweep after the lease")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> simulator.machines().isEmpty());
            assertThat(clock.now()).isAfter(lastLease);
        }
    }
}
