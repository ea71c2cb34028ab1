package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.client.channel.ChannelShell;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.SshConstants;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Two machines with namespaces of their own, over real SSH. */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("once")
class IsolatedMachineTest {
    // Listens, waits for a byte of input, and prints what a connection to the port says.
    private static final String LISTENER = """
            import java.io.*;
            import java.net.*;

            class Listener {
                public static void main(String[] args) throws Exception {
                    InetAddress loopback = InetAddress.getByName("127.0.0.1");
                    try (ServerSocket server = new ServerSocket(8080, 5, loopback)) {
                        System.out.print("listening\\n");
                        System.out.flush();
                        System.in.read();
                        try (Socket client = new Socket(loopback, 8080)) {
                            try (Socket accepted = server.accept()) {
                                accepted.getOutputStream().write(System.getenv("EPHEMERAL_MACHINE").getBytes());
                            }
                            System.out.print(new String(client.getInputStream().readAllBytes()) + "\\n");
                        }
                    }
                }
            }
            """;

    private AlibabaCloudSimulator cloud;
    private SimulatorClient client;
    private SshKit ssh;
    private final Map<String, ClientSession> sessions = new HashMap<>();
    private String one;
    private String two;

    @BeforeAll
    void createMachines() throws Exception {
        NamespaceSupportTest.assumeNamespaces();
        cloud = AlibabaCloudSimulator.builder()
                .bootTime(Duration.ZERO, Duration.ZERO)
                .isolation(Isolation.NAMESPACES)
                .start();
        client = new SimulatorClient(cloud);
        ssh = new SshKit();
        one = create("first-host");
        two = create("");
    }

    @AfterAll
    void close() {
        if (cloud != null) {
            ssh.close();
            client.close();
            cloud.close();
        }
    }

