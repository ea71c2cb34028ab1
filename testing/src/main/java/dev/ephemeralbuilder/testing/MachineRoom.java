package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.testing.simulator.LocalMachine;
import dev.ephemeralbuilder.testing.simulator.MachineProcess;
import dev.ephemeralbuilder.testing.simulator.MachineProcesses;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the machines of one cloud stand: their files, and the threads that wait for their processes. Safe for use by
 * many threads.
 */
final class MachineRoom {
    private static final Logger log = LoggerFactory.getLogger(MachineRoom.class);

    /** A bit more than {@link LocalMachine#kill} may take. */
    private static final Duration END_BOUND = Duration.ofSeconds(15);

    private final Path home;
    private final ExecutorService io;
    private final MachineProcesses processes = MachineProcesses.create();
    private final Map<InMemoryHost, CompletableFuture<Void>> dying = new HashMap<>();
    private boolean closed;

    MachineRoom() {
        try {
            this.home = Files.createTempDirectory("ephemeral-cloud-");
        } catch (IOException e) {
            throw new UncheckedIOException("no folder for the machines of the cloud in memory", e);
        }
        AtomicInteger threads = new AtomicInteger();
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        this.io = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(group, task, "ephemeral-cloud-io-" + threads.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Returns a new machine's inside; does no I/O. */
    InMemoryHost host(String id, Launch launch, @Nullable InMemoryCommand command) {
        return new InMemoryHost(
                new LocalMachine(home.resolve(id), id, "builder", processes.environment()), launch, command);
    }

    /** Returns the living processes of all machines. */
    List<MachineProcess> processes() {
        return processes.list();
    }

    /** Lets nobody in any more, and ends the machine's processes on another thread. */
    void end(InMemoryHost host) {
        host.seal();
        CompletableFuture<Void> end = new CompletableFuture<>();
        boolean late;
        synchronized (this) {
            late = closed;
            if (!late) {
                dying.put(host, end);
            }
        }
        if (late) {
            host.destroy();
            return;
        }
        run(() -> {
            try {
                host.destroy();
            } finally {
                synchronized (this) {
                    dying.remove(host);
                }
                end.complete(null);
            }
        });
    }

    /** Runs what may block on a process. */
    void run(Runnable task) {
        try {
            io.execute(task);
        } catch (RejectedExecutionException e) {
            // The room is closed and all its processes have ended, so that nothing can block here any more.
            task.run();
        }
    }

    /** Ends these machines, and waits until their processes and those of machines that were just ending have ended. */
    void close(Collection<InMemoryHost> rest) {
        CompletableFuture<?>[] ends;
        synchronized (this) {
            closed = true;
            ends = dying.values().toArray(CompletableFuture[]::new);
        }
        rest.forEach(InMemoryHost::seal);
        rest.forEach(InMemoryHost::destroy);
        try {
            CompletableFuture.allOf(ends).get(END_BOUND.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            log.warn("Interrupted before the processes of {} machine(s) have ended", ends.length);
        } catch (ExecutionException | TimeoutException e) {
            log.warn("The processes of {} machine(s) do not end", ends.length, e);
        }
        io.shutdownNow();
        InMemoryHost.deleteTree(home);
    }
}
