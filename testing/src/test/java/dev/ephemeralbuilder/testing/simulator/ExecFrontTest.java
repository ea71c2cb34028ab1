package dev.ephemeralbuilder.testing.simulator;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands over WebSockets, with the JDK's client and with one that breaks the rules. */
@Timeout(60)
class ExecFrontTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    Path folder;

    private final SettableClock clock = new SettableClock();
    private final ExecFaults faults = new ExecFaults();
    private GroupKit kit;
    private GroupRuntime group;
    private ExecFront front;

    @BeforeEach
    void open() throws Exception {
        kit = new GroupKit(folder);
        group = kit.running("exec sleep 600");
        front = front(ExecEncoding.RAW, Duration.ofSeconds(60));
    }

    @AfterEach
    void close() {
        kit.close();
        front.close();
    }

    private ExecFront front(ExecEncoding encoding, Duration idle) throws IOException {
        return new ExecFront(0, encoding, idle, faults, clock);
    }

    private void reopen(ExecEncoding encoding, Duration idle) throws IOException {
        front.close();
        front = front(encoding, idle);
    }

    private URI offer(String command) {
        return front.offer(group, "build", List.of("sh", "-c", command), true, false);
    }

    private static final class SettableClock extends Clock {
        private volatile Instant now = GroupKit.NOW;

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    /** Collects messages and how it ended. */
    private static final class Collector implements WebSocket.Listener {
        @SuppressWarnings("JdkObsolete") // Written by the threads of the client, read by the test.
        private final StringBuffer text = new StringBuffer();

        private final CompletableFuture<Integer> closed = new CompletableFuture<>();
        private final CompletableFuture<String> ponged = new CompletableFuture<>();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            text.append(data);
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
            ponged.complete(UTF_8.decode(message).toString());
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int statusCode, String reason) {
            closed.complete(statusCode);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.completeExceptionally(error);
        }

        int awaitClose() throws Exception {
            return closed.get(20, TimeUnit.SECONDS);
        }

        /** No close frame came: the client says so itself, or has met a reset. */
        void awaitCut() throws Exception {
            assertThat(closed.exceptionally(error -> 1006).get(20, TimeUnit.SECONDS))
                    .isEqualTo(1006);
        }
    }

    private static WebSocket connect(URI uri, Collector collector) {
        return HTTP.newWebSocketBuilder()
                .buildAsync(uri, collector)
                .orTimeout(20, TimeUnit.SECONDS)
                .join();
    }

    private Collector run(String command) throws Exception {
        Collector collector = new Collector();
        connect(offer(command), collector);
        return collector;
    }

    private static int refusal(URI uri) {
        try {
            connect(uri, new Collector()).abort();
            return 0;
        } catch (CompletionException e) {
            if (e.getCause() instanceof WebSocketHandshakeException refused) {
                return refused.getResponse().statusCode();
            }
            throw e;
        }
    }

    @Test
    void bothOutputsComeAsTextAndTheEndIsACloseWith1000() throws Exception {
        Collector collector = run("echo out; echo err >&2; exit 7");
        assertThat(collector.awaitClose()).isEqualTo(1000);
        assertThat(collector.text).hasToString("out\nerr\n");
    }

    @Test
    void messagesAreTheInputOfTheCommand() throws Exception {
        Collector collector = new Collector();
        WebSocket socket = connect(offer("head -c 9"), collector);
        socket.sendText("häl", false).join();
        socket.sendText("lo\nyou", true).join();
        assertThat(collector.awaitClose()).isEqualTo(1000);
        assertThat(collector.text).hasToString("hällo\nyo");
    }

    @Test
    void commandWithoutInputReadsItsEnd() throws Exception {
        Collector collector = new Collector();
        connect(front.offer(group, "build", List.of("cat"), false, true), collector);
        assertThat(collector.awaitClose()).isEqualTo(1000);
    }

    @Test
    void pingsAreAnswered() throws Exception {
        Collector collector = new Collector();
        WebSocket socket = connect(offer("cat"), collector);
        socket.sendPing(UTF_8.encode("hello")).join();
        assertThat(collector.ponged.get(20, TimeUnit.SECONDS)).isEqualTo("hello");
        socket.abort();
    }

    @Test
    void addressIsGoodForOneConnection() throws Exception {
        URI uri = offer("true");
        assertThat(refusal(uri)).isZero();
        assertThat(refusal(uri)).isEqualTo(403);
    }

    @Test
    void addressIsGoodForThirtySeconds() {
        URI uri = offer("true");
        URI second = offer("true");
        clock.now = clock.now.plusSeconds(30);
        assertThat(refusal(uri)).isZero();
        clock.now = clock.now.plusMillis(1);
        assertThat(refusal(second)).isEqualTo(403);
    }

    @Test
    void unknownAddressIsRefused() {
        assertThat(refusal(URI.create("ws://127.0.0.1:" + front.port() + "/exec/?s=guess")))
                .isEqualTo(403);
    }

    @Test
    void anotherVersionOfWebSocketIsRefused() throws Exception {
        URI uri = offer("true");
        try (RawWebSocket client = new RawWebSocket(uri)) {
            assertThat(client.request(uri, "Sec-WebSocket-Version: 8"))
                    .startsWith("HTTP/1.1 426 ")
                    .contains("Sec-WebSocket-Version: 13");
        }
    }

    @Test
    void keyOfTheStandardGetsTheAnswerOfTheStandard() throws Exception {
        URI uri = offer("true");
        try (RawWebSocket client = new RawWebSocket(uri)) {
            assertThat(client.request(uri, "Sec-WebSocket-Version: 13"))
                    .contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        }
    }

    @Test
    void programThatIsNotThereIsSaidInText() throws Exception {
        Collector collector = new Collector();
        connect(front.offer(group, "build", List.of("no-such-program"), true, false), collector);
        assertThat(collector.awaitClose()).isEqualTo(1000);
        assertThat(collector.text).contains("exec: \"no-such-program\": executable file not found in $PATH");
    }

    @Test
    void characterThatAReadCutsArrivesWhole() throws Exception {
        faults.splitOutput(1);
        Collector collector = run("printf 'a\\303\\244\\342\\202\\254\\360\\237\\230\\200z'");
        assertThat(collector.awaitClose()).isEqualTo(1000);
        assertThat(collector.text).hasToString("aä€😀z");
    }

    @Test
    void whatIsNoTextIsReplaced() throws Exception {
        Collector collector = run("printf 'a\\377b\\303'");
        assertThat(collector.awaitClose()).isEqualTo(1000);
        assertThat(collector.text).hasToString("a\ufffdb\ufffd");
    }

    @Test
    void messagesCanBeBase64() throws Exception {
        reopen(ExecEncoding.BASE64, Duration.ofSeconds(60));
        URI uri = offer("printf 'a\\377b'; read -r go; printf 'c'");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (RawWebSocket client = RawWebSocket.open(uri)) {
            bytes.writeBytes(Base64.getDecoder().decode(client.read().payload()));
            client.send(RawWebSocket.FIN | RawWebSocket.TEXT, "go\n".getBytes(UTF_8));
            bytes.writeBytes(Base64.getDecoder().decode(client.read().payload()));
            assertThat(client.read().closeCode()).isEqualTo(1000);
        }
        assertThat(bytes.toString(ISO_8859_1)).isEqualTo("a\u00ffbc");
    }

    @Test
    void controlFramesMayStandBetweenFragments() throws Exception {
        try (RawWebSocket client = RawWebSocket.open(offer("head -c 3"))) {
            client.send(RawWebSocket.TEXT, "a".getBytes(UTF_8));
            client.send(RawWebSocket.FIN | RawWebSocket.PING, "p".getBytes(UTF_8));
            RawWebSocket.Frame pong = client.read();
            assertThat(pong.opcode()).isEqualTo(RawWebSocket.PONG);
            assertThat(pong.payload()).asString(UTF_8).isEqualTo("p");
            client.send(RawWebSocket.CONTINUATION, "b".getBytes(UTF_8));
            client.send(RawWebSocket.FIN | RawWebSocket.CONTINUATION, "c".getBytes(UTF_8));
            assertThat(client.read().payload()).asString(UTF_8).isEqualTo("abc");
            assertThat(client.read().closeCode()).isEqualTo(1000);
        }
    }

    @Test
    void frameWithoutMaskIsAProtocolError() throws Exception {
        try (RawWebSocket client = RawWebSocket.open(offer("cat"))) {
            client.write(new byte[] {(byte) 0x81, 1, 'a'});
            assertThat(client.read().closeCode()).isEqualTo(1002);
        }
    }

    @Test
    void messageOverOneMebibyteIsRefused() throws Exception {
        try (RawWebSocket client = RawWebSocket.open(offer("cat >/dev/null"))) {
            byte[] part = new byte[60_000];
            client.send(RawWebSocket.TEXT, part);
            for (int i = 1; i < 17; i++) {
                client.send(RawWebSocket.CONTINUATION, part);
            }
            client.send(RawWebSocket.CONTINUATION, part);
            assertThat(client.read().closeCode()).isEqualTo(1009);
        }
    }

    @Test
    void frameOfAHugeLengthIsRefusedBeforeItIsRead() throws Exception {
        try (RawWebSocket client = RawWebSocket.open(offer("cat"))) {
            client.write(new byte[] {(byte) 0x81, (byte) 0xff, 0, 0, 0, 1, 0, 0, 0, 0});
            assertThat(client.read().closeCode()).isEqualTo(1009);
        }
    }

    @Test
    void textThatIsNoUtf8IsRefused() throws Exception {
        try (RawWebSocket client = RawWebSocket.open(offer("cat"))) {
            client.send(RawWebSocket.FIN | RawWebSocket.TEXT, new byte[] {(byte) 0xff});
            assertThat(client.read().closeCode()).isEqualTo(1007);
        }
    }

    @Test
    void binaryMessageIsRefused() throws Exception {
        try (RawWebSocket client = RawWebSocket.open(offer("cat"))) {
            client.send(RawWebSocket.FIN | RawWebSocket.BINARY, new byte[] {1});
            assertThat(client.read().closeCode()).isEqualTo(1003);
        }
    }

    @Test
    void endOfTheConnectionEndsTheInputAndKillsNothing() throws Exception {
        Path home = folder.resolve("eci-0/containers/build");
        Collector collector = new Collector();
        WebSocket socket = connect(offer("echo up; cat; seq 1 100000; echo done > survived"), collector);
        await().until(() -> collector.text.toString().equals("up\n"));
        socket.abort();
        await().until(() -> Files.exists(home.resolve("survived"))
                && Files.readString(home.resolve("survived")).equals("done\n"));
    }

    @Test
    void longOutputArrivesWhole() throws Exception {
        Collector collector = run("seq 1 200000");
        assertThat(collector.awaitClose()).isEqualTo(1000);
        assertThat(collector.text.toString().lines().count()).isEqualTo(200_000);
        assertThat(collector.text).endsWith("\n199999\n200000\n");
    }

    @Test
    void clientThatDoesNotReadStopsTheCommand() throws Exception {
        Path progress = folder.resolve("eci-0/containers/build/progress");
        // Far more than all buffers on the way hold.
        URI uri = offer("i=0; while [ $i -lt 128 ]; do head -c 262144 /dev/zero | tr '\\0' x; i=$((i + 1));"
                + " echo $i > progress; done");
        try (RawWebSocket client = RawWebSocket.open(uri)) {
            await().until(() -> Files.exists(progress));
            AtomicReference<String> last = new AtomicReference<>("");
            await().pollInterval(Duration.ofMillis(500))
                    .until(() -> Files.readString(progress).equals(last.getAndSet(Files.readString(progress))));
            assertThat(Files.readString(progress)).isNotEqualTo("128\n");
            client.send(RawWebSocket.FIN | RawWebSocket.PING, new byte[0]);
            long bytes = 0;
            RawWebSocket.Frame frame = client.read();
            int pongs = 0;
            while (frame.opcode() != RawWebSocket.CLOSE) {
                if (frame.opcode() == RawWebSocket.PONG) {
                    pongs++;
                } else {
                    bytes += frame.payload().length;
                }
                frame = client.read();
            }
            assertThat(bytes).isEqualTo(128 * 262_144L);
            assertThat(pongs).isEqualTo(1);
        }
    }

    @Test
    void idleConnectionIsCut() throws Exception {
        reopen(ExecEncoding.RAW, Duration.ofMillis(200));
        run("exec sleep 600").awaitCut();
    }

    @Test
    void upgradeCanBeRefused() {
        faults.refuseUpgrade(500, 1).refuseUpgrade(403, 1);
        assertThat(refusal(offer("true"))).isEqualTo(500);
        assertThat(refusal(offer("true"))).isEqualTo(403);
        assertThat(refusal(offer("true"))).isZero();
    }

    @Test
    void connectionsToOneGroupCanBeRefused() throws Exception {
        GroupRuntime other = kit.running("exec sleep 600");
        faults.refuseGroup(group.id());
        assertThat(refusal(offer("true"))).isEqualTo(500);
        assertThat(refusal(offer("true"))).isEqualTo(500);
        assertThat(refusal(front.offer(other, "build", List.of("true"), true, false)))
                .isZero();
        faults.clear();
        assertThat(refusal(offer("true"))).isZero();
    }

    @Test
    void connectionCanBeCutInTheMiddleOfACharacter() throws Exception {
        faults.cutAfterBytes(3);
        try (RawWebSocket client = RawWebSocket.open(offer("printf 'ab\\342\\202\\254cd'; exec sleep 600"))) {
            assertThat(client.rest()).isEqualTo(new byte[] {(byte) 0x81, 7, 'a', 'b', (byte) 0xe2});
        }
    }

    @Test
    void nextCutIsForAnyConnection() throws Exception {
        faults.cutAfterBytes(2, 0);
        try (RawWebSocket client = RawWebSocket.open(offer("printf abcd"))) {
            assertThat(client.rest()).isEqualTo(new byte[] {(byte) 0x81, 4, 'a', 'b'});
        }
        try (RawWebSocket client = RawWebSocket.open(offer("printf abcd"))) {
            assertThat(client.rest()).isEqualTo(new byte[] {(byte) 0x81, 4});
        }
        Collector collector = run("printf abcd");
        assertThat(collector.awaitClose()).isEqualTo(1000);
    }

    @Test
    void connectionsOfOneGroupCanBeCut() throws Exception {
        GroupRuntime other = kit.running("exec sleep 600");
        Collector here = run("exec cat");
        Collector there = new Collector();
        WebSocket stays = connect(front.offer(other, "build", List.of("cat"), true, false), there);
        await().until(() -> front.connections(group.id()) == 1 && front.connections(other.id()) == 1);
        front.cut(group.id());
        here.awaitCut();
        stays.sendPing(UTF_8.encode("x")).join();
        assertThat(there.ponged.get(20, TimeUnit.SECONDS)).isEqualTo("x");
        stays.abort();
    }

    @Test
    void endOfTheGroupEndsItsConnections() throws Exception {
        Collector collector = run("exec cat");
        await().until(() -> front.connections(group.id()) == 1);
        group.end();
        assertThat(collector.awaitClose()).isEqualTo(1000);
    }

    @Test
    void closeEndsConnectionsAndThreads() throws Exception {
        front.close();
        // Its threads are in the group of whoever makes it; other tests have some of the same names.
        ThreadGroup own = new ThreadGroup("front");
        FutureTask<ExecFront> made = new FutureTask<>(() -> front(ExecEncoding.RAW, Duration.ofSeconds(60)));
        new Thread(own, made, "maker").start();
        front = made.get(20, TimeUnit.SECONDS);
        Collector collector = run("exec cat");
        await().until(() -> front.connections(group.id()) == 1);
        assertThat(own.activeCount()).isPositive();
        front.close();
        collector.awaitCut();
        kit.close();
        await().until(() -> own.activeCount() == 0);
    }
}
