package dev.ephemeralbuilder.ecs;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.ReapReport;
import dev.ephemeralbuilder.ReapReport.Fate;
import dev.ephemeralbuilder.ReapReport.Finding;
import dev.ephemeralbuilder.ReapReport.Reason;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
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

    private @Nullable Process first;

    @AfterEach
    void close() {
        Process process = first;
        if (process != null) {
            process.destroyForcibly();
        }
        simulator.close();
    }

    /** Starts the other process and returns the id of its machine. */
    private String startFirst() throws IOException {
        Properties settings = SharedMachines.settings(simulator, folder.resolve("first"));
        settings.setProperty("factor", Integer.toString(FACTOR));
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-cp",
                        classPath,
                        AbandoningProcess.class.getName())
                .redirectError(folder.resolve("first.err").toFile())
                .start();
        first = process;
        try (OutputStream in = process.getOutputStream()) {
            settings.store(in, null);
        }
        BufferedReader out = process.inputReader();
        String line = out.readLine();
        assertThat(line).as("what the first process says").startsWith("acquired ");
        return line.substring("acquired ".length());
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
        String id = startFirst();
        Process process = requireNonNull(first);
        Properties settings = SharedMachines.settings(simulator, folder.resolve("second"));
        try (BuildFleet fleet = SharedMachines.fleet(settings)
                .ticker(ticker)
                .host("second")
                .reaper(Duration.ofSeconds(30))
                .build()) {
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

            process.destroyForcibly();
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            // 128 + 9: it had no chance to tidy up.
            assertThat(process.exitValue()).isEqualTo(137);
            Instant lastLease = only(fleet.reapDryRun()).machine().leaseUntil().orElseThrow();
            Awaitility.await("the next sweep after the lease")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> simulator.machines().isEmpty());
            assertThat(clock.now()).isAfter(lastLease);
        }
    }
}
