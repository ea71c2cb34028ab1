package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.sshd.common.AttributeRepository;
import org.apache.sshd.common.Factory;
import org.apache.sshd.common.FactoryManager;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.io.IoServiceFactory;
import org.apache.sshd.common.io.IoServiceFactoryFactory;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactory;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.common.session.SessionContext;
import org.apache.sshd.common.session.helpers.AbstractSession;
import org.apache.sshd.common.util.threads.CloseableExecutorService;
import org.apache.sshd.common.util.threads.SshThreadPoolExecutor;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.ServerBuilder;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.Command;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The SSH servers of all machines: one server of Apache MINA that listens on the addresses of all of them and tells
 * machines apart by the address that a connection came to, so that a machine costs no thread of its own. Host keys and
 * users are those of the machine.
 *
 * <p>The server holds 127.0.0.1 with its port from the start, where nobody can log in: two simulators of one host thus
 * never share a port, and their machines never an address with a port.
 */
final class SshFront implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SshFront.class);

    private static final AttributeRepository.AttributeKey<List<KeyPair>> SHOWN =
            new AttributeRepository.AttributeKey<>();
    private static final String LOOPBACK = "127.0.0.1";
    private static final int IO_THREADS = 4;
    private static final int MAX_PUMPS = 4_000;
    private static final int BACKLOG = 128;
    private static final int PORT_TRIES = 20;

    private final Server server =
            (Server) ServerBuilder.builder().factory(Server::new).build(true);
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(Threads.named("ephemeral-simulator-ssh-timer"));
    private final ExecutorService pumps = new ThreadPoolExecutor(
            0, MAX_PUMPS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), Threads.numbered("ephemeral-simulator-pump"));
    private final Map<SocketAddress, MachineRuntime> machines = new ConcurrentHashMap<>();
    private final int port;
    private final boolean ownAddresses;
    private final Faults.SshFaults faults;

    /**
     * Opens the server.
     *
     * @param port the port of all machines, 0 for any
     * @param ownAddresses whether each machine listens on its own address; else each has its own port
     */
    SshFront(int port, boolean ownAddresses, Faults.SshFaults faults) throws IOException {
        this.ownAddresses = ownAddresses;
        this.faults = faults;
        server.setHost(LOOPBACK);
        server.setPort(port);
        server.setIoServiceFactoryFactory(new DaemonThreads());
        server.setScheduledExecutorService(timer, false);
        server.setKeyPairProvider(new HostKeys(MachineRuntime.newHostKey()));
        server.setPublickeyAuthenticator((user, key, session) -> mayLogIn(user, key, session));
        server.setCommandFactory(this::command);
        server.setShellFactory(channel -> command(channel, null));
        CoreModuleProperties.TCP_NODELAY.set(server, true);
        CoreModuleProperties.STOP_WAIT_TIME.set(server, Duration.ofSeconds(5));
        CoreModuleProperties.SOCKET_BACKLOG.set(server, BACKLOG);
        // A real sshd neither ends an idle session nor gives up on a reader that is slow.
        CoreModuleProperties.IDLE_TIMEOUT.set(server, Duration.ZERO);
        CoreModuleProperties.NIO2_READ_TIMEOUT.set(server, Duration.ZERO);
        CoreModuleProperties.WAIT_FOR_SPACE_TIMEOUT.set(server, Duration.ofDays(1));
        try {
            server.start();
            this.port = server.getPort();
        } catch (IOException | RuntimeException e) {
            timer.shutdownNow();
            throw e;
        }
    }

    /** Whether this host lets a server listen on addresses of 127.0.0.0/8 other than 127.0.0.1; Linux does. */
    static boolean hasOwnAddresses() {
        try (ServerSocket probe = new ServerSocket(0, 1, parse("127.1.1.1"))) {
            return probe.isBound();
        } catch (IOException e) {
            log.debug("Only 127.0.0.1 can be bound; machines have ports of their own", e);
            return false;
        }
    }

    /** Reads an address of four numbers, without a look at the host's name service. */
    private static InetAddress parse(String address) throws IOException {
        String[] parts = address.split("\\.", -1);
        byte[] bytes = new byte[parts.length];
        for (int i = 0; i < parts.length; i++) {
            bytes[i] = (byte) Integer.parseInt(parts[i]);
        }
        return InetAddress.getByAddress(bytes);
    }

    int port() {
        return port;
    }

    /** Opens a machine to connections and returns the port that it listens on. */
    int open(MachineRuntime machine) throws IOException {
        if (ownAddresses) {
            bind(machine, new InetSocketAddress(parse(machine.address()), port()));
            return port();
        }
        for (int tries = 1; ; tries++) {
            int free;
            try (ServerSocket probe = new ServerSocket(0, 1, parse(LOOPBACK))) {
                free = probe.getLocalPort();
            }
            try {
                bind(machine, new InetSocketAddress(parse(LOOPBACK), free));
                return free;
            } catch (IOException e) {
                // Someone else may have taken it since.
                if (tries == PORT_TRIES) {
                    throw e;
                }
            }
        }
    }

    /** Closes a machine: no new connections, and an end to those that there are. Kills no process. */
    void close(MachineRuntime machine) {
        for (Map.Entry<SocketAddress, MachineRuntime> entry : machines.entrySet()) {
            if (entry.getValue() == machine) {
                server.unbind(entry.getKey());
            }
        }
        cut(machine);
        machines.values().removeIf(other -> other == machine);
    }

    /** Drops the connections of a machine. */
    void cut(MachineRuntime machine) {
        for (AbstractSession session : server.getActiveSessions()) {
            if (machineOf(session) == machine) {
                session.close(true);
            }
        }
    }

    @Override
    public void close() {
        try {
            server.stop(true);
        } catch (IOException e) {
            log.warn("The SSH server did not stop in order", e);
        }
        pumps.shutdownNow();
        timer.shutdownNow();
    }

    private void bind(MachineRuntime machine, InetSocketAddress address) throws IOException {
        machines.put(address, machine);
        try {
            server.bind(address);
        } catch (IOException e) {
            machines.remove(address);
            throw e;
        }
    }

    private @Nullable MachineRuntime machineOf(@Nullable SessionContext session) {
        SocketAddress local = session == null ? null : session.getLocalAddress();
        return local == null ? null : machines.get(local);
    }

    private boolean mayLogIn(String user, PublicKey key, SessionContext session) {
        MachineRuntime machine = machineOf(session);
        return machine != null && machine.keysOf(user).stream().anyMatch(known -> KeyUtils.compareKeys(known, key));
    }

    private Command command(ChannelSession channel, @Nullable String line) throws IOException {
        MachineRuntime machine = machineOf(channel.getSession());
        if (machine == null) {
            throw new IOException("the machine is gone");
        }
        return new ExecCommand(line, machine.processes(), pumps, faults);
    }

    /** MINA's server, with addresses that come and go while it runs. */
    private static final class Server extends SshServer {
        void bind(SocketAddress address) throws IOException {
            acceptor.bind(address);
        }

        void unbind(SocketAddress address) {
            if (isStarted()) {
                acceptor.unbind(address);
            }
        }
    }

    /** The keys of the machine that a connection came to. */
    private final class HostKeys implements KeyPairProvider {
        private final List<KeyPair> nobody;

        HostKeys(KeyPair nobody) {
            this.nobody = List.of(nobody);
        }

        @Override
        public Iterable<KeyPair> loadKeys(SessionContext session) {
            MachineRuntime machine = machineOf(session);
            if (machine == null) {
                return nobody;
            }
            // As with a real server, a connection that is open goes on with the key that it began with.
            return session.computeAttributeIfAbsent(SHOWN, key -> machine.hostKeys());
        }
    }

    /** MINA's own threads are no daemons, and would keep a JVM alive that forgot to close the simulator. */
    private static final class DaemonThreads implements IoServiceFactoryFactory {
        @Override
        public IoServiceFactory create(FactoryManager manager) {
            return new Nio2ServiceFactory(
                    manager, pool(IO_THREADS, "ephemeral-simulator-ssh"), pool(1, "ephemeral-simulator-ssh-resume"));
        }

        @Override
        public void setExecutorServiceFactory(Factory<CloseableExecutorService> factory) {
            throw new UnsupportedOperationException("has its own threads");
        }

        private static CloseableExecutorService pool(int threads, String name) {
            return new SshThreadPoolExecutor(
                    threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Threads.numbered(name));
        }
    }
}
