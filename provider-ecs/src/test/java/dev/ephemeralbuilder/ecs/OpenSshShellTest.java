package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.InvalidKeyException;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.sshd.common.SyspropsMapWrapper;
import org.apache.sshd.core.CoreModuleProperties;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Our SSH side against a real OpenSSH server, for each kind of login that this host can offer. */
@ParameterizedClass
@MethodSource("logins")
@Timeout(60)
@Tag("once")
class OpenSshShellTest {
    /** Short, so that a test need not wait for a silent machine. */
    private static final Duration HEARTBEAT = Duration.ofMillis(200);

    private static final int SOME_MEGABYTES = 5 << 20;

    private final OpenSshServer server;
    private final SshConnector connector;

    /** To SSH, busybox is one more shell; what its tools do is seen where scripts run. */
    static List<OpenSshLogin> logins() {
        return OpenSshLogin.available().stream()
                .filter(login -> login != OpenSshLogin.BUSYBOX)
                .toList();
    }

    OpenSshShellTest(OpenSshLogin login) {
        OpenSshLogin.assumeServer();
        server = new OpenSshServer(login, Fixtures.HOST, Fixtures.CLIENT.getPublic());
        connector = new SshConnector(server.user());
    }

    @AfterEach
    void stop() {
        connector.close();
        server.close();
    }

    private Shell connect(SshConnector by, KeyPair client, KeyPair host)
            throws InterruptedException, InvalidKeyException {
        ShellKeys keys = new ShellKeys(client, OpenSshKeys.fingerprint(host.getPublic()));
        return by.connect("i-1", server.address(), keys);
    }

    private Shell connect() throws InterruptedException, InvalidKeyException {
        return connect(connector, Fixtures.CLIENT, Fixtures.HOST);
    }

    private OptionalInt exit(String command) throws Exception {
        try (Shell shell = connect();
                Channel channel = shell.open(command)) {
            var unused = Channels.text(channel);
            return Channels.await(channel.ended());
        }
    }

    private static byte[] everyByte() {
        byte[] bytes = new byte[SOME_MEGABYTES];
        new Random(1).nextBytes(bytes);
        for (int i = 0; i < 256; i++) {
            bytes[i] = (byte) i;
        }
        return bytes;
    }

    @Test
    void theKnownHostKeyIsFoundBesideAnother() throws Exception {
        try (Shell shell = connect()) {
            assertThat(shell.isOpen()).isTrue();
        }
    }

    @Test
    void anotherHostKeyIsRefusedForGoodBeforeAnyLogin() {
        assertThatThrownBy(() -> connect(connector, Fixtures.CLIENT, Fixtures.keys()))
                .satisfies(is(e -> {
                    assertThat(e.retryable()).isFalse();
                    assertThat(e.code()).contains("HostKeyMismatch");
                }));
        Awaitility.await().until(() -> server.connections().isEmpty());
        assertThat(server.log()).contains("Connection from").doesNotContain("userauth-request for user");
    }

    @Test
    void anotherClientKeyIsRefusedAndNothingElseIsTried() {
        assertThatThrownBy(() -> connect(connector, Fixtures.keys(), Fixtures.HOST))
                .satisfies(is(e -> {
                    assertThat(e.retryable()).isTrue();
                    assertThat(e.effect()).isEqualTo(Effect.NONE);
                    assertThat(e.code()).contains("LoginRefused");
                }));
        Awaitility.await().until(() -> server.connections().isEmpty());
        assertThat(server.log().lines().filter(line -> line.contains("userauth-request for user")))
                .isNotEmpty()
                .allMatch(line -> line.contains("method publickey") || line.contains("method none"));
    }

    @Test
    void exitCodesAreTheCommandsOwn() throws Exception {
        assertThat(exit("true")).hasValue(0);
        assertThat(exit("exit 1")).hasValue(1);
        assertThat(exit("sh -c 'exit 7'")).hasValue(7);
        assertThat(exit("exit 255")).hasValue(255);
        assertThat(exit("there-is-no-such-program")).hasValue(127);
    }

    @Test
    void aCommandThatASignalEndedHasNoExitCode() throws Exception {
        try (Shell shell = connect();
                Channel channel = shell.open("kill -KILL $$")) {
            assertThat(Channels.await(channel.ended())).isEmpty();
            assertThat(shell.isOpen()).isTrue();
        }
    }

