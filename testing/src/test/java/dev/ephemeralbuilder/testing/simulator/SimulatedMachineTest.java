package dev.ephemeralbuilder.testing.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.aliyuncs.ecs.model.v20140526.DeleteInstanceRequest;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Random;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is real about a machine, over real SSH. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SimulatedMachineTest {
    @TempDir
    Path folder;

    private AlibabaCloudSimulator cloud;
    private SimulatorClient client;
    private SshKit ssh;
    private String id;

    @BeforeAll
    void createMachine() throws Exception {
        cloud = AlibabaCloudSimulator.builder()
                .bootTime(Duration.ofMillis(20), Duration.ofMillis(50))
                .machineEnvironment(Map.of("FLAVOUR", "vanilla"))
                .onMachineStart(home -> Files.writeString(home.resolve("hooked"), "yes"))
                .start();
        client = new SimulatorClient(cloud);
        ssh = new SshKit();
        id = create();
    }

    @AfterAll
    void close() {
        ssh.close();
        client.close();
        cloud.close();
    }

    @Test
    void hostKeyIsTheOneOfTheUserData() throws Exception {
        try (ClientSession session = ssh.connect(machine(id))) {
            assertThat(session.isAuthenticated()).isTrue();
            assertThat(KeyUtils.compareKeys(ssh.seenHostKey.get(), ssh.hostKey.getPublic()))
                    .isTrue();
        }
    }

    @Test
    void anotherClientKeyIsRefused() {
        assertThatThrownBy(() -> ssh.connect(machine(id), SshKit.USER, MachineRuntime.newHostKey()))
                .isInstanceOf(IOException.class);
    }

    @Test
    void anotherUserIsRefused() {
        assertThatThrownBy(() -> ssh.connect(machine(id), "root", ssh.clientKey))
                .isInstanceOf(IOException.class);
    }

    @Test
    void machineWithoutUserDataLetsNobodyIn() throws Exception {
        String closed = client.create(client.spot()).get(0);
        awaitSsh(closed);
        assertThatThrownBy(() -> ssh.connect(machine(closed))).isInstanceOf(IOException.class);
    }

    @Test
    void nobodyGetsInAtThePortThatTheSimulatorKeepsForItself() {
        SimulatedMachine nowhere = new SimulatedMachine(
                "none", "Running", "127.0.0.1", cloud.sshPort(), "", "", Path.of("none"), Map.of());
        assertThatThrownBy(() -> ssh.connect(nowhere)).isInstanceOf(IOException.class);
    }

    @Test
    void exitCodeAndOutputArrive() throws Exception {
        try (ClientSession session = ssh.connect(machine(id))) {
            SshKit.Result result = SshKit.run(session, "echo out; echo err >&2; exit 7");
            assertThat(result.status()).isEqualTo(7);
            assertThat(result.text()).isEqualTo("out\n");
            assertThat(result.err()).isEqualTo("err\n");
        }
    }

    @Test
    void commandsSeeTheMachineAndNotTheHost() throws Exception {
        try (ClientSession session = ssh.connect(machine(id))) {
            SshKit.Result result =
                    SshKit.run(session, "echo $EPHEMERAL_MACHINE $USER $FLAVOUR $(cat hooked); [ $PWD = $HOME ]");
            assertThat(result.text()).isEqualTo(id + " builder vanilla yes\n");
            assertThat(result.status()).isZero();
        }
    }

    @Test
    void inputArrivesAndEnds() throws Exception {
        byte[] sent = bytes(1_000_000);
        try (ClientSession session = ssh.connect(machine(id))) {
            assertThat(SshKit.run(session, "cat", new ByteArrayInputStream(sent))
                            .out())
                    .isEqualTo(sent);
        }
    }

    @Test
    void inputOfACommandThatReadsNoneIsDropped() throws Exception {
        try (ClientSession session = ssh.connect(machine(id))) {
            assertThat(SshKit.run(session, "exec <&-; sleep 0.2; echo done", new ByteArrayInputStream(bytes(5_000_000)))
                            .text())
                    .isEqualTo("done\n");
        }
    }

    @Test
    void fiveMegabytesOfOutputAreByteExact() throws Exception {
        byte[] expected = bytes(5_000_000);
        Files.write(machine(id).home().resolve("data"), expected);
        try (ClientSession session = ssh.connect(machine(id))) {
            assertThat(Arrays.equals(SshKit.run(session, "cat data").out(), expected))
                    .isTrue();
        }
    }

    @Test
    void shellWithoutTerminalReadsItsInput() throws Exception {
        try (ClientSession session = ssh.connect(machine(id));
                var channel = session.createShellChannel()) {
            var out = new ByteArrayOutputStream();
            channel.setUsePty(false);
            channel.setIn(new ByteArrayInputStream("echo from a shell\nexit 3\n".getBytes(UTF_8)));
            channel.setOut(out);
            channel.open().verify(Duration.ofSeconds(30));
            channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), Duration.ofSeconds(30));
            assertThat(out.toString(UTF_8)).isEqualTo("from a shell\n");
            assertThat(channel.getExitStatus()).isEqualTo(3);
        }
    }

    @Test
    void cutConnectionLeavesTheProcessAlive() throws Exception {
        try (ClientSession session = ssh.connect(machine(id));
                var channel = session.createExecChannel("echo $$ > cut.pid; exec sleep 600")) {
            channel.open().verify(Duration.ofSeconds(30));
            long pid = pid(id, "cut.pid");
            cloud.cutSsh(id);
            channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), Duration.ofSeconds(30));
            assertThat(channel.getExitStatus()).isNull();
            assertThat(session.isOpen()).isFalse();
            assertThat(isAlive(pid)).isTrue();
        }
        try (ClientSession again = ssh.connect(machine(id))) {
            assertThat(SshKit.run(again, "kill $(cat cut.pid)").status()).isZero();
        }
    }

    @Test
    void orderedCutEndsTheConnectionAtItsByte() throws Exception {
        Files.write(machine(id).home().resolve("long"), bytes(300_000));
        cloud.faults().ssh().cutAfterBytes(100_000);
        try (ClientSession session = ssh.connect(machine(id))) {
            SshKit.Result result = SshKit.run(session, "cat long");
            assertThat(result.status()).isNull();
            assertThat(result.out()).hasSizeLessThanOrEqualTo(100_000);
        } finally {
            cloud.faults().clear();
        }
        try (ClientSession session = ssh.connect(machine(id))) {
            assertThat(SshKit.run(session, "cat long").out()).hasSize(300_000);
        }
    }

    @Test
    void signalRequestEndsTheWholeGroup() throws Exception {
        try (ClientSession session = ssh.connect(machine(id));
                var channel = session.createExecChannel("sleep 600 & echo $! > signal.pid; wait")) {
            channel.open().verify(Duration.ofSeconds(30));
            long child = pid(id, "signal.pid");
            var packet = session.createBuffer(SshConstants.SSH_MSG_CHANNEL_REQUEST, 64);
            packet.putUInt(channel.getRecipient());
            packet.putString("signal");
            packet.putBoolean(false);
            packet.putString("TERM");
            session.writePacket(packet).verify(Duration.ofSeconds(30));
            channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), Duration.ofSeconds(30));
            assertThat(channel.getExitStatus()).isEqualTo(143);
            LocalMachineTest.awaitGone(child);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void deleteKillsWhatLeftItsSession() throws Exception {
        String doomed = create();
        SimulatedMachine machine = machine(doomed);
        long child;
        try (ClientSession session = ssh.connect(machine)) {
            SshKit.run(session, "setsid sh -c 'echo $$ > child; exec sleep 600' </dev/null >/dev/null 2>&1 &");
            child = pid(doomed, "child");
        }
        assertThat(isAlive(child)).isTrue();
        DeleteInstanceRequest delete = new DeleteInstanceRequest();
        delete.setInstanceId(doomed);
        delete.setForce(true);
        client.call(delete);
        await().until(() -> client.status(doomed).equals("absent"));
        LocalMachineTest.awaitGone(child);
        await().until(() -> Files.notExists(machine.home()));
        assertThatThrownBy(() -> new Socket(machine.address(), machine.sshPort()).close())
                .isInstanceOf(ConnectException.class);
    }

    @Test
    void machinesOfOneAddressHavePortsOfTheirOwn() throws Exception {
        try (AlibabaCloudSimulator narrow = AlibabaCloudSimulator.builder()
                        .ownAddresses(false)
                        .bootTime(Duration.ZERO, Duration.ZERO)
                        .start();
                SimulatorClient narrowClient = new SimulatorClient(narrow)) {
            RunInstancesRequest request = narrowClient.spot(ssh.userData());
            request.setAmount(2);
            narrowClient.create(request);
            await().until(() -> narrow.machines().stream().allMatch(machine -> machine.sshPort() != 0));
            for (SimulatedMachine machine : narrow.machines()) {
                assertThat(machine.address()).isEqualTo("127.0.0.1");
                try (ClientSession session = ssh.connect(machine)) {
                    assertThat(SshKit.run(session, "echo $EPHEMERAL_MACHINE").text())
                            .isEqualTo(machine.id() + "\n");
                }
            }
        }
    }

    @Test
    void twoSimulatorsNeverShareAnSshPort() {
        int taken = cloud.sshPort();
        assertThatThrownBy(() -> AlibabaCloudSimulator.builder().sshPort(taken).start())
                .isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void failingHookLeavesAMachineThatCannotBeReached() throws Exception {
        try (AlibabaCloudSimulator broken = AlibabaCloudSimulator.builder()
                        .bootTime(Duration.ZERO, Duration.ZERO)
                        .machineRoot(folder)
                        .onMachineStart(home -> {
                            Files.createFile(home.resolveSibling("hooked"));
                            throw new IOException("on purpose");
                        })
                        .start();
                SimulatorClient brokenClient = new SimulatorClient(broken)) {
            String machine =
                    brokenClient.create(brokenClient.spot(ssh.userData())).get(0);
            SimulatedMachine seen = machine(broken, machine);
            assertThat(seen.home()).startsWithRaw(folder);
            await().until(() -> Files.exists(seen.home().resolveSibling("hooked")));
            assertThat(brokenClient.status(machine)).isEqualTo("Running");
            assertThat(reachable(broken, machine)).isFalse();
        }
        assertThat(folder).isEmptyDirectory();
    }

    private String create() throws Exception {
        String created = client.create(client.spot(ssh.userData())).get(0);
        awaitSsh(created);
        return created;
    }

    private void awaitSsh(String machine) {
        await().until(() -> reachable(cloud, machine));
    }

    private static boolean reachable(AlibabaCloudSimulator cloud, String id) {
        SimulatedMachine machine = machine(cloud, id);
        try (Socket socket = new Socket(machine.address(), machine.sshPort())) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private SimulatedMachine machine(String wanted) {
        return machine(cloud, wanted);
    }

    private static SimulatedMachine machine(AlibabaCloudSimulator cloud, String wanted) {
        return cloud.machines().stream()
                .filter(machine -> machine.id().equals(wanted))
                .findFirst()
                .orElseThrow();
    }

    private long pid(String machine, String file) throws IOException {
        Path path = machine(machine).home().resolve(file);
        await().until(() -> Files.exists(path) && Files.readString(path).endsWith("\n"));
        return Long.parseLong(Files.readString(path).strip());
    }

    private static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }
}
