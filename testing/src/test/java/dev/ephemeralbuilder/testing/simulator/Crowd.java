package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.client.channel.ClientChannelEvent;

/** Many machines of one simulator, and what it takes to run a command on each. */
final class Crowd implements AutoCloseable {
    private static final int MOST_PER_CALL = 100;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    final List<SimulatedMachine> machines;
    private final AlibabaCloudSimulator cloud;
    private final SshKit ssh;
    private final List<ChannelExec> channels = new ArrayList<>();

    /** Starts machines and waits until all accept SSH. */
    Crowd(int count, Isolation isolation) throws Exception {
        cloud = AlibabaCloudSimulator.builder()
                .bootTime(Duration.ZERO, Duration.ZERO)
                .isolation(isolation)
                .start();
        ssh = new SshKit();
        try (SimulatorClient client = new SimulatorClient(cloud)) {
            RunInstancesRequest request = client.spot(ssh.userData());
            for (int missing = count; missing > 0; missing -= MOST_PER_CALL) {
                request.setAmount(Math.min(missing, MOST_PER_CALL));
                client.create(request);
            }
            await().atMost(PATIENCE).until(() -> cloud.machines().stream().allMatch(Crowd::isOpen));
            machines = cloud.machines();
            assertThat(machines).hasSize(count);
        } catch (Exception | AssertionError e) {
            close();
            throw e;
        }
    }

    /** Starts a command on every machine that runs until {@link #finish}. */
    void startCommands() throws Exception {
        for (SimulatedMachine machine : machines) {
            ChannelExec channel = ssh.connect(machine)
                    .createExecChannel("echo $EPHEMERAL_MACHINE; while [ ! -e go ]; do sleep 0.5; done; exit 5");
            channels.add(channel);
            channel.open().verify(PATIENCE);
        }
        for (int i = 0; i < machines.size(); i++) {
            // The first line tells that the command runs, and on the right machine.
            byte[] id = channels.get(i)
                    .getInvertedOut()
                    .readNBytes(machines.get(i).id().length());
            assertThat(new String(id, StandardCharsets.US_ASCII))
                    .isEqualTo(machines.get(i).id());
        }
    }

    /** Lets the commands end and checks their exit codes. */
    void finish() throws IOException {
        for (SimulatedMachine machine : machines) {
            Files.createFile(machine.home().resolve("go"));
        }
        for (ChannelExec channel : channels) {
            channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), PATIENCE);
            assertThat(channel.getExitStatus()).isEqualTo(5);
        }
    }

    private static boolean isOpen(SimulatedMachine machine) {
        try (Socket socket = new Socket(machine.address(), machine.sshPort())) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        ssh.close();
        cloud.close();
    }
}
