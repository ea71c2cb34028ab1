package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.KeyPair;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SshShellTest {
    private final SshServerFixture server = new SshServerFixture(Fixtures.HOST, Fixtures.CLIENT.getPublic());
    private final EcsProvider provider = provider(server.address());

    private static EcsProvider provider(InetSocketAddress address) {
        return Fixtures.provider(URI.create("http://127.0.0.1:1"))
                .addressResolver(machine -> address)
                .build();
    }

    @AfterEach
    void close() {
        provider.close();
        server.close();
    }

    private static Machine.Builder machine() {
        return Machine.builder()
                .id("i-1")
                .region("cn-test")
                .zone("cn-test-a")
                .type("ecs.c7.large")
                .market(Market.SPOT)
                .state(MachineState.RUNNING)
                .createdAt(Instant.EPOCH);
    }

    private static ShellKeys keys(KeyPair client, KeyPair host) {
        try {
            return new ShellKeys(client, OpenSshKeys.fingerprint(host.getPublic()));
        } catch (InvalidKeyException e) {
            throw new AssertionError(e);
        }
    }

    private Shell open() throws InterruptedException {
        return provider.open(machine().build(), keys(Fixtures.CLIENT, Fixtures.HOST));
    }

    private static <T> T await(CompletableFuture<T> future)
            throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(30, TimeUnit.SECONDS);
    }

    private static byte[] readAll(Channel channel) throws Exception {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer part = await(channel.read());
        while (part.hasRemaining()) {
            byte[] bytes = new byte[part.remaining()];
            part.get(bytes);
            all.writeBytes(bytes);
            part = await(channel.read());
        }
        return all.toByteArray();
    }

    private static String text(Channel channel) throws Exception {
        return new String(readAll(channel), StandardCharsets.UTF_8);
    }

    @Test
    void givesOutputAndErrorsTogetherAndTheExitCode() throws Exception {
        try (Shell shell = open();
                Channel channel = shell.open("echo out; echo err >&2; exit 7")) {
            assertThat(text(channel).lines()).containsExactlyInAnyOrder("out", "err");
            assertThat(await(channel.ended())).isEqualTo(OptionalInt.of(7));
        }
    }

    @Test
    void aCommandWithoutOutputEndsWithoutBeingRead() throws Exception {
        try (Shell shell = open();
                Channel channel = shell.open("exit 3")) {
            assertThat(await(channel.ended())).isEqualTo(OptionalInt.of(3));
        }
    }

    @Test
    void outputThatWaitsIsStillThereAfterTheEnd() throws Exception {
        try (Shell shell = open();
                Channel channel = shell.open("head -c 1000000 /dev/zero")) {
            // The next command's answer shows that the first one's output was received.
            try (Channel other = shell.open("true")) {
                assertThat(await(other.ended())).isEqualTo(OptionalInt.of(0));
            }
            assertThat(readAll(channel)).hasSize(1_000_000);
            assertThat(await(channel.ended())).isEqualTo(OptionalInt.of(0));
            assertThat(await(channel.read()).hasRemaining()).isFalse();
        }
    }

    @Test
    void bytesComeThroughInBothDirectionsUnchanged() throws Exception {
        byte[] sent = new byte[12 << 20];
        new Random(1).nextBytes(sent);
        try (Shell shell = open();
                Channel channel = shell.open("cat")) {
            CompletableFuture<Void> written = CompletableFuture.runAsync(() -> {
                for (int from = 0; from < sent.length; from += 1 << 20) {
                    channel.write(ByteBuffer.wrap(sent, from, 1 << 20)).join();
                }
                channel.closeInput().join();
            });
            assertThat(readAll(channel)).isEqualTo(sent);
            await(written);
            assertThat(await(channel.ended())).isEqualTo(OptionalInt.of(0));
        }
    }

    @Test
    void aWriteWaitsWhileTheMachineDoesNotTakeIt() throws Exception {
        try (Shell shell = open();
                Channel channel = shell.open("read line; cat >/dev/null")) {
            CompletableFuture<Void> all = channel.write(ByteBuffer.allocate(32 << 20));
            assertThatThrownBy(() -> await(channel.write(ByteBuffer.wrap(new byte[1]))))
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
            assertThatThrownBy(() -> await(waiting)).hasCauseInstanceOf(ProviderException.class);
            assertThatThrownBy(() -> await(channel.write(ByteBuffer.wrap(new byte[1]))))
                    .hasCauseInstanceOf(ProviderException.class);
            assertThat(await(channel.ended())).isEmpty();
        }
    }

    @Test
    void aLostConnectionFailsTheWriteThatWaits() throws Exception {
        try (Shell shell = open();
                Channel channel = shell.open("sleep 100")) {
            CompletableFuture<Void> waiting = channel.write(ByteBuffer.allocate(32 << 20));
            server.cutAll();
            assertThatThrownBy(() -> await(waiting)).hasCauseInstanceOf(ProviderException.class);
        }
    }

    @Test
    void closingAChannelEndsTheReadThatWaitsAndTheChannel() throws Exception {
        try (Shell shell = open()) {
            Channel channel = shell.open("sleep 100");
            CompletableFuture<ByteBuffer> waiting = channel.read();
            channel.close();
            assertThat(await(waiting).hasRemaining()).isFalse();
            assertThat(await(channel.read()).hasRemaining()).isFalse();
            assertThat(await(channel.ended())).isEmpty();
            assertThat(shell.isOpen()).isTrue();
        }
    }

    @Test
    void aLostConnectionIsNeitherSuccessNorFailure() throws Exception {
        try (Shell shell = open()) {
            Channel channel = shell.open("echo begun; sleep 30");
            assertThat(StandardCharsets.UTF_8.decode(await(channel.read())).toString())
                    .isEqualTo("begun\n");
            CompletableFuture<ByteBuffer> waiting = channel.read();
            server.cutAll();
            assertThat(await(waiting).hasRemaining()).isFalse();
            assertThat(await(channel.ended())).isEmpty();
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
            await(channels.get(c).write(StandardCharsets.UTF_8.encode(c + "\n")));
            assertThat(StandardCharsets.UTF_8.decode(await(reads.get(c))).toString())
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
        assertThatThrownBy(() -> provider.open(machine().build(), keys(Fixtures.CLIENT, Fixtures.keys())))
                .satisfies(refused(e -> !e.retryable() && e.code().equals(java.util.Optional.of("HostKeyMismatch"))));
    }

    @Test
    void aSecondHostKeyOfTheMachineDoesNotDisturb() throws Exception {
        server.server()
                .setKeyPairProvider(org.apache.sshd.common.keyprovider.KeyPairProvider.wrap(rsa(), Fixtures.HOST));
        try (Shell shell = open()) {
            assertThat(shell.isOpen()).isTrue();
        }
    }

    private static KeyPair rsa() throws java.security.NoSuchAlgorithmException {
        java.security.KeyPairGenerator generator = java.security.KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }

    @Test
    void aUserThatDoesNotExistYetIsWorthWaitingFor() {
        assertThatThrownBy(() -> provider.open(machine().build(), keys(Fixtures.keys(), Fixtures.HOST)))
                .satisfies(refused(e -> e.retryable() && e.effect() == Effect.NONE));
    }

    @Test
    void aPortThatNobodyListensOnIsWorthWaitingFor() {
        server.close();
        assertThatThrownBy(this::open).satisfies(refused(e -> e.retryable() && e.effect() == Effect.NONE));
    }

    @Test
    void aNameThatIsNotKnownIsWorthWaitingFor() {
        try (EcsProvider other = provider(InetSocketAddress.createUnresolved("machine.invalid", 22))) {
            assertThatThrownBy(() -> other.open(machine().build(), keys(Fixtures.CLIENT, Fixtures.HOST)))
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
            assertThatThrownBy(() -> plain.open(machine().build(), keys(Fixtures.CLIENT, Fixtures.HOST)))
                    .satisfies(refused(e -> e.retryable() && e.effect() == Effect.NONE));
        }
    }

    @Test
    void theChosenAddressAndPortAreUsed() throws Exception {
        try (EcsProvider plain = Fixtures.provider(URI.create("http://127.0.0.1:1"))
                        .addressChoice(EcsProvider.AddressChoice.PUBLIC)
                        .sshPort(server.address().getPort())
                        .build();
                Shell shell = plain.open(
                        machine()
                                .privateAddress("127.9.9.9")
                                .publicAddress("127.0.0.1")
                                .build(),
                        keys(Fixtures.CLIENT, Fixtures.HOST))) {
            assertThat(shell.isOpen()).isTrue();
        }
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
                    other.open(machine().build(), keys(Fixtures.CLIENT, Fixtures.HOST));
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
