package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the parts of one simulator together, owns its servers, threads and folder, and ends them. */
final class RunningCloud implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RunningCloud.class);
    private static final int MACHINE_THREADS = 8;
    private static final String FOLDER_PREFIX = "ephemeral-";
    private static final Duration END_OF_MACHINES = Duration.ofSeconds(20);

    final Faults faults;
    final JournalRecorder journal;
    final AccessKeys keys;
    final SshFront ssh;
    final ExecFront exec;
    final Premises premises;
    final EcsProduct ecs;
    final EciProduct eci;

    private final HttpFront http;
    private final List<Ticker> tickers = new ArrayList<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    // Whoever forgets to close leaves no processes behind, unless the JVM is killed.
    private final Thread exitHook = new Thread(this::killMachines, "ephemeral-simulator-exit");

    private RunningCloud(
            AlibabaCloudSimulator.Builder b,
            AlibabaCloudSimulator face,
            Path root,
            SshFront ssh,
            ExecFront exec,
            Faults faults,
            boolean ownAddresses,
            @Nullable NamespaceSupport namespaces) {
        this.ssh = ssh;
        this.exec = exec;
        this.faults = faults;
        Region region = new Region(b.region);
        RateLimits limits = new RateLimits(b.clock::now);
        SimulatedAccount account = new SimulatedAccount(region, limits);
        keys = new AccessKeys(account::secretOf, Clock.systemUTC());
        journal = new JournalRecorder(b.journalCapacity, b.clock::now, Clock.systemUTC());
        premises = new Premises(
                b.seed,
                region,
                b.clock,
                b.clock.newTicker("ephemeral-simulator-lifecycle"),
                new SpotMarket(b.seed),
                account,
                limits,
                machineThreads(),
                MachineProcesses.create(),
                root,
                new Addresses(ownAddresses),
                namespaces,
                b.machineEnvironment,
                b.machineHook,
                b.bootMin,
                b.bootMax,
                this::endpoint);
        ecs = new EcsProduct(premises, b.imageTime, ssh);
        eci = new EciProduct(premises, exec);
        Gateway gateway = new Gateway(
                region,
                new RequestSignature(keys, Clock.systemUTC()),
                new ClientTokenLedger(b.clock::now),
                account,
                limits,
                faults,
                journal);
        ecs.register(gateway.operationsOf(Product.ECS));
        eci.register(gateway.operationsOf(Product.ECI));
        try {
            http = new HttpFront(
                    b.port,
                    gateway,
                    ecs.metadata(),
                    new ControlApi(new ControlRoutes(face, region, gateway::actions)),
                    b.clock);
        } catch (RuntimeException e) {
            premises.lifecycle().close();
            throw e;
        }
        Runtime.getRuntime().addShutdownHook(exitHook);
        log.debug("Simulator on port {}, SSH on port {}, exec on port {}", http.port(), ssh.port(), exec.port());
    }

    private static ThreadPoolExecutor machineThreads() {
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                MACHINE_THREADS,
                MACHINE_THREADS,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Threads.numbered("ephemeral-simulator-machine"));
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /**
     * Starts everything.
     *
     * @param face what the controls over HTTP work on
     */
    static RunningCloud start(AlibabaCloudSimulator.Builder b, AlibabaCloudSimulator face) throws IOException {
        boolean ownAddresses = b.ownAddresses && SshFront.hasOwnAddresses();
        Faults faults = new Faults(b.seed);
        SshFront ssh = new SshFront(b.sshPort, ownAddresses, faults.ssh());
        ExecFront exec = null;
        Path root = null;
        NamespaceSupport namespaces = null;
        try {
            exec = new ExecFront(0, b.execEncoding, b.execIdle, faults.exec(), Clock.systemUTC());
            root = b.machineRoot == null
                    ? Files.createTempDirectory(FOLDER_PREFIX)
                    : Files.createTempDirectory(Files.createDirectories(b.machineRoot), FOLDER_PREFIX);
            if (b.isolation == Isolation.NAMESPACES) {
                namespaces = NamespaceSupport.find(b.programs, root);
            }
            return new RunningCloud(b, face, root, ssh, exec, faults, ownAddresses, namespaces);
        } catch (IOException | RuntimeException e) {
            ssh.close();
            if (exec != null) {
                exec.close();
            }
            if (root != null) {
                MachineRuntime.delete(root);
            }
            throw e;
        }
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + http.port());
    }

    /** Returns a new ticker, which ends with the cloud at the latest. */
    Ticker newTicker() {
        Ticker ticker = premises.clock().newTicker("ephemeral-simulator-engine");
        synchronized (tickers) {
            tickers.add(ticker);
        }
        return ticker;
    }

    /** Ends everything; waits up to about half a minute. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        removeExitHook();
        http.close();
        premises.lifecycle().close();
        endMachines();
        ssh.close();
        exec.close();
        synchronized (tickers) {
            tickers.forEach(Ticker::close);
        }
        MachineRuntime.delete(premises.root());
    }

    private void endMachines() {
        ThreadPoolExecutor threads = premises.machineThreads();
        List<MachineRuntime> machines = ecs.instances().clear();
        LocalMachine.killAll(machines.stream().map(MachineRuntime::processes).toList());
        machines.forEach(machine -> threads.execute(Threads.guarded(machine::end)));
        List<GroupRuntime> groups = eci.groups().clear();
        threads.execute(Threads.guarded(() -> GroupRuntime.endAll(groups)));
        threads.shutdown();
        try {
            if (!threads.awaitTermination(END_OF_MACHINES.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("Not all machines ended in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        threads.shutdownNow();
    }

    private void removeExitHook() {
        try {
            Runtime.getRuntime().removeShutdownHook(exitHook);
        } catch (IllegalStateException e) {
            log.debug("The JVM is on its way out and ends the machines too");
        }
    }

    private void killMachines() {
        LocalMachine.killAll(ecs.processes());
        GroupRuntime.endAll(eci.groups().clear());
        MachineRuntime.delete(premises.root());
    }
}
