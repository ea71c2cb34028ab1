package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ephemeralbuilder.spi.Ticker;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.sshd.client.session.ClientSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** That nothing is left of a simulator. */
@Timeout(60)
class SimulatorCloseTest {
    private final AlibabaCloudSimulator cloud = AlibabaCloudSimulator.builder()
            .bootTime(Duration.ZERO, Duration.ZERO)
            .start();

    @Test
    @EnabledOnOs(OS.LINUX)
    void closeEndsProcessesFoldersAndPorts() throws Exception {
        long child;
        Path home;
        try (cloud;
                SimulatorClient client = new SimulatorClient(cloud);
                SshKit ssh = new SshKit()) {
            client.create(client.spot(ssh.userData()));
            home = cloud.machines().get(0).home();
            Path file = home.resolve("child");
            try (ClientSession session = await().ignoreExceptions()
                    .until(() -> ssh.connect(cloud.machines().get(0)), ClientSession::isAuthenticated)) {
                SshKit.run(session, "setsid sh -c 'echo $$ > child; exec sleep 600' </dev/null >/dev/null 2>&1 &");
                await().until(() -> Files.exists(file) && Files.readString(file).endsWith("\n"));
            }
            child = Long.parseLong(Files.readString(file).strip());
        }
        LocalMachineTest.awaitGone(child);
        assertThat(home.getParent()).doesNotExist();
        for (int port : new int[] {cloud.endpoint().getPort(), cloud.sshPort()}) {
            assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                    .isInstanceOf(ConnectException.class);
        }
    }

    @Test
    void closeEndsThreads() throws Exception {
        try (cloud;
                SimulatorClient client = new SimulatorClient(cloud);
                Ticker ticker = cloud.ticker()) {
            client.create(client.spot());
            ticker.execute(() -> {});
            assertThat(threads()).isNotEmpty();
        }
        await().untilAsserted(() -> assertThat(threads()).isEmpty());
    }

    @Test
    void closeMayBeCalledTwice() {
        cloud.close();
        cloud.close();
        assertThat(cloud.machines()).isEmpty();
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("ephemeral-simulator"))
                .toList();
    }
}
