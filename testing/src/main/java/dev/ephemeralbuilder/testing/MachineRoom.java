package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.testing.simulator.LocalMachine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Where the machines of one cloud stand: their files, and the threads that wait for their processes. Safe for use by
 * many threads.
 */
final class MachineRoom {
    private final Path home;
    private final ExecutorService io;
    private final Set<InMemoryHost> dying = new HashSet<>();
    private boolean closed;

    MachineRoom() {
        try {
            this.home = Files.createTempDirectory("ephemeral-cloud-");
        } catch (IOException e) {
            throw new UncheckedIOException("no folder for the machines of the cloud in memory", e);
        }
        AtomicInteger threads = new AtomicInteger();
        this.io = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "ephemeral-cloud-io-" + threads.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Returns a new machine's inside; does no I/O. */
    InMemoryHost host(String id, Launch launch) {
        return new InMemoryHost(new LocalMachine(home.resolve(id), id, "builder", Map.of()), launch);
    }

    /** Lets nobody in any more, and ends the machine's processes on another thread. */
    void end(InMemoryHost host) {
        host.seal();
        synchronized (this) {
            if (closed) {
                return;
            }
            dying.add(host);
        }
        run(() -> {
            host.destroy();
            synchronized (this) {
                dying.remove(host);
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

    /** Ends these machines and those that are just ending; blocks until their processes have ended. */
    void close(Collection<InMemoryHost> rest) {
        List<InMemoryHost> left;
        synchronized (this) {
            closed = true;
            left = new ArrayList<>(dying);
        }
        left.addAll(rest);
        left.forEach(InMemoryHost::seal);
        left.forEach(InMemoryHost::destroy);
        io.shutdownNow();
        InMemoryHost.deleteTree(home);
    }
}
