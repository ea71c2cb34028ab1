package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A process is killed while it runs a job; another one runs the same job, over the real SDK and real SSH. */
@Timeout(120)
@EnabledOnOs(value = OS.LINUX, disabledReason = "the machines need addresses of their own, as Linux has them")
class KilledJobTest {
    private final AlibabaCloudSimulator simulator = AlibabaCloudSimulator.builder()
            .bootTime(Duration.ofSeconds(2), Duration.ofSeconds(2))
            .start();

    @TempDir
    Path folder;

    private Properties settings = new Properties();

    @BeforeEach
    void setUp() {
        settings = SharedMachines.settings(simulator, folder.resolve("state"));
    }

    @AfterEach
    void close() {
        simulator.close();
    }

    private OtherProcess startFirst() throws IOException {
        return new OtherProcess(JobProcess.class, settings, folder.resolve("first.err"));
    }

    private JobResult runAgain() throws InterruptedException {
        try (BuildFleet fleet = JobProcess.fleet(settings).build()) {
            return fleet.run(JobProcess.job(settings, false), LogSink.discard());
        }
    }

    private void assertOneAttemptOn(JobResult result, String machine) {
        assertThat(result.success()).isTrue();
        assertThat(result.attempts())
                .singleElement()
                .satisfies(attempt -> assertThat(attempt.machineId()).contains(machine));
    }

    private void awaitNoMachine() {
        Awaitility.await("no machine is left")
                .atMost(Duration.ofSeconds(30))
                .until(() -> simulator.machines().isEmpty());
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
        assertOneAttemptOn(runAgain(), replacement);
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
        JobResult result = runAgain();
        assertThat(result.success()).isTrue();
        assertThat(result.attempts())
                .singleElement()
                .satisfies(attempt -> assertThat(attempt.machineId())
                        .hasValueSatisfying(id -> assertThat(id).isNotEqualTo(machine)));
        awaitNoMachine();
    }
}
