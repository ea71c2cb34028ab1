package com.example.ci;

import static dev.ephemeralbuilder.testing.EphemeralBuilderAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.alibaba.AlibabaCredentials;
import dev.ephemeralbuilder.ecs.EcsProvider;
import dev.ephemeralbuilder.testing.junit.EphemeralBuilderExtension;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SimulatorTest {
    // recipe: fault test
    @RegisterExtension
    final EphemeralBuilderExtension extension = EphemeralBuilderExtension.onSimulator(SimulatorTest::provider);

    static EcsProvider provider(AlibabaCloudSimulator simulator) {
        return EcsProvider.builder()
                .region(simulator.region())
                .endpoint(simulator.endpoint())
                .credentials(AlibabaCredentials.fixed(simulator.accessKeyId(), simulator.accessKeySecret()))
                .securityGroup(simulator.securityGroup())
                .vSwitches(simulator.vSwitches())
                .sshPort(simulator.sshPort())
                .build();
    }

    @Test
    void aLostAnswerCostsNoBuild(BuildFleet fleet, AlibabaCloudSimulator simulator) throws Exception {
        simulator.faults().on("RunInstances").times(1).loseAnswer();

        int exitCode = new BuildRunner(fleet, simulator.machineImage()).build("exit 3", new ByteArrayOutputStream());

        assertThat(exitCode).isEqualTo(3);
    }

    @Test
    void withoutStockTheBuildIsTriedAgain(BuildFleet fleet, AlibabaCloudSimulator simulator) throws Exception {
        simulator.faults().on("RunInstances").error("OperationDenied.NoStock");

        int exitCode = new BuildRunner(fleet, simulator.machineImage()).build("exit 3", new ByteArrayOutputStream());

        assertThat(exitCode).isEqualTo(BuildRunner.TRY_AGAIN);
        assertThat(simulator).hasNoMachines().hasNoProcesses();
    }
    // end of recipe

    // recipe: reclaim test
    @Test
    void aMachineThatIsTakenBackMeansTryAgain(BuildFleet fleet, AlibabaCloudSimulator simulator) throws Exception {
        OutputStream log = new ByteArrayOutputStream() {
            @Override
            public void write(byte[] bytes, int offset, int length) {
                // The build is under way: it has written something.
                simulator.machines().forEach(machine -> simulator.reclaim(machine.id(), Duration.ZERO));
            }
        };

        int exitCode = new BuildRunner(fleet, simulator.machineImage()).build("echo begun; sleep 600", log);

        assertThat(exitCode).isEqualTo(BuildRunner.TRY_AGAIN);
        assertThat(simulator).hasNoMachines();
    }
    // end of recipe

    @Test
    void allThreadsBelongToTheTest(BuildFleet fleet, AlibabaCloudSimulator simulator) throws Exception {
        new BuildRunner(fleet, simulator.machineImage()).build("true", new ByteArrayOutputStream());
        List<Thread> threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("ephemeral-"))
                .toList();
        assertThat(threads)
                .extracting(Thread::getName)
                .anyMatch(name -> name.startsWith("ephemeral-ssh-"))
                .anyMatch(name -> name.startsWith("ephemeral-http-"))
                .anyMatch(name -> name.startsWith("ephemeral-builder-"))
                .anyMatch(name -> name.startsWith("ephemeral-simulator-"));
        assertThat(threads).allSatisfy(thread -> assertThat(thread.getThreadGroup().getName())
                .as(thread.getName())
                .startsWith("ephemeral-test-"));
    }
}
