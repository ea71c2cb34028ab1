package dev.ephemeralbuilder.testing.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** When a connection counts as idle, with looks at it that the test orders. */
@Timeout(60)
class ExecIdleTest {
    @TempDir
    Path folder;

    private final LooksByHand timer = new LooksByHand();
    private final ExecutorService threads = Executors.newCachedThreadPool(Threads.numbered("ephemeral-test-exec"));
    private @Nullable Runnable look;
    private GroupKit kit;
    private ServerSocket server;

    @BeforeEach
    void open() throws Exception {
        kit = new GroupKit(folder);
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws Exception {
        server.close();
        kit.close();
        timer.shutdownNow();
        threads.shutdownNow();
    }

    /** Keeps what is to be done at intervals for the test. */
    private static final class LooksByHand extends ScheduledThreadPoolExecutor {
        private final BlockingQueue<Runnable> looks = new LinkedBlockingQueue<>();

        LooksByHand() {
            super(1);
        }

        @Override
        public ScheduledFuture<?> scheduleAtFixedRate(Runnable look, long first, long pause, TimeUnit unit) {
            assertThat(unit.toMillis(pause)).isEqualTo(15_000);
            looks.add(look);
            return schedule(() -> {}, 1, TimeUnit.DAYS);
        }
    }

    private RawWebSocket connect(String command) throws Exception {
        GroupRuntime group = kit.running("exec sleep 600");
        RawWebSocket client = new RawWebSocket(URI.create("ws://127.0.0.1:" + server.getLocalPort() + "/"));
        Socket accepted = server.accept();
        ExecOffer offer = new ExecOffer(group, "build", List.of("sh", "-c", command), true, false, GroupKit.NOW);
        ExecSession session = new ExecSession(offer, accepted, ExecEncoding.RAW, new ExecFaults(), timer);
        threads.execute(() -> session.run(threads, Duration.ofSeconds(60)));
        return client;
    }

    private static void ping(RawWebSocket client) throws IOException {
        client.send(RawWebSocket.FIN | RawWebSocket.PING, new byte[0]);
        assertThat(client.read().opcode()).isEqualTo(RawWebSocket.PONG);
    }

    private void look(int times) {
        for (int i = 0; i < times; i++) {
            requireNonNull(look, "nobody looks").run();
        }
    }

    @Test
    void pingOfTheClientKeepsAConnection() throws Exception {
        try (RawWebSocket client = connect("exec cat")) {
            look = timer.looks.poll(20, TimeUnit.SECONDS);
            for (int i = 0; i < 3; i++) {
                ping(client);
                look(4);
            }
            look(1);
            assertThat(client.rest()).isEmpty();
        }
    }

    @Test
    void outputKeepsAConnection() throws Exception {
        try (RawWebSocket client = connect("echo up; read -r go; echo again; exec sleep 600")) {
            look = timer.looks.poll(20, TimeUnit.SECONDS);
            assertThat(client.read().payload()).asString(UTF_8).isEqualTo("up\n");
            client.send(RawWebSocket.FIN | RawWebSocket.TEXT, "go\n".getBytes(UTF_8));
            assertThat(client.read().payload()).asString(UTF_8).isEqualTo("again\n");
            // The last frame was read before this side knows that it was sent.
            ping(client);
            look(4);
            ping(client);
            look(5);
            assertThat(client.rest()).isEmpty();
        }
    }
}
