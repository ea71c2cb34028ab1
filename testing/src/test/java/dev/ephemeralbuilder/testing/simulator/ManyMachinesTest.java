package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.session.ClientSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What many machines at once cost. */
@Timeout(180)
class ManyMachinesTest {
    private static final int MACHINES = 50;
    // 2,500 threads for 200 machines, those of the client included.
    private static final int THREADS_PER_MACHINE = 12;

    @Test
    void manyMachinesNeedFewThreads() throws Exception {
        int threadsBefore = ManagementFactory.getThreadMXBean().getThreadCount();
        try (AlibabaCloudSimulator cloud = AlibabaCloudSimulator.builder()
                        .bootTime(Duration.ZERO, Duration.ZERO)
                        .start();
                SimulatorClient client = new SimulatorClient(cloud);
                SshKit ssh = new SshKit()) {
            RunInstancesRequest request = client.spot(ssh.userData());
            request.setAmount(MACHINES / 2);
            client.create(request);
            client.create(request);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> cloud.machines().stream().allMatch(ManyMachinesTest::isOpen));
            List<SimulatedMachine> machines = cloud.machines();
            assertThat(machines).hasSize(MACHINES);

            List<ChannelExec> channels = new ArrayList<>();
            for (SimulatedMachine machine : machines) {
                ClientSession session = ssh.connect(machine);
                ChannelExec channel = session.createExecChannel(
                        "echo $EPHEMERAL_MACHINE; while [ ! -e go ]; do sleep 0.5; done; exit 5");
                channel.open().verify(Duration.ofSeconds(30));
                channels.add(channel);
            }
            int threads = ManagementFactory.getThreadMXBean().getThreadCount() - threadsBefore;
            assertThat(threads).isLessThan(MACHINES * THREADS_PER_MACHINE);

            for (SimulatedMachine machine : machines) {
                Files.createFile(machine.home().resolve("go"));
            }
            for (ChannelExec channel : channels) {
                channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), Duration.ofSeconds(60));
                assertThat(channel.getExitStatus()).isEqualTo(5);
            }
        }
    }

    private static boolean isOpen(SimulatedMachine machine) {
        try (Socket socket = new Socket(machine.address(), machine.sshPort())) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }
}
