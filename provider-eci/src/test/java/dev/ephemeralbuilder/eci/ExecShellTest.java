package dev.ephemeralbuilder.eci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.testing.simulator.ExecRig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands over real WebSockets and in real processes. */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
@Isolated("it counts the threads of this JVM")
class ExecShellTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofMillis(400);

    @TempDir
    private Path folder;

    private final List<AutoCloseable> open = new ArrayList<>();
    private final List<URI> addresses = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private <T extends AutoCloseable> T later(T part) {
        open.add(part);
        return part;
    }

    private ExecRig rig(boolean encoded, Duration idle, Set<String> lacking) throws IOException {
        return later(new ExecRig(
                folder.resolve("group"),
                ExecWrapper.FOLDER,
                Map.of(ExecWrapper.NAME, ExecWrapper.script()),
                lacking,
                encoded,
                idle));
    }

    private ExecRig rig() throws IOException {
        return rig(false, LONG, Set.of());
    }

    private ExecShell shell(ExecCalls calls, Duration ping, Duration patience) {
        ExecSockets sockets = later(new ExecSockets(ping, patience));
        ExecCalls noted = command -> {
            URI uri = calls.exec(command);
            addresses.add(uri);
            return uri;
        };
        return later(new ExecShell("eci-1", noted, noted, sockets));
    }

    private ExecShell shell(ExecRig rig) {
        return shell(rig::offer, ExecSockets.PING, ExecSockets.PATIENCE);
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private static byte[] readAll(Channel channel) throws Exception {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer part = get(channel.read());
        while (part.hasRemaining()) {
            byte[] bytes = new byte[part.remaining()];
            part.get(bytes);
            all.writeBytes(bytes);
            part = get(channel.read());
        }
        assertThat(get(channel.ended())).as("no exit code is invented").isEmpty();
        return all.toByteArray();
    }

    private static String run(ExecShell shell, String command) throws Exception {
        try (Channel channel = shell.open(command)) {
            return new String(readAll(channel), ISO_8859_1);
        }
    }

    private static String next(Channel channel) throws Exception {
        return ISO_8859_1.decode(get(channel.read())).toString();
    }

    private static CompletableFuture<Void> write(Channel channel, String text) {
        return channel.write(ByteBuffer.wrap(text.getBytes(US_ASCII)));
    }

    private ProviderException refused(ExecShell shell) {
        ProviderException e = catchThrowableOfType(ProviderException.class, () -> shell.open("true"));
        assertThat(e).isNotNull();
        StringWriter all = new StringWriter();
        e.printStackTrace(new PrintWriter(all));
        for (URI address : addresses) {
            assertThat(all.toString())
                    .doesNotContain(address.toString())
                    .doesNotContain(String.valueOf(address.getQuery()));
        }
        return e;
    }

    @Test
    void aCommandsOutputArrivesAndNoExitCode() throws Exception {
        ExecShell shell = shell(rig());
        assertThat(run(shell, "echo out; echo err >&2; exit 3")).isEqualTo("out\nerr\n");
        assertThat(run(shell, "kill -9 $$")).isEmpty();
        assertThat(run(shell, "test -w \"$HOME\" && echo \"$#\"")).isEqualTo("0\n");
        assertThat(shell.isOpen()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyByteArrivesInBothDirections(boolean encoded) throws Exception {
        ExecRig rig = rig(encoded, LONG, Set.of());
        byte[] bytes = new byte[1_500_000];
        new Random(1).nextBytes(bytes);
        for (int piece : new int[] {Integer.MAX_VALUE, 1000}) {
            rig.faults().splitOutput(piece);
            try (Channel channel = shell(rig).open("cat; echo over")) {
                CompletableFuture<Void> writing = channel.write(ByteBuffer.wrap(bytes, 0, 1))
                        .thenCompose(v -> channel.write(ByteBuffer.wrap(bytes, 1, bytes.length - 1)))
                        .thenCompose(v -> channel.closeInput());
                byte[] output = readAll(channel);
                get(writing);
                assertThat(output.length).isEqualTo(bytes.length + 5);
                assertThat(Arrays.copyOf(output, bytes.length)).isEqualTo(bytes);
            }
        }
    }

    @Test
    void messagesOfOneByteAreEnough() throws Exception {
        for (boolean encoded : new boolean[] {false, true}) {
            try (ExecRig rig = new ExecRig(
                    folder.resolve("group" + encoded),
                    ExecWrapper.FOLDER,
                    Map.of(ExecWrapper.NAME, ExecWrapper.script()),
                    Set.of(),
                    encoded,
                    LONG)) {
                rig.faults().splitOutput(1);
                assertThat(run(shell(rig), "seq 100")).hasSize(292).endsWith("99\n100\n");
            }
        }
    }

    @Test
    void aConnectionThatIsCutAnywhereGivesABeginningOfTheOutputAndNoEnd() throws Exception {
        ExecRig rig = rig();
        String command = "printf 'gr\\303\\274n\\nblau\\n'";
        byte[] expected = "gr\u00fcn\nblau\n".getBytes(UTF_8);
        int whole = 0;
        int never = 0;
        for (int at = 0; at <= 96; at += 6) {
            rig.faults().clear();
            rig.faults().cutAfterBytes(at);
            ExecShell shell = shell(rig);
            try (Channel channel = shell.open(command)) {
                byte[] some = readAll(channel);
                assertThat(Arrays.copyOf(expected, some.length)).isEqualTo(some);
                assertThat(shell.isOpen()).as("cut after %s bytes", at).isFalse();
                whole += some.length == expected.length ? 1 : 0;
            } catch (ProviderException e) {
                never++;
                assertThat(e.effect()).isEqualTo(Effect.UNKNOWN);
                assertThat(e.retryable()).isTrue();
            }
        }
        assertThat(never).as("cut before the command").isPositive();
        assertThat(whole).as("cut in the end record").isPositive();
    }

    @Test
    void whatWasSetApartOutlivesItsConnection() throws Exception {
        ExecRig rig = rig();
        ExecShell shell = shell(rig);
        Channel channel = shell.open("setsid sh -c 'echo $$ >p; mv p pid; exec sleep 600' </dev/null >/dev/null 2>&1 &"
                + " while [ ! -f pid ]; do sleep 0.05; done; echo up; exec sleep 600");
        assertThat(next(channel)).isEqualTo("up\n");
        rig.cut();
        assertThat(next(channel)).isEmpty();
        assertThat(get(channel.ended())).isEmpty();
        assertThat(shell.isOpen()).isFalse();
        assertThat(refused(shell))
                .hasMessageContaining("eci-1")
                .matches(ProviderException::retryable)
                .matches(e -> e.effect() == Effect.NONE);
        assertThat(run(shell(rig), "kill -0 $(cat pid) && echo alive")).isEqualTo("alive\n");
    }

    @Test
    void aRefusedConnectionHadNoEffect() throws Exception {
        ExecRig rig = rig();
        ExecShell shell = shell(rig);
        rig.faults().refuseUpgrade(403, 1).refuseUpgrade(500, 1);
        for (int status : new int[] {403, 500}) {
            ProviderException e = refused(shell);
            assertThat(e).hasMessageContaining("HTTP status " + status).hasNoCause();
            assertThat(e.effect()).isEqualTo(Effect.NONE);
            assertThat(e.retryable()).isTrue();
        }
        assertThat(run(shell, "echo in")).isEqualTo("in\n");
    }

    @Test
    void nobodyAtTheAddressHadNoEffect() throws Exception {
        int port;
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = server.getLocalPort();
        }
        ProviderException e = refused(shell(
                command -> URI.create("ws://127.0.0.1:" + port + "/exec/?s=secret"),
                ExecSockets.PING,
                ExecSockets.PATIENCE));
        assertThat(e.effect()).isEqualTo(Effect.NONE);
        assertThat(e.retryable()).isTrue();
    }

    @Test
    void anAddressThatIsNoneIsNotTriedAgain() {
        ProviderException e = refused(shell(
                command -> URI.create("https://127.0.0.1/exec/?s=secret"), ExecSockets.PING, ExecSockets.PATIENCE));
        assertThat(e.retryable()).isFalse();
    }

    @Test
    void aServerThatNeverAnswersIsGivenUp() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            ProviderException e = refused(shell(
                    command -> URI.create("ws://127.0.0.1:" + server.getLocalPort() + "/exec/?s=secret"),
                    ExecSockets.PING,
                    SHORT));
            assertThat(e.effect()).isEqualTo(Effect.UNKNOWN);
            assertThat(e.retryable()).isTrue();
        }
    }

    @Test
    void aCommandThatNeverBeginsIsGivenUp() throws Exception {
        ExecRig rig = rig();
        ProviderException e = refused(shell(command -> rig.offer(List.of("sleep", "600")), ExecSockets.PING, SHORT));
        assertThat(e.effect()).isEqualTo(Effect.UNKNOWN);
        assertThat(e.retryable()).isTrue();
        await().until(() -> rig.connections() == 0);
    }

    @Test
    void anotherCommandsWordsAreNoHandshake() throws Exception {
        ExecRig rig = rig();
        ProviderException e = refused(
                shell(command -> rig.offer(List.of("echo", "@0 ready")), ExecSockets.PING, ExecSockets.PATIENCE));
        assertThat(e.effect()).isEqualTo(Effect.UNKNOWN);
        assertThat(e).hasMessageContaining("POSIX sh");
    }

    @Test
    void anImageWithoutAShellIsNamedForGood() throws Exception {
        ExecRig rig = rig(false, LONG, Set.of("sh"));
        ProviderException e = refused(shell(rig));
        assertThat(e).hasMessageContaining("eci-1 has no sh");
        assertThat(e.effect()).isEqualTo(Effect.NONE);
        assertThat(e.retryable()).isFalse();
    }

    @Test
    void aContainerWithoutTheScriptIsNamedForGood() throws Exception {
        ExecRig rig = later(new ExecRig(folder.resolve("group"), ExecWrapper.FOLDER, Map.of(), Set.of(), false, LONG));
        ProviderException e = refused(shell(rig));
        assertThat(e).hasMessageContaining("exec.sh");
        assertThat(e.effect()).isEqualTo(Effect.NONE);
        assertThat(e.retryable()).isFalse();
    }

    @Test
    void anInterruptEndsTheWaitAndTheConnection() throws Exception {
        ExecRig rig = rig();
        ExecShell shell = shell(command -> rig.offer(List.of("sleep", "600")), ExecSockets.PING, ExecSockets.PATIENCE);
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Thread opener = new Thread(() -> {
            try {
                shell.open("true").close();
                thrown.complete(new AssertionError("opened"));
            } catch (InterruptedException | RuntimeException e) {
                thrown.complete(e);
            }
        });
        opener.start();
        await().until(() -> rig.connections() == 1);
        opener.interrupt();
        assertThat(get(thrown)).isInstanceOf(InterruptedException.class);
        await().until(() -> rig.connections() == 0);
    }

    @Test
    void pingsKeepASilentCommandsConnection() throws Exception {
        ExecRig rig = rig(false, SHORT, Set.of());
        ExecShell shell = shell(rig::offer, SHORT.dividedBy(8), ExecSockets.PATIENCE);
        assertThat(run(shell, "sleep 1.5; echo still")).isEqualTo("still\n");
    }

    @Test
    void aSilentConnectionThatIsCutIsLost() throws Exception {
        ExecRig rig = rig(false, SHORT, Set.of());
        ExecShell shell = shell(rig);
        assertThat(run(shell, "sleep 600")).isEmpty();
        assertThat(shell.isOpen()).isFalse();
    }

    @Test
    void outputWaitsOnTheMachineForASlowReader() throws Exception {
        ExecRig rig = rig();
        ExecShell shell = shell(rig);
        try (Channel slow = shell.open("seq 100000; head -c 30000000 /dev/zero; touch done")) {
            assertThat(run(shell, "sleep 1; test -f done && echo done")).isEmpty();
            assertThat(next(slow)).startsWith("1\n2\n3\n");
            assertThat(readAll(slow).length).isGreaterThan(30_000_000);
        }
    }

    @Test
    void theEndOfTheCommandFailsWrites() throws Exception {
        ExecShell shell = shell(rig());
        try (Channel channel = shell.open("head -c 4")) {
            get(write(channel, "one\n"));
            assertThat(next(channel)).isEqualTo("one\n");
            assertThat(next(channel)).isEmpty();
            assertThatThrownBy(() -> get(write(channel, "two\n")))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(ProviderException.class);
            get(channel.closeInput());
        }
    }

    @Test
    void oneWriteAtATime() throws Exception {
        CompletableFuture<Void> first;
        try (Channel channel = shell(rig()).open("sleep 600")) {
            first = channel.write(ByteBuffer.allocate(20_000_000));
            assertThatThrownBy(() -> get(write(channel, "x"))).hasCauseInstanceOf(IllegalStateException.class);
        }
        assertThatThrownBy(() -> get(first)).hasCauseInstanceOf(ProviderException.class);
    }

    @Test
    void closingAChannelEndsItsFutures() throws Exception {
        ExecRig rig = rig();
        ExecShell shell = shell(rig);
        Channel channel = shell.open("sleep 600");
        CompletableFuture<ByteBuffer> read = channel.read();
        channel.close();
        assertThat(get(read).hasRemaining()).isFalse();
        assertThat(get(channel.ended())).isEmpty();
        assertThatThrownBy(() -> get(write(channel, "x"))).hasCauseInstanceOf(ProviderException.class);
        await().until(() -> rig.connections() == 0);
        assertThat(shell.isOpen()).as("nothing was lost").isTrue();
    }

    @Test
    void closingTheShellEndsItsChannels() throws Exception {
        ExecRig rig = rig();
        ExecShell shell = shell(rig);
        Channel channel = shell.open("echo up; sleep 600");
        assertThat(next(channel)).isEqualTo("up\n");
        shell.close();
        assertThat(shell.isOpen()).isFalse();
        assertThat(next(channel)).isEmpty();
        assertThat(get(channel.ended())).isEmpty();
        assertThat(refused(shell).effect()).isEqualTo(Effect.NONE);
        await().until(() -> rig.connections() == 0);
    }

    @Test
    void closingTheProvidersPartEndsEverything() throws Exception {
        ExecRig rig = rig();
        ExecSockets sockets = new ExecSockets();
        ExecShell shell = new ExecShell("eci-1", rig::offer, rig::offer, sockets);
        Channel channel = shell.open("sleep 600");
        assertThat(threads()).isNotEmpty();
        sockets.close();
        assertThat(next(channel)).isEmpty();
        assertThat(get(channel.ended())).isEmpty();
        await().until(() -> rig.connections() == 0 && threads().isEmpty());
        assertThat(refused(shell)).hasMessageContaining("the provider is closed");
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("ephemeral-exec-"))
                .toList();
    }

    @Test
    void manyChannelsNeedFewThreads() throws Exception {
        ExecRig rig = rig();
        ExecShell shell = shell(rig);
        List<Channel> channels = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            channels.add(shell.open("echo " + i + "; cat"));
        }
        for (int i = 0; i < 30; i++) {
            assertThat(next(channels.get(i))).isEqualTo(i + "\n");
        }
        assertThat(threads().size()).isLessThanOrEqualTo(4);
        for (Channel channel : channels) {
            get(channel.closeInput());
            assertThat(readAll(channel)).isEmpty();
        }
    }

    @Test
    void onlyAsciiCommandsOfTheRightLengthAreAsked() {
        ExecShell shell = shell(
                command -> {
                    throw new AssertionError("asked");
                },
                ExecSockets.PING,
                ExecSockets.PATIENCE);
        for (String command : List.of("", "é", "x".repeat(1001))) {
            assertThatThrownBy(() -> shell.open(command)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(ExecWrapper.items("n", "x".repeat(1000)))
                .hasSize(7)
                .allMatch(item -> item.length() <= ExecWrapper.MAX_ITEM);
    }
}
