package dev.ephemeralbuilder.eci;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.TerminalChannel;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.channels.UnresolvedAddressException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to one container by ExecContainerCommand. It holds no connection of its own: each command has one, and costs
 * one API call. After one of them was lost this shell takes no more commands, so that whoever uses it looks anew at the
 * machine; other commands go on.
 */
final class ExecShell implements Shell {
    private static final Logger log = LoggerFactory.getLogger(ExecShell.class);
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String id;
    private final ExecCalls calls;
    private final ExecCalls terminals;
    private final ExecSockets sockets;
    private final Set<ExecChannel> channels = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;
    private volatile boolean lost;

    /**
     * Creates a shell; asks nobody.
     *
     * @param groupId the container group, for messages
     * @param calls without a terminal
     * @param terminals with one
     */
    ExecShell(String groupId, ExecCalls calls, ExecCalls terminals, ExecSockets sockets) {
        this.id = groupId;
        this.calls = calls;
        this.terminals = terminals;
        this.sockets = sockets;
    }

    @Override
    public Channel open(String command) throws InterruptedException {
        String nonce = nonce();
        List<String> items = ExecWrapper.items(nonce, command);
        return open(calls, items, () -> new ExecChannel(id, nonce, sockets, this::over));
    }

    @Override
    public TerminalChannel openTerminal(TerminalSize size) throws InterruptedException {
        String nonce = nonce();
        List<String> items = ExecTerminal.items(nonce, size);
        return open(terminals, items, () -> new ExecTerminal(id, nonce, sockets, this::over));
    }

    private static String nonce() {
        byte[] random = new byte[16];
        RANDOM.nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    private <C extends ExecChannel> C open(ExecCalls how, List<String> items, Supplier<C> made)
            throws InterruptedException {
        if (sockets.isClosed()) {
            throw ExecSockets.closed(id);
        }
        if (!isOpen()) {
            throw gone();
        }
        URI uri = how.exec(items);
        C channel = made.get();
        boolean done = false;
        try {
            channels.add(channel);
            sockets.add(channel);
            if (closed) {
                throw gone();
            }
            connect(uri, channel);
            done = true;
            log.debug("A command runs on {}", id);
            return channel;
        } finally {
            if (!done) {
                channel.close();
            }
        }
    }

    private void connect(URI uri, ExecChannel channel) throws InterruptedException {
        boolean connected = false;
        try {
            CompletableFuture<WebSocket> connecting = sockets.connect(id, uri, channel.listener());
            connecting.get(sockets.patience().toMillis(), TimeUnit.MILLISECONDS);
            connected = true;
            channel.running().get(sockets.patience().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw failure(
                    connected
                            ? "took an exec connection, but the command did not begin in time"
                            : "does not answer on the exec connection",
                    Effect.UNKNOWN,
                    true,
                    "NoHandshake");
        } catch (ExecutionException e) {
            Throwable cause = requireNonNull(e.getCause());
            throw cause instanceof ProviderException known ? known : refused(cause);
        }
    }

    /** Causes are not passed on: they may hold the URI. */
    private ProviderException refused(Throwable failure) {
        Throwable e =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (e instanceof WebSocketHandshakeException refusal) {
            int status = refusal.getResponse().statusCode();
            return failure("refused the exec connection with HTTP status " + status, Effect.NONE, true, "ExecRefused");
        }
        if (e instanceof IllegalArgumentException) {
            return failure("was given an exec address that is none", Effect.NONE, false, "ExecAddress");
        }
        if (e instanceof ConnectException
                || e instanceof HttpConnectTimeoutException
                || e instanceof UnresolvedAddressException
                || e instanceof SSLException) {
            return failure(
                    "cannot be reached by exec (" + e.getClass().getSimpleName() + ")",
                    Effect.NONE,
                    true,
                    "Unreachable");
        }
        return failure("lost the exec connection before the command began", Effect.UNKNOWN, true, "ConnectionLost");
    }

    private ProviderException failure(String what, Effect effect, boolean retryable, String code) {
        return new ProviderException(id + " " + what, effect, retryable, code, null, null);
    }

    private ProviderException gone() {
        return failure("is not connected: the shell is closed or lost", Effect.NONE, true, "ConnectionLost");
    }

    private void over(ExecChannel channel) {
        channels.remove(channel);
        sockets.remove(channel);
        if (channel.isLost()) {
            lost = true;
        }
    }

    @Override
    public boolean isOpen() {
        return !closed && !lost && !sockets.isClosed();
    }

    @Override
    public void close() {
        closed = true;
        channels.forEach(ExecChannel::close);
    }

    @Override
    public String toString() {
        return "ExecShell[" + id + "]";
    }
}