    @Test
    void bytesComeThroughInBothDirectionsUnchanged() throws Exception {
        byte[] sent = everyByte();
        try (Shell shell = connect();
                Channel channel = shell.open("cat")) {
            CompletableFuture<Void> written = Channels.send(channel, sent);
            byte[] received = Channels.readAll(channel);
            assertThat(Arrays.mismatch(received, sent))
                    .as("where the %s bytes received differ from the %s sent", received.length, sent.length)
                    .isEqualTo(-1);
            Channels.await(written);
            assertThat(Channels.await(channel.ended())).hasValue(0);
        }
    }

    @Test
    void bytesReachAFileUnchanged() throws Exception {
        byte[] sent = everyByte();
        try (Shell shell = connect();
                Channel channel = shell.open("head -c " + sent.length + " >\"$HOME/file\"; echo done")) {
            CompletableFuture<Void> unused = Channels.send(channel, sent);
            assertThat(Channels.text(channel)).endsWith("done\n");
            assertThat(Channels.await(channel.ended())).hasValue(0);
            assertThat(server.home().resolve("file")).hasBinaryContent(sent);
        }
    }

    @Test
    void errorsAreInTheOutputWhereTheyWereWritten() throws Exception {
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 300; i++) {
            expected.append("out ").append(i).append("\nerr ").append(i).append('\n');
        }
        try (Shell shell = connect();
                Channel channel = shell.open(
                        "i=0; while [ $i -lt 300 ]; do echo out $i; echo err $i >&2; i=$((i + 1)); done; exit 3")) {
            assertThat(Channels.text(channel)).isEqualTo(expected.toString());
            assertThat(Channels.await(channel.ended())).hasValue(3);
        }
    }

    @Test
    void whatTheLoginSaysToItsErrorsIsNotInTheOutput() throws Exception {
        // Bash reads it when a command comes by SSH. More than a window, so that it must be taken away.
        Files.writeString(server.home().resolve(".bashrc"), "head -c 9000000 /dev/zero >&2\n");
        try (Shell shell = connect();
                Channel channel = shell.open("echo mine")) {
            assertThat(Channels.text(channel)).isEqualTo("mine\n");
            assertThat(Channels.await(channel.ended())).hasValue(0);
        }
    }

    @Test
    void outputThatNobodyReadsWaitsOnTheMachine() throws Exception {
        Path mark = server.home().resolve("mark");
        try (Shell shell = connect();
                Channel channel = shell.open("head -c 16777216 /dev/zero; touch \"$HOME/mark\"")) {
            try (Channel other = shell.open("true")) {
                assertThat(Channels.await(other.ended())).hasValue(0);
            }
            assertThat(mark).doesNotExist();
            assertThat(Channels.readAll(channel)).hasSize(16_777_216);
            assertThat(Channels.await(channel.ended())).hasValue(0);
            assertThat(mark).exists();
        }
    }

    @Test
    void aConnectionCarriesAsManyChannelsAsTheServerAllowsAndRefusesOneMore() throws Exception {
        try (Shell shell = connect()) {
            List<Channel> channels = new ArrayList<>();
            for (int i = 0; i < OpenSshServer.MAX_SESSIONS; i++) {
                channels.add(shell.open("read line; echo " + i + " got $line"));
            }
            assertThatThrownBy(() -> shell.open("true")).satisfies(is(e -> {
                assertThat(e.retryable()).isTrue();
                assertThat(e.effect()).isEqualTo(Effect.NONE);
                assertThat(e.code()).contains("ChannelRefused");
            }));
            assertThat(shell.isOpen()).isTrue();
            for (int i = 0; i < channels.size(); i++) {
                CompletableFuture<Void> unused = channels.get(i)
                        .write(ByteBuffer.wrap("it\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
                assertThat(Channels.text(channels.get(i))).isEqualTo(i + " got it\n");
                assertThat(Channels.await(channels.get(i).ended())).hasValue(0);
            }
            try (Channel again = shell.open("echo again")) {
                assertThat(Channels.text(again)).isEqualTo("again\n");
            }
        }
    }

    @Test
    void aKilledConnectionIsNeitherSuccessNorFailureAndLeavesTheCommandAlone() throws Exception {
        try (Shell shell = connect();
                Channel channel = shell.open("echo $$; exec sleep 600")) {
            ProcessHandle command = process(Channels.line(channel));
            CompletableFuture<ByteBuffer> waiting = channel.read();
            server.cutAll();
            assertThat(Channels.await(waiting).hasRemaining()).isFalse();
            assertThat(Channels.await(channel.ended())).isEmpty();
            Awaitility.await().until(() -> !shell.isOpen());
            assertThatThrownBy(() -> shell.open("true")).satisfies(is(e -> {
                assertThat(e.retryable()).isTrue();
                assertThat(e.effect()).isEqualTo(Effect.NONE);
            }));
            assertThat(command.isAlive()).isTrue();
        }
    }

    @Test
    void aFrozenMachineIsNoticedByItsSilence() throws Exception {
        try (SshConnector hasty = new SshConnector(server.user(), HEARTBEAT);
                Shell shell = connect(hasty, Fixtures.CLIENT, Fixtures.HOST);
                Channel channel = shell.open("echo $$; exec sleep 600")) {
            ProcessHandle command = process(Channels.line(channel));
            CompletableFuture<ByteBuffer> waiting = channel.read();
            CompletableFuture<Void> unwritten = channel.write(ByteBuffer.allocate(32 << 20));
            server.freezeAll();
            assertThat(Channels.await(waiting).hasRemaining()).isFalse();
            assertThat(Channels.await(channel.ended())).isEmpty();
            assertThatThrownBy(() -> Channels.await(unwritten)).hasCauseInstanceOf(ProviderException.class);
            Awaitility.await().until(() -> !shell.isOpen());
            assertThat(command.isAlive()).isTrue();
        }
    }

    @Test
    void aMachineThatFreezesWhileKeysAreRenewedIsNoticedToo() throws Exception {
        try (SshConnector hasty = new SshConnector(server.user(), HEARTBEAT);
                Shell shell = connectRenewingKeys(hasty);
                Channel channel = shell.open("echo begun; exec sleep 600")) {
            assertThat(Channels.line(channel)).isEqualTo("begun\n");
            CompletableFuture<ByteBuffer> waiting = channel.read();
            // The next heartbeat asks for new keys, before so many are missed that they would be noticed.
            server.freezeAll();
            assertThat(Channels.await(waiting).hasRemaining()).isFalse();
            assertThat(Channels.await(channel.ended())).isEmpty();
            Awaitility.await().until(() -> !shell.isOpen());
        }
    }

    @Test
    void aWriteDoesNotBlockWhileKeysAreRenewed() throws Exception {
        try (Shell shell = connectRenewingKeys(connector);
                Channel channel = shell.open("echo begun; exec sleep 600")) {
            assertThat(Channels.line(channel)).isEqualTo("begun\n");
            server.freezeAll();
            CompletableFuture<Void> pending = CompletableFuture.runAsync(() -> writeUntilItMustWait(channel));
            Channels.await(pending);
            assertThat(shell.isOpen()).isTrue();
        }
    }

    private static void writeUntilItMustWait(Channel channel) {
        while (true) {
            try {
                channel.write(ByteBuffer.wrap(new byte[1])).get(1, TimeUnit.SECONDS);
            } catch (TimeoutException waits) {
                return;
            } catch (InterruptedException | ExecutionException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** Connects with new keys whenever something is sent after three tenths of a second, not only after an hour. */
    private Shell connectRenewingKeys(SshConnector by) throws InterruptedException, InvalidKeyException {
        String setting = SyspropsMapWrapper.getMappedSyspropKey(CoreModuleProperties.REKEY_TIME_LIMIT.getName());
        System.setProperty(setting, "300");
        try {
            return connect(by, Fixtures.CLIENT, Fixtures.HOST);
        } finally {
            System.clearProperty(setting);
        }
    }

    @Test
    void closingAShellLeavesItsCommandsAlone() throws Exception {
        ProcessHandle command;
        try (Shell shell = connect();
                Channel channel = shell.open("echo $$; exec sleep 600")) {
            command = process(Channels.line(channel));
        }
        Awaitility.await().until(() -> server.connections().isEmpty());
        assertThat(command.isAlive()).isTrue();
    }

    @Test
    void closingAChannelEndsTheCommandsInputAndSparesTheOthers() throws Exception {
        try (Shell shell = connect();
                Channel other = shell.open("read line; echo still here")) {
            Channel channel = shell.open("echo begun; cat; echo >\"$HOME/mark\"");
            assertThat(Channels.line(channel)).isEqualTo("begun\n");
            channel.close();
            assertThat(Channels.await(channel.ended())).isEmpty();
            Awaitility.await().until(() -> Files.exists(server.home().resolve("mark")));
            Channels.await(other.closeInput());
            assertThat(Channels.text(other)).isEqualTo("still here\n");
        }
    }

    private static ProcessHandle process(String pid) {
        return ProcessHandle.of(Long.parseLong(pid.strip())).orElseThrow();
    }

    private static Consumer<Throwable> is(Consumer<ProviderException> that) {
        return e -> assertThat(e).isInstanceOfSatisfying(ProviderException.class, that);
    }
}
