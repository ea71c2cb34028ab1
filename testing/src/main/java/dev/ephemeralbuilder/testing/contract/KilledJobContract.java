package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What becomes of a job when the process that runs it is killed, and another process of the owner on the same host runs
 * the same job. For providers of {@link AlibabaCloudSimulator}, which other processes reach too.
 */
@Timeout(120)
public abstract class KilledJobContract {
    /** It leaves time to kill who has ordered a machine before it begins on it. */
    private static final Duration BOOT = Duration.ofSeconds(20);

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final int LOOKS = 600;

    private final AlibabaCloudSimulator simulator = AlibabaCloudSimulator.builder()
            .clock(SimulatedClock.scaled(JobProcess.FACTOR))
            .bootTime(BOOT, BOOT)
            .start();

    private final Ticker ticker = simulator.ticker();

    private Properties settings = new Properties();

    @TempDir
    Path folder;

    /** For subclasses. */
    protected KilledJobContract() {}

    /** Returns a program for the provider: its class has the main method of the process that is killed. */
    protected abstract JobProcess program();

    @BeforeEach
    final void setUp() {
        settings = OtherProcess.settings(simulator, folder.resolve("state"));
    }

    @AfterEach
    final void close() {
        simulator.close();
    }

    private OtherProcess startFirst() throws IOException {
        return new OtherProcess(program().getClass(), settings, folder.resolve("first.err"));
    }

    private JobAttempt runAgain() throws InterruptedException {
        try (BuildFleet fleet = program().fleet(settings, ticker).build()) {
            JobResult result = fleet.run(program().job(settings, "echo again"), LogSink.discard());
            assertThat(result.success()).isTrue();
            assertThat(result.attempts()).hasSize(1);
            return result.attempts().get(0);
        }
    }

    private void awaitNoMachine() throws InterruptedException {
        ContractTime time = new ContractTime(ticker, PATIENCE);
        for (int looks = 0; looks < LOOKS && !simulator.machines().isEmpty(); looks++) {
            time.pass(LOOK);
        }
        assertThat(simulator.machines()).as("machines that are left").isEmpty();
    }

    @Test
    void aReplacementThatWasOrderedAndNotBegunOnIsUsed() throws Exception {
        String replacement;
        try (OtherProcess first = startFirst()) {
            String machine = first.await("launched");
            first.await("begun");
            simulator.reclaim(machine, Duration.ofMinutes(5));
            replacement = first.await("launched");
            first.kill();
        }
        assertThat(runAgain().machineId()).contains(replacement);
        awaitNoMachine();
    }

    @Test
    void aMachineThatTheJobWasBegunOnIsGivenBack() throws Exception {
        String machine;
        try (OtherProcess first = startFirst()) {
            machine = first.await("launched");
            first.await("begun");
            first.kill();
        }
        assertThat(runAgain().machineId())
                .hasValueSatisfying(id -> assertThat(id).isNotEqualTo(machine));
        awaitNoMachine();
    }
}
