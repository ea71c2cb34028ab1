package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.simulator.SimulatedMachine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.auth.pubkey.AcceptAllPublickeyAuthenticator;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Our SSH side against a machine of the simulator, and against servers that do not behave. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class SshShellTest {
    private final SimulatedCloud cloud = new SimulatedCloud();
    private Machine machine;
    private EcsProvider provider;

    @BeforeAll
    void launch() throws Exception {
        try (EcsProvider launcher = cloud.provider().build()) {
            SimulatedLaunches launches = new SimulatedLaunches(cloud, launcher);
            machine = launches.running(
                    launcher.launch(launches.launch("shell").build()).ids().get(0));
            launches.open(machine).close();
        }
    }

    @AfterAll
    void closeCloud() {
        cloud.close();
    }

    @BeforeEach
    void newProvider() {
        provider = cloud.provider().build();
    }

    @AfterEach
    void close() {
        provider.close();
        cloud.refuse(machine, false);
    }

    private static EcsProvider provider(InetSocketAddress address) {
        return Fixtures.provider(URI.create("http://127.0.0.1:1"))
                .addressResolver(machine -> address)
                .build();
    }

    private static ShellKeys keys(KeyPair client, KeyPair host) {
        try {
            return new ShellKeys(client, OpenSshKeys.fingerprint(host.getPublic()));
        } catch (InvalidKeyException e) {
            throw new AssertionError(e);
        }
    }

    private Shell open() throws InterruptedException {
        return provider.open(machine, keys(Fixtures.CLIENT, Fixtures.HOST));
    }

    private void cutAll() {
        cloud.simulator().cutSsh(machine.id());
    }

    @Test
    void aCommandWithoutOutputEndsWithoutBeingRead() throws Exception {
        try (Shell shell = open();
                Channel channel = shell.open("exit 3")) {
            assertThat(Channels.await(channel.ended())).isEqualTo(OptionalInt.of(3));
        }
    }

    @Test
    void outputThatWaitsIsStillThereAfterTheEnd() throws Exception {
        try (Shell shell = open();
                Channel channel = shell.open("head -c 1000000 /dev/zero")) {
            // The next command's answer shows that the first one's output was received.
            try (Channel other = shell.open("true")) {
                assertThat(Channels.await(other.ended())).isEqualTo(OptionalInt.of(0));
            }
            assertThat(Channels.readAll(channel)).hasSize(1_000_000);
            assertThat(Channels.await(channel.ended())).isEqualTo(OptionalInt.of(0));
            assertThat(Channels.await(channel.read()).hasRemaining()).isFalse();
        }
    }

    @Test
    void bytesComeThroughInBothDirectionsUnchanged() throws Exception {
        byte[] sent = new byte[12 << 20];
        new Random(1).nextBytes(sent);
        try (Shell shell = open();
                Channel channel = shell.open("cat")) {
            CompletableFuture<Void> written = Channels.send(channel, sent);
            assertThat(Channels.readAll(channel)).isEqualTo(sent);
            Channels.await(written);
            assertThat(Channels.await(channel.ended())).isEqualTo(OptionalInt.of(0));
        }
    }

    @Test
    void aWriteWaitsWhileTheMachineDoesNotTakeIt() throws Exception {
        try (Shell shell = open();
                Channel channel = shell.open("read line; cat >/dev/null")) {
            CompletableFuture<Void> all = channel.write(ByteBuffer.allocate(32 << 20));
            assertThatThrownBy(() -> Channels.await(channel.write(ByteBuffer.wrap(new byte[1]))))
                    .hasCauseInstanceOf(IllegalStateException.class);
            assertThat(all).isNotDone();
        }
    }

    @Test
    void closingAChannelFailsTheWriteThatWaits() throws Exception {
        try (Shell shell = open()) {
            Channel channel = shell.open("sleep 100");
            CompletableFuture<Void> waiting = channel.write(ByteBuffer.allocate(32 << 20));
            channel.close();
            assertThat(waiting).isCompletedExceptionally();
            assertThatThrownBy(() -> Channels.await(waiting)).hasCauseInstanceOf(ProviderException.class);
            assertThatThrownBy(() -> Channels.await(channel.write(ByteBuffer.wrap(new byte[1]))))
                    .hasCauseInstanceOf(ProviderException.class);
            assertThat(Channels.await(channel.ended())).isEmpty();
        }
    }

    @Test
    void aLostConnectionFailsTheWriteThatWaits() throws Exception {
        try (Shell shell = open();
                Channel channel = shell.open("sleep 100")) {
            CompletableFuture<Void> waiting = channel.write(ByteBuffer.allocate(32 << 20));
            cutAll();
            assertThatThrownBy(() -> Channels.await(waiting)).hasCauseInstanceOf(ProviderException.class);
        }
    }

    @Test
    void closingAChannelEndsTheReadThatWaitsAndTheChannel() throws Exception {
        try (Shell shell = open()) {
            Channel channel = shell.open("sleep 100");
            CompletableFuture<ByteBuffer> waiting = channel.read();
            channel.close();
            assertThat(Channels.await(waiting).hasRemaining()).isFalse();
            assertThat(Channels.await(channel.read()).hasRemaining()).isFalse();
            assertThat(Channels.await(channel.ended())).isEmpty();
            assertThat(shell.isOpen()).isTrue();
        }
    }

    @Test
    void aLostConnectionIsNeitherSuccessNorFailure() throws Exception {
        try (Shell shell = open()) {
            Channel channel = shell.open("echo begun; sleep 30");
            assertThat(StandardCharsets.UTF_8
                            .decode(Channels.await(channel.read()))
                            .toString())
                    .isEqualTo("begun\n");
            CompletableFuture<ByteBuffer> waiting = channel.read();
            cutAll();
            assertThat(Channels.await(waiting).hasRemaining()).isFalse();
            assertThat(Channels.await(channel.ended())).isEmpty();
            Awaitility.await().until(() -> !shell.isOpen());
            assertThatThrownBy(() -> shell.open("true"))
                    .asInstanceOf(InstanceOfAssertFactories.type(ProviderException.class))
                    .satisfies(e -> {
                        assertThat(e.retryable()).isTrue();
                        assertThat(e.effect()).isEqualTo(Effect.NONE);
                    });
        }
    }

    @Test
    void oneReadAtATime() throws Exception {
        try (Shell shell = open();
                Channel channel = shell.open("sleep 100")) {
            CompletableFuture<ByteBuffer> waiting = channel.read();
            assertThatThrownBy(channel::read).isInstanceOf(IllegalStateException.class);
            assertThat(waiting).isNotDone();
        }
    }

    @Test
    void manyChannelsOfManyShellsNeedNoThreadsOfTheirOwn() throws Exception {
        List<Shell> shells = new ArrayList<>();
        List<Channel> channels = new ArrayList<>();
        for (int s = 0; s < 5; s++) {
            Shell shell = open();
            shells.add(shell);
            for (int c = 0; c < 4; c++) {
                // It must not end before its write is known to be done: the end would fail the write.
                channels.add(shell.open("read line; echo got $line; read end"));
            }
        }
        List<CompletableFuture<ByteBuffer>> reads =
                channels.stream().map(Channel::read).toList();
        assertThat(clientThreads()).hasSizeLessThanOrEqualTo(8);
        for (int c = 0; c < channels.size(); c++) {
            Channels.await(channels.get(c).write(StandardCharsets.UTF_8.encode(c + "\n")));
            assertThat(StandardCharsets.UTF_8
                            .decode(Channels.await(reads.get(c)))
                            .toString())
                    .isEqualTo("got " + c + "\n");
        }
        shells.forEach(Shell::close);
    }

    private static List<String> clientThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("ephemeral-ssh-") || name.contains("SshClient"))
                .toList();
    }

    @Test
    void closingTheProviderEndsItsThreadsAndShells() throws Exception {
        Shell shell = open();
        provider.close();
        assertThat(shell.isOpen()).isFalse();
        Awaitility.await().untilAsserted(() -> assertThat(clientThreads()).isEmpty());
    }

    @Test
    void anotherHostKeyIsRefusedForGood() {
        assertThatThrownBy(() -> provider.open(machine, keys(Fixtures.CLIENT, Fixtures.keys())))
                .satisfies(refused(e -> !e.retryable() && e.code().equals(java.util.Optional.of("HostKeyMismatch"))));
    }

    @Test
    void aSecondHostKeyOfTheMachineDoesNotDisturb() throws Exception {
        SshServer server = SshServer.setUpDefaultServer();
        server.setHost("127.0.0.1");
        server.setKeyPairProvider(KeyPairProvider.wrap(rsa(), Fixtures.HOST));
        server.setPublickeyAuthenticator(AcceptAllPublickeyAuthenticator.INSTANCE);
        server.start();
        try (EcsProvider other = provider(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort()));
                Shell shell = other.open(machine, keys(Fixtures.CLIENT, Fixtures.HOST))) {
            assertThat(shell.isOpen()).isTrue();
        } finally {
            server.stop(true);
        }
    }

    private static KeyPair rsa() throws java.security.NoSuchAlgorithmException {
        java.security.KeyPairGenerator generator = java.security.KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }

    @Test
    void aUserThatDoesNotExistYetIsWorthWaitingFor() {
        assertThatThrownBy(() -> provider.open(machine, keys(Fixtures.keys(), Fixtures.HOST)))
                .satisfies(refused(e -> e.retryable() && e.effect() == Effect.NONE));
    }

    @Test
    void aPortThatNobodyListensOnIsWorthWaitingFor() {
        cloud.refuse(machine, true);
        assertThatThrownBy(this::open).satisfies(refused(e -> e.retryable() && e.effect() == Effect.NONE));
    }

    @Test
    void aNameThatIsNotKnownIsWorthWaitingFor() {
        try (EcsProvider other = provider(InetSocketAddress.createUnresolved("machine.invalid", 22))) {
            assertThatThrownBy(() -> other.open(machine, keys(Fixtures.CLIENT, Fixtures.HOST)))
                    .satisfies(refused(e -> e.retryable() && e.effect() == Effect.NONE));
        }
    }

    @Test
    void aClosedProviderConnectsToNothing() {
        provider.close();
        assertThatThrownBy(this::open).satisfies(refused(e -> e.effect() == Effect.NONE));
    }

    @Test
    void aMachineWithoutAddressIsWorthWaitingFor() {
        try (EcsProvider plain =
                Fixtures.provider(URI.create("http://127.0.0.1:1")).build()) {
            assertThatThrownBy(() -> plain.open(addressed().build(), keys(Fixtures.CLIENT, Fixtures.HOST)))
                    .satisfies(refused(e -> e.retryable() && e.effect() == Effect.NONE));
        }
    }

    @Test
    void theChosenAddressAndPortAreUsed() throws Exception {
        SimulatedMachine real = cloud.simulator().machines().get(0);
        try (EcsProvider plain = Fixtures.provider(URI.create("http://127.0.0.1:1"))
                        .addressChoice(EcsProvider.AddressChoice.PUBLIC)
                        .sshPort(real.sshPort())
                        .build();
                Shell shell = plain.open(
                        addressed()
                                .privateAddress("127.9.9.9")
                                .publicAddress(real.address())
                                .build(),
                        keys(Fixtures.CLIENT, Fixtures.HOST))) {
            assertThat(shell.isOpen()).isTrue();
        }
    }

    private Machine.Builder addressed() {
        return Machine.builder()
                .id(machine.id())
                .region(machine.region())
                .zone(machine.zone())
                .type(machine.type())
                .market(machine.market())
                .state(machine.state())
                .createdAt(machine.createdAt());
    }

    @Test
    void connectingCanBeInterrupted() throws IOException, InterruptedException {
        // Accepts (the system does) and never says a word.
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                EcsProvider other =
                        provider(new InetSocketAddress(InetAddress.getLoopbackAddress(), silent.getLocalPort()))) {
            CompletableFuture<Throwable> seen = new CompletableFuture<>();
            Thread caller = new Thread(() -> {
                try {
                    other.open(machine, keys(Fixtures.CLIENT, Fixtures.HOST));
                    seen.complete(null);
                } catch (InterruptedException | RuntimeException e) {
                    seen.complete(e);
                }
            });
            caller.start();
            Awaitility.await().until(() -> caller.getState() == Thread.State.TIMED_WAITING);
            caller.interrupt();
            assertThat(seen.join()).isInstanceOf(InterruptedException.class);
            caller.join();
        }
    }

    @Test
    void aServerThatHangsUpIsWorthWaitingFor() throws Exception {
        // As sshd does with more newcomers than it cares for.
        try (ServerSocket rude = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                EcsProvider other =
                        provider(new InetSocketAddress(InetAddress.getLoopbackAddress(), rude.getLocalPort()))) {
            CompletableFuture<Void> hungUp = CompletableFuture.runAsync(() -> {
                try {
                    rude.accept().close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            assertThatThrownBy(() -> other.open(machine, keys(Fixtures.CLIENT, Fixtures.HOST)))
                    .satisfies(refused(e -> e.retryable() && e.effect() == Effect.NONE));
            Channels.await(hungUp);
        }
    }

    @Test
    void aCommandMustBeShortAndAscii() throws InterruptedException {
        try (Shell shell = open()) {
            assertThatThrownBy(() -> shell.open("x".repeat(1001))).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> shell.open("echo ü")).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static java.util.function.Consumer<Throwable> refused(Predicate<ProviderException> is) {
        return e -> assertThat(e)
                .asInstanceOf(InstanceOfAssertFactories.type(ProviderException.class))
                .matches(is);
    }
}
