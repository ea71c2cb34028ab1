package dev.ephemeralbuilder.testing.simulator;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One command over one WebSocket connection that is open. The command outlives the connection: its input ends then, and
 * what it still writes is read and dropped, as by a container runtime that nobody is attached to [unconfirmed].
 *
 * <p>Two threads: one reads the connection, the other the command's output. Neither reads on before what it has read is
 * written, so that a slow reader holds up the writer and nothing piles up.
 */
final class ExecSession {
    private static final Logger log = LoggerFactory.getLogger(ExecSession.class);

    private static final int BUFFER = 16 * 1024;
    private static final int MAX_MESSAGE = 1024 * 1024;
    // So often is looked whether a connection is idle, within the time after which it is.
    private static final int LOOKS = 4;
    private static final long CLOSE_SECONDS = 5;

    private final ExecOffer offer;
    private final Socket socket;
    private final ExecEncoding.Encoder encoder;
    private final ExecFaults faults;
    private final ScheduledExecutorService timer;
    private final WebSocketReader reader;
    private final WebSocketWriter writer;
    private final AtomicInteger quietLooks = new AtomicInteger();
    private final int messageBytes;
    private volatile boolean lost;
    private long sent;

    /** @param socket a connection that has just been upgraded */
    ExecSession(
            ExecOffer offer, Socket socket, ExecEncoding encoding, ExecFaults faults, ScheduledExecutorService timer)
            throws IOException {
        this.offer = offer;
        this.socket = socket;
        this.encoder = encoding.encoder();
        this.faults = faults;
        this.timer = timer;
        this.messageBytes = Math.min(BUFFER, faults.messageBytes());
        this.reader = new WebSocketReader(new BufferedInputStream(socket.getInputStream()), MAX_MESSAGE);
        this.writer = new WebSocketWriter(socket.getOutputStream());
    }

    String group() {
        return offer.runtime().id();
    }

    /**
     * Runs the command and serves the connection until that ends.
     *
     * @param threads runs the other thread
     * @param idle after how long without a frame from either side the connection is cut
     */
    void run(Executor threads, Duration idle) {
        Future<?> looks = lookAtIntervals(idle);
        try {
            Process process = start(threads);
            serve(process == null || !offer.stdin() ? null : process.getOutputStream());
        } finally {
            looks.cancel(false);
            drop();
        }
    }

    private Future<?> lookAtIntervals(Duration idle) {
        long pause = Math.max(1, idle.toMillis() / LOOKS);
        Runnable look = () -> {
            if (quietLooks.incrementAndGet() > LOOKS) {
                log.debug("An idle connection to {} is cut", group());
                drop();
            }
        };
        return timer.scheduleAtFixedRate(Threads.guarded(look), pause, pause, TimeUnit.MILLISECONDS);
    }

    private @Nullable Process start(Executor threads) {
        try {
            Process process = offer.tty()
                    ? offer.runtime().terminal(offer.container(), offer.command())
                    : offer.runtime().exec(offer.container(), offer.command());
            if (!offer.stdin()) {
                close(process.getOutputStream());
            }
            try {
                threads.execute(Threads.guarded(() -> pump(process, threads)));
            } catch (RejectedExecutionException e) {
                log.debug("The simulator ends while a command begins on {}", group());
                process.toHandle().destroyForcibly();
                drop();
            }
            return process;
        } catch (IOException e) {
            // How ECI words this is [unconfirmed]; these are the words of runc and what is around it.
            log.debug("A command cannot start on {}", group(), e);
            say("OCI runtime exec failed: exec failed: unable to start container process: " + e.getMessage()
                    + ": unknown\r\n");
            finish(WebSocketFailure.NORMAL, "");
            return null;
        }
    }

    private void say(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        send(bytes, bytes.length, true);
    }

    /** Sends what the command writes, until it writes nothing more and has ended. */
    private void pump(Process process, Executor threads) {
        byte[] buffer = new byte[messageBytes];
        try (InputStream output = process.getInputStream()) {
            for (int count = output.read(buffer); count >= 0; count = output.read(buffer)) {
                send(buffer, count, false);
            }
        } catch (IOException e) {
            log.debug("The output of a command on {} ended early ({})", group(), e.toString());
        }
        send(buffer, 0, true);
        var unused = process.onExit().thenRunAsync(() -> finish(WebSocketFailure.NORMAL, ""), threads);
    }

    private void send(byte[] bytes, int count, boolean last) {
        if (lost) {
            return;
        }
        byte[] message = encoder.encode(bytes, count, last);
        if (message.length == 0) {
            return;
        }
        try {
            int left = faults.bytesBeforeCut(sent, message.length);
            if (left >= 0) {
                writer.brokenText(message, left);
                drop();
                return;
            }
            writer.text(message);
            sent += message.length;
            quietLooks.set(0);
        } catch (IOException e) {
            log.debug("A command on {} has no reader any more ({})", group(), e.toString());
            drop();
        }
    }

    /** Reads the connection until it ends. */
    private void serve(@Nullable OutputStream stdin) {
        @Nullable OutputStream input = stdin;
        try {
            while (!lost) {
                WebSocketReader.Received received = reader.read();
                quietLooks.set(0);
                switch (received.opcode()) {
                    case TEXT -> input = feed(input, received.payload());
                    case PING -> writer.pong(received.payload());
                    case CLOSE -> {
                        writer.close(WebSocketFailure.NORMAL, "");
                        return;
                    }
                    default -> log.debug("An unasked pong from a client of {}", group());
                }
            }
        } catch (WebSocketFailure e) {
            log.debug("A client of {} is sent away", group(), e);
            finish(e.code(), String.valueOf(e.getMessage()));
            discard();
        } catch (IOException e) {
            log.debug("A connection to {} has ended ({})", group(), e.toString());
        } finally {
            if (stdin != null) {
                close(stdin);
            }
        }
    }

    /** Returns null if the command does not read any more; what comes for it is dropped then. */
    private @Nullable OutputStream feed(@Nullable OutputStream input, byte[] bytes) {
        if (input == null) {
            return null;
        }
        try {
            input.write(bytes);
            input.flush();
            return input;
        } catch (IOException e) {
            log.debug("A command on {} reads no more input", group());
            return null;
        }
    }

    /** Reads what is still coming, or the end of the connection would be a reset that takes the close frame along. */
    private void discard() {
        byte[] buffer = new byte[BUFFER];
        try {
            InputStream in = socket.getInputStream();
            int count = in.read(buffer);
            while (count >= 0) {
                count = in.read(buffer);
            }
        } catch (IOException e) {
            log.debug("A connection to {} has ended ({})", group(), e.toString());
        }
    }

    /** Says that this is the end, and makes it one if the client does not. */
    private void finish(int code, String reason) {
        if (lost) {
            return;
        }
        try {
            writer.close(code, reason);
            var unused = timer.schedule(this::drop, CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (IOException | RejectedExecutionException e) {
            log.debug("A client of {} does not hear of the end ({})", group(), e.toString());
            drop();
        }
    }

    /** Ends the connection without a word. The command goes on. */
    void drop() {
        lost = true;
        try {
            socket.close();
        } catch (IOException e) {
            log.debug("A connection to {} did not end in order", group(), e);
        }
    }

    private void close(OutputStream input) {
        try {
            input.close();
        } catch (IOException e) {
            log.debug("The input of a command on {} ended early ({})", group(), e.toString());
        }
    }
}
