package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.Door;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.InvalidKeyException;
import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.auth.pubkey.UserAuthPublicKeyFactory;
import org.apache.sshd.client.config.hosts.HostConfigEntryResolver;
import org.apache.sshd.client.future.ConnectFuture;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.AttributeRepository;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactoryFactory;
import org.apache.sshd.common.keyprovider.KeyIdentityProvider;
import org.apache.sshd.common.util.threads.CloseableExecutorService;
import org.apache.sshd.common.util.threads.SshThreadPoolExecutor;
import org.apache.sshd.core.CoreModuleProperties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects to machines by SSH, with one client and a few threads for all of them. Settings: ssh-and-testing, sections 0
 * and 2.3. Nothing of the user's own SSH set-up ({@code ~/.ssh}, agent) is used.
 */
final class SshConnector implements AutoCloseable {
    static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    static final Duration AUTH_TIMEOUT = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(SshConnector.class);
    private static final AttributeRepository.AttributeKey<Pin> PIN = new AttributeRepository.AttributeKey<>();
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration HEARTBEAT = Duration.ofSeconds(10);
    private static final int HEARTBEATS_WITHOUT_REPLY = 3;

    /** While keys are renewed no heartbeat is sent: then this many heartbeats of silence end the connection. */
    private static final int HEARTBEATS_OF_SILENCE = 6;

    private static final int IO_THREADS = 3;
    private static final long WINDOW = 8L << 20;

    /**
     * Keys are renewed after so many bytes, as OpenSSH does with these ciphers (2^32 blocks, RFC 4344, section 3.2), and
     * after an hour. The library's own limit, 1 GiB, would stop a long log for a key exchange at each.
     */
    private static final long REKEY_BYTES = 64L << 30;

    private final String user;
    private final SshClient client;
    private final SshDoors doors;

    SshConnector(String user) {
        this(user, HEARTBEAT);
    }

    /** Creates a connector that gives up a machine which has been silent for about four, at most seven heartbeats. */
    SshConnector(String user, Duration heartbeat) {
        this.user = user;
        ThreadFactory threads = threads();
        SshClient c = SshClient.setUpDefaultClient();
        c.setIoServiceFactoryFactory(new Nio2ServiceFactoryFactory(() -> ioThreads(threads)));
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, threads);
        timer.setRemoveOnCancelPolicy(true);
        c.setScheduledExecutorService(timer, true);
        c.setHostConfigEntryResolver(HostConfigEntryResolver.EMPTY);
        c.setKeyIdentityProvider(KeyIdentityProvider.EMPTY_KEYS_PROVIDER);
        c.setUserAuthFactories(List.of(UserAuthPublicKeyFactory.INSTANCE));
        c.setServerKeyVerifier((session, address, key) -> isExpected(key, session));
        c.setSignatureFactoriesNames("ecdsa-sha2-nistp256");
        c.setCipherFactoriesNames("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr");
        CoreModuleProperties.TCP_NODELAY.set(c, true);
        CoreModuleProperties.WINDOW_SIZE.set(c, WINDOW);
        CoreModuleProperties.REKEY_BYTES_LIMIT.set(c, REKEY_BYTES);
        CoreModuleProperties.HEARTBEAT_INTERVAL.set(c, heartbeat);
        CoreModuleProperties.HEARTBEAT_NO_REPLY_MAX.set(c, HEARTBEATS_WITHOUT_REPLY);
        CoreModuleProperties.AUTH_TIMEOUT.set(c, AUTH_TIMEOUT);
        CoreModuleProperties.IDLE_TIMEOUT.set(c, heartbeat.multipliedBy(HEARTBEATS_OF_SILENCE));
        c.start();
        this.client = c;
        this.doors = new SshDoors(threads, timer);
    }

    private static ThreadFactory threads() {
        AtomicInteger number = new AtomicInteger();
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        return task -> {
            Thread t = new Thread(group, task, "ephemeral-ssh-" + number.incrementAndGet());
            t.setDaemon(true);
            return t;
        };
    }

    private static CloseableExecutorService ioThreads(ThreadFactory threads) {
        return new SshThreadPoolExecutor(
                IO_THREADS, IO_THREADS, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
    }

    private static boolean isExpected(PublicKey hostKey, ClientSession session) {
        Pin pin = session.getConnectionContext() == null
                ? null
                : session.getConnectionContext().getAttribute(PIN);
        return pin != null && pin.matches(hostKey);
    }

    /** The host key that one connection must meet, and whether it met another. */
    private static final class Pin {
        private final ShellKeys keys;
        private volatile boolean mismatch;

        Pin(ShellKeys keys) {
            this.keys = keys;
        }

        boolean matches(PublicKey key) {
            try {
                if (keys.accept(OpenSshKeys.fingerprint(key))) {
                    return true;
                }
            } catch (InvalidKeyException e) {
                log.debug("A machine showed a host key that cannot be read");
            }
            mismatch = true;
            return false;
        }
    }

    /** Finds out whether an address takes connections; does not block. */
    CompletableFuture<Door> knock(InetSocketAddress address) {
        return doors.knock(address);
    }

    /**
     * Connects; ends within {@link #CONNECT_TIMEOUT} and {@link #AUTH_TIMEOUT} together.
     *
     * @throws ProviderException without effect; not to be retried if the host key is another one
     * @throws InterruptedException if interrupted
     */
    Shell connect(String id, InetSocketAddress address, ShellKeys keys) throws InterruptedException {
        if (client.isClosing() || client.isClosed()) {
            throw new ProviderException(
                    id + " was not connected to: the provider is closed", Effect.NONE, false, null, null, null);
        }
        Pin pin = new Pin(keys);
        ClientSession session = null;
        boolean done = false;
        try {
            session = session(address, pin);
            session.addPublicKeyIdentity(keys.client());
            session.auth().verify(AUTH_TIMEOUT);
            done = true;
            log.debug("Connected to {} at {}", id, address);
            return new SshShell(id, session);
        } catch (IOException | IllegalStateException | UnresolvedAddressException e) {
            if (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException)) {
                Thread.interrupted();
                throw new InterruptedException("interrupted while connecting to " + id);
            }
            throw translate(id, address, pin, session != null, e);
        } finally {
            if (!done && session != null) {
                session.close(true);
            }
        }
    }

    private ClientSession session(SocketAddress address, Pin pin) throws IOException {
        ConnectFuture future = client.connect(user, address, AttributeRepository.ofKeyValuePair(PIN, pin), null);
        return future.verify(CONNECT_TIMEOUT).getSession();
    }

    private static ProviderException translate(
            String id, InetSocketAddress address, Pin pin, boolean connected, Exception e) {
        if (pin.mismatch) {
            return new ProviderException(
                    id + " at " + address + " shows another host key than the one it was given",
                    Effect.NONE,
                    false,
                    "HostKeyMismatch",
                    null,
                    null);
        }
        String what = connected ? " does not let us in yet" : " cannot be reached yet";
        return new ProviderException(
                id + " at " + address + what, Effect.NONE, true, connected ? "LoginRefused" : "Unreachable", null, e);
    }

    /** Closes all connections and ends the threads. Does not throw. */
    @Override
    public void close() {
        doors.close();
        try {
            client.close(true).await(CLOSE_TIMEOUT);
        } catch (InterruptedIOException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            log.warn("The SSH client did not close cleanly", e);
        }
    }
}
