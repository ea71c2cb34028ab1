package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server behind the {@code WebSocketUri} of ExecContainerCommand (eci-openapi, 5): one port of 127.0.0.1 for the
 * commands of all groups. An address is good for one connection within {@value #OFFER_SECONDS} seconds of the wall
 * clock; any other is refused with 403 [unconfirmed]. No subprotocol; both outputs of the command come as text frames,
 * text frames of the client are its input, and its end is a close frame with 1000. A command that is to have a terminal has
 * a real one of 80 columns and 24 rows, which nothing on the connection changes [unconfirmed]; where the host has no
 * terminals, see {@link LocalTerminal}, asking for one changes nothing.
 *
 * <p>A connection on which neither side has sent a frame for a time is cut. The end of a connection ends the command's
 * input and kills nothing. A command whose output a child of it keeps open keeps its connection open.
 *
 * <p>{@link #close} ends all connections. The threads that read the output of commands end with those, so groups are to
 * be ended as well. Safe for use by many threads.
 */
final class ExecFront implements AutoCloseable {
    /** After this time without frames ECI is said to close a connection (eci-openapi, 5). */
    static final Duration IDLE = Duration.ofSeconds(60);

    private static final Logger log = LoggerFactory.getLogger(ExecFront.class);

    private static final long OFFER_SECONDS = 30;
    private static final String PATH = "/exec/";
    private static final int TOKEN_BYTES = 24;
    private static final int BACKLOG = 128;
    private static final int MAX_CONNECTIONS = 2_000;
    private static final int HANDSHAKE_MILLIS = 10_000;

    private final ExecEncoding encoding;
    private final Duration idle;
    private final ExecFaults faults;
    private final Clock wall;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, ExecOffer> offers = new ConcurrentHashMap<>();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final Set<ExecSession> sessions = ConcurrentHashMap.newKeySet();
    private final ServerSocket server;
    private final ExecutorService threads = Executors.newCachedThreadPool(Threads.numbered("ephemeral-simulator-exec"));
    private final ScheduledThreadPoolExecutor timer =
            new ScheduledThreadPoolExecutor(1, Threads.named("ephemeral-simulator-exec-timer"));

    /**
     * Opens the server.
     *
     * @param port 0 for any
     * @param idle after how long without a frame a connection is cut, by the wall clock; up to a
     *     quarter of that later
     * @param wall tells the age of addresses
     */
    ExecFront(int port, ExecEncoding encoding, Duration idle, ExecFaults faults, Clock wall) throws IOException {
        this.encoding = encoding;
        this.idle = idle;
        this.faults = faults;
        this.wall = wall;
        timer.setRemoveOnCancelPolicy(true);
        server = new ServerSocket(port, BACKLOG, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        Threads.named("ephemeral-simulator-exec-accept")
                .newThread(Threads.guarded(this::accept))
                .start();
    }

    int port() {
        return server.getLocalPort();
    }

    /**
     * Lets somebody run a command.
     *
     * @param stdin whether what the client sends is the command's input; without it that is empty
     * @param tty whether a terminal is asked for
     */
    URI offer(GroupRuntime runtime, String container, List<String> command, boolean stdin, boolean tty) {
        boolean terminal = tty && LocalTerminal.available();
        if (tty && !terminal) {
            log.debug("A command on {} gets no terminal", runtime.id());
        }
        Instant now = wall.instant();
        offers.values().removeIf(offer -> now.isAfter(offer.until()));
        byte[] token = new byte[TOKEN_BYTES];
        random.nextBytes(token);
        String text = HexFormat.of().formatHex(token);
        offers.put(text, new ExecOffer(runtime, container, command, stdin, terminal, now.plusSeconds(OFFER_SECONDS)));
        return URI.create("ws://127.0.0.1:" + port() + PATH + "?s=" + text);
    }

    /** Cuts all connections to a group, without a close frame. Commands go on. */
    void cut(String groupId) {
        for (ExecSession session : sessions) {
            if (session.group().equals(groupId)) {
                session.drop();
            }
        }
    }

    /** Returns how many connections to a group are open. */
    int connections(String groupId) {
        return (int) sessions.stream()
                .filter(session -> session.group().equals(groupId))
                .count();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                connections.add(socket);
                if (connections.size() > MAX_CONNECTIONS || server.isClosed()) {
                    forget(socket);
                } else {
                    threads.execute(Threads.guarded(() -> serve(socket)));
                }
            } catch (IOException | RejectedExecutionException e) {
                if (!server.isClosed()) {
                    log.warn("A connection for a command could not be accepted", e);
                }
            }
        }
    }

    private void serve(Socket socket) {
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(HANDSHAKE_MILLIS);
            WebSocketHandshake handshake = WebSocketHandshake.read(socket.getInputStream());
            ExecOffer offer = redeem(handshake, socket);
            if (offer != null) {
                handshake.accept(socket.getOutputStream());
                socket.setSoTimeout(0);
                run(new ExecSession(offer, socket, encoding, faults, timer));
            }
        } catch (IOException | RejectedExecutionException e) {
            log.debug("A connection for a command came to nothing ({})", e.toString());
        } finally {
            forget(socket);
        }
    }

    /** Returns what the client may run; or null, and it has its answer. */
    private @Nullable ExecOffer redeem(WebSocketHandshake handshake, Socket socket) throws IOException {
        int refusal = handshake.refusal();
        ExecOffer offer = null;
        if (refusal == 0) {
            String query = String.valueOf(handshake.target().getQuery());
            boolean known = PATH.equals(handshake.target().getPath()) && query.startsWith("s=");
            offer = known ? offers.remove(query.substring("s=".length())) : null;
            refusal = offer == null || wall.instant().isAfter(offer.until())
                    ? 403
                    : faults.refusal(offer.runtime().id());
        }
        if (refusal == 0) {
            return offer;
        }
        WebSocketHandshake.refuse(socket.getOutputStream(), refusal);
        return null;
    }

    private void run(ExecSession session) {
        sessions.add(session);
        try {
            session.run(threads, idle);
        } finally {
            sessions.remove(session);
        }
    }

    private void forget(Socket socket) {
        connections.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            log.debug("A connection did not end in order", e);
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            log.warn("The server for commands did not stop in order", e);
        }
        connections.forEach(this::forget);
        timer.shutdownNow();
        threads.shutdown();
    }
}