    @Test
    void aTerminalIsOneOfTheMachine() throws Exception {
        assumeTrue(LocalTerminal.available(), "this host has no script of util-linux");
        try (ClientSession session = ssh.connect(machine(one));
                ChannelShell shell = session.createShellChannel()) {
            ByteArrayOutputStream screen = new ByteArrayOutputStream();
            shell.setPtyType("xterm");
            shell.setPtyColumns(91);
            shell.setPtyLines(29);
            shell.setOut(screen);
            shell.setIn(new ByteArrayInputStream(
                    "echo in $(stty size) $(hostname)\nexit 3\n".getBytes(StandardCharsets.US_ASCII)));
            shell.open().verify(Duration.ofSeconds(30));
            shell.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), Duration.ofSeconds(60));
            assertThat(screen.toString(StandardCharsets.US_ASCII)).contains("in 29 91 first-host");
            assertThat(shell.getExitStatus()).isEqualTo(3);
        }
    }

    @Test
    void bothListenOnTheSamePortAndEachReachesItsOwn() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        try (ClientSession first = ssh.connect(machine(one));
                ClientSession second = ssh.connect(machine(two));
                ChannelExec here = first.createExecChannel(java + " Listener.java");
                ChannelExec there = second.createExecChannel(java + " Listener.java")) {
            for (String machine : List.of(one, two)) {
                Files.writeString(machine(machine).home().resolve("Listener.java"), LISTENER);
            }
            Map<ChannelExec, ByteArrayOutputStream> output = new LinkedHashMap<>();
            for (ChannelExec channel : List.of(here, there)) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                output.put(channel, out);
                channel.setOut(out);
                channel.setErr(out);
                channel.open().verify(Duration.ofSeconds(30));
            }
            await().atMost(Duration.ofSeconds(60))
                    .until(() ->
                            output.values().stream().allMatch(out -> text(out).equals("listening\n")));
            for (ChannelExec channel : output.keySet()) {
                channel.getInvertedIn().write('\n');
                channel.getInvertedIn().flush();
                channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), Duration.ofSeconds(30));
            }
            assertThat(output.values().stream().map(IsolatedMachineTest::text))
                    .containsExactly("listening\n" + one + "\n", "listening\n" + two + "\n");
        }
    }

    @Test
    void processesOfOthersAreNotSeen() throws Exception {
        run(one, "sleep 611 >/dev/null 2>&1 </dev/null &");
        String list = "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done";
        assertThat(run(one, list).text()).contains("sleep 611");
        assertThat(run(two, list).text()).contains("cat").doesNotContain("sleep 611", "java");
    }

    @Test
    void hostNameIsThatOfTheMachineAndIsInItsHostsFile() throws Exception {
        assertThat(run(one, "uname -n").text()).isEqualTo("first-host\n");
        assertThat(run(one, "cat /etc/hosts").text())
                .contains(machine(one).address() + " first-host\n")
                .contains("127.0.0.1 localhost\n");
        String usual = two.replace("-", "") + "Z";
        assertThat(run(two, "uname -n").text()).isEqualTo(usual + "\n");
        assertThat(run(two, "cat /etc/hosts").text())
                .contains(machine(two).address() + " " + usual)
                .doesNotContain("first-host");
    }

    @Test
    void hostsFileIsTheMachinesToChange() throws Exception {
        assertThat(run(one, "echo 127.0.0.9 database >> /etc/hosts && getent hosts database")
                        .text())
                .contains("127.0.0.9");
        assertThat(run(two, "cat /etc/hosts").text()).doesNotContain("database");
        assertThat(Files.readString(Path.of("/etc/hosts"))).doesNotContain("database");
    }

    @Test
    void temporaryFilesOfOneAreNotThereForAnotherOrTheHost() throws Exception {
        assertThat(run(one, "echo secret > /tmp/of-one && ls $TMPDIR").text()).contains("of-one");
        assertThat(run(two, "ls -a /tmp").text()).doesNotContain("of-one");
        assertThat(Path.of("/tmp/of-one")).doesNotExist();
        assertThat(machine(one).home().resolve("tmp/of-one")).hasContent("secret");
    }

    @Test
    void sharedMemoryOfOneIsNotThereForAnother() throws Exception {
        assertThat(run(one, "touch /dev/shm/of-one").status()).isZero();
        assertThat(run(two, "ls /dev/shm").text()).isEmpty();
        assertThat(Path.of("/dev/shm/of-one")).doesNotExist();
    }

    @Test
    void commandsStartInTheHomeFolderAndLeadTheirGroup() throws Exception {
        SshKit.Result result = run(one, "pwd; echo $HOME; echo $USER; cut -d' ' -f1,5,6 /proc/self/stat >f; echo $$");
        String home = machine(one).home().toRealPath().toString();
        assertThat(result.text()).startsWith(home + "\n" + home + "\nbuilder\n");
        String shell = result.text().lines().reduce("", (first, last) -> last);
        assertThat(machine(one).home().resolve("f")).content().endsWith(" " + shell + " " + shell + "\n");
    }

    @Test
    void exitCodeOutputAndErrorsArrive() throws Exception {
        SshKit.Result result = run(one, "echo out; echo err >&2; exit 7");
        assertThat(result.status()).isEqualTo(7);
        assertThat(result.text()).isEqualTo("out\n");
        assertThat(result.err()).isEqualTo("err\n");
    }

    @Test
    void endBySignalIsSeen() throws Exception {
        assertThat(run(one, "kill -KILL $$").status()).isEqualTo(137);
    }

    @Test
    void inputArrivesAndEnds() throws Exception {
        byte[] sent = new byte[1_000_000];
        new Random(1).nextBytes(sent);
        assertThat(SshKit.run(session(one), "cat", new ByteArrayInputStream(sent))
                        .out())
                .isEqualTo(sent);
    }

    @Test
    void inputThatIsNotReadDoesNotHoldUpTheEnd() throws Exception {
        byte[] sent = new byte[5_000_000];
        assertThat(SshKit.run(session(one), "exec <&-; sleep 0.2; echo done", new ByteArrayInputStream(sent))
                        .text())
                .isEqualTo("done\n");
    }

    @Test
    void signalRequestReachesTheWholeGroupAndATrap() throws Exception {
        try (var channel =
                session(one).createExecChannel("trap 'echo trapped; exit 3' TERM; sleep 600 & echo $! ; wait; wait")) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            channel.setOut(out);
            channel.open().verify(Duration.ofSeconds(30));
            await().until(() -> text(out).endsWith("\n"));
            String child = text(out).strip();
            var packet = session(one).createBuffer(SshConstants.SSH_MSG_CHANNEL_REQUEST, 64);
            packet.putUInt(channel.getRecipient());
            packet.putString("signal");
            packet.putBoolean(false);
            packet.putString("TERM");
            session(one).writePacket(packet).verify(Duration.ofSeconds(30));
            channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), Duration.ofSeconds(30));
            assertThat(text(out)).endsWith("trapped\n");
            assertThat(channel.getExitStatus()).isEqualTo(3);
            assertThat(run(one, "kill -0 " + child).status()).isNotZero();
        }
    }

    @Test
    void cutConnectionLeavesTheProcessAlive() throws Exception {
        String third = create("third");
        try (ClientSession session = ssh.connect(machine(third));
                var channel = session.createExecChannel("echo $$ > pid; exec sleep 600")) {
            channel.open().verify(Duration.ofSeconds(30));
            Path pid = machine(third).home().resolve("pid");
            await().until(() -> Files.exists(pid) && Files.readString(pid).endsWith("\n"));
            cloud.cutSsh(third);
            channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), Duration.ofSeconds(30));
            assertThat(channel.getExitStatus()).isNull();
        }
        assertThat(run(third, "kill -0 $(cat pid)").status()).isZero();
    }

    @Test
    void whatAMachineLeavesBehindIsReaped() throws Exception {
        run(one, "for i in 1 2 3; do (sleep 0.01 &); done");
        await().untilAsserted(() -> assertThat(run(one, "grep -l '^State:.Z' /proc/[0-9]*/status | wc -l")
                        .text())
                .isEqualTo("0\n"));
    }

    @Test
    void machineOutlivesACommandThatKillsAllItCan() throws Exception {
        String third = create("third");
        run(third, "echo here > /tmp/file; kill -KILL -1");
        assertThat(run(third, "cat /tmp/file; uname -n").text()).isEqualTo("here\nthird\n");
    }

    @Test
    void endOfAMachineEndsEverythingInIt() throws Exception {
        String doomed = create("doomed");
        Path home = machine(doomed).home();
        run(doomed, "setsid env -i sleep 622 </dev/null >/dev/null 2>&1 &");
        await().until(() -> hostProcesses("sleep 622") == 1);
        cloud.reclaim(doomed, Duration.ZERO);
        await().until(() -> hostProcesses("sleep 622") == 0);
        await().until(() -> Files.notExists(home));
        assertThat(hostProcesses("doomed")).isZero();
    }

    @Test
    void machinesThatRanNothingHaveNoProcesses() throws Exception {
        String idle = client.create(client.spot(ssh.userData())).get(0);
        await().until(() -> isOpen(machine(idle)));
        assertThat(hostProcesses(idle.replace("-", "") + "Z")).isZero();
    }

    private static String text(ByteArrayOutputStream out) {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String create(String hostName) throws Exception {
        RunInstancesRequest request = client.spot(ssh.userData());
        if (!hostName.isEmpty()) {
            request.setHostName(hostName);
        }
        String id = client.create(request).get(0);
        await().until(() -> isOpen(machine(id)));
        return id;
    }

    private SshKit.Result run(String machine, String command) throws IOException {
        return SshKit.run(session(machine), command);
    }

    private ClientSession session(String machine) throws IOException {
        ClientSession open = sessions.get(machine);
        if (open == null || !open.isOpen()) {
            open = ssh.connect(machine(machine));
            sessions.put(machine, open);
        }
        return open;
    }

    private SimulatedMachine machine(String id) {
        return cloud.machines().stream()
                .filter(machine -> machine.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static boolean isOpen(SimulatedMachine machine) {
        try (Socket socket = new Socket(machine.address(), machine.sshPort())) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** Counts the processes of the host whose command line holds a text. */
    private static long hostProcesses(String text) {
        return ProcessHandle.allProcesses()
                .filter(process -> commandLine(process).contains(text))
                .count();
    }

    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(
                            Path.of("/proc", Long.toString(process.pid()), "cmdline"), StandardCharsets.ISO_8859_1)
                    .replace('\0', ' ');
        } catch (IOException ended) {
            return "";
        }
    }
}
