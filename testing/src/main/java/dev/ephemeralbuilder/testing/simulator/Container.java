package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One container of a group: a first process, what else runs beside it, and a folder. It can be started again after it
 * has ended; its folder then is as it was left. Safe for use by many threads.
 */
final class Container {
    private static final Logger log = LoggerFactory.getLogger(Container.class);
    private static final int BUFFER = 16 * 1024;

    private final String group;
    private final ContainerOrder order;
    private final Path folder;
    private final GroupVolumes volumes;
    private final Map<String, String> variables;
    private final String imagePath;
    private final ProgramPath programs;
    private final @Nullable Isolation isolation;
    private final Executor threads;
    private final ContainerLog output;
    private @Nullable LocalMachine machine;
    private @Nullable ContainerFiles files;
    private @Nullable Process first;
    private boolean ended;

    /**
     * @param folder the container's folder, which this makes
     * @param isolation gives the namespaces of each start, or null for none
     * @param threads runs the readers of output and the ends of first processes; two at most at a time for each start
     */
    Container(
            String group,
            ContainerOrder order,
            Path folder,
            GroupVolumes volumes,
            Map<String, String> machineEnvironment,
            @Nullable Isolation isolation,
            Executor threads,
            Supplier<Instant> cloudTime) {
        this.group = group;
        this.order = order;
        this.folder = folder;
        this.volumes = volumes;
        this.variables = new HashMap<>(machineEnvironment);
        this.variables.putAll(order.environment());
        this.imagePath = variables.getOrDefault("PATH", LocalMachine.hostPath());
        this.programs = new ProgramPath(order.lackingPrograms());
        this.isolation = isolation;
        this.threads = threads;
        this.output = new ContainerLog(cloudTime);
    }

    /** What makes namespaces for containers. */
    @FunctionalInterface
    interface Isolation {
        /** Returns the namespaces of a container: what the group shares, and mounts of its own. */
        Namespaces join(List<GroupVolumes.Place> mounts) throws IOException;
    }

    ContainerLog log() {
        return output;
    }

    /** Returns the processes of the last start, if there was one and they were not ended. */
    synchronized @Nullable LocalMachine machine() {
        return machine;
    }

    /**
     * Runs the command.
     *
     * @param onEnd told the exit code once nothing of the container runs any more and its log is whole
     * @throws IOException in the words of a runtime, if it cannot start
     */
    synchronized void start(IntConsumer onEnd) throws IOException {
        if (ended || machine != null) {
            throw new IOException("cannot start a container that is running or gone");
        }
        Path home = Files.createDirectories(folder).toRealPath();
        variables.put("PATH", programs.value(imagePath, home.resolve(".programs")));
        List<GroupVolumes.Place> places = volumes.places(order);
        ContainerFiles seen = isolation == null
                ? ContainerFiles.plain(home, places, order.workingDir())
                : ContainerFiles.isolated(home, places, order.workingDir());
        Namespaces own = isolation == null ? null : isolation.join(seen.places);
        LocalMachine started = new LocalMachine(home, group, "root", variables, own);
        machine = started;
        files = seen;
        Process process;
        try {
            process = run(started, seen, order.line(), LocalMachine::run);
            process.getOutputStream().close();
            first = process;
        } catch (IOException | RuntimeException e) {
            abandon(started);
            throw e;
        }
        try {
            CompletableFuture<Void> written = CompletableFuture.runAsync(() -> read(process.getInputStream()), threads);
            CompletableFuture<Void> nothingLeft = process.onExit().thenRunAsync(started::kill, threads);
            Runnable told = Threads.guarded(() -> onEnd.accept(forget(process)));
            var unused = CompletableFuture.allOf(written, nothingLeft)
                    .whenCompleteAsync((none, failure) -> told.run(), threads);
        } catch (RejectedExecutionException e) {
            abandon(started);
            throw new IOException("the group is gone", e);
        }
    }

    private synchronized void abandon(LocalMachine started) {
        machine = null;
        first = null;
        started.kill();
    }

    /** Runs another command in the container, for as long as that lives. */
    Process exec(List<String> command) throws IOException {
        return beside(command, LocalMachine::run);
    }

    /** Like {@link #exec}, on a terminal. */
    Process terminal(List<String> command) throws IOException {
        return beside(
                command,
                (running, line, environment, working) -> LocalTerminal.program(
                                running, line, environment, working, TerminalSize.DEFAULT)
                        .process());
    }

    /** How a program is started. */
    private interface Start {
        Process of(LocalMachine running, List<String> line, Map<String, String> environment, Path working)
                throws IOException;
    }

    private Process beside(List<String> command, Start start) throws IOException {
        LocalMachine running;
        ContainerFiles seen;
        synchronized (this) {
            Process process = first;
            running = machine;
            seen = files;
            if (running == null || seen == null || process == null || !process.isAlive()) {
                throw new IOException("container " + order.name() + " is not running");
            }
        }
        return run(running, seen, command, start);
    }

    /** Asks the first process to end. */
    synchronized void terminate() {
        Process process = first;
        LocalMachine running = machine;
        if (process == null || running == null) {
            return;
        }
        try {
            running.terminate(process);
        } catch (IOException e) {
            log.debug("Container {} of {} cannot be asked to end", order.name(), group, e);
        }
    }

    /** Lets nothing start any more and returns what is left to be killed. */
    synchronized @Nullable LocalMachine condemn() {
        ended = true;
        return machine;
    }

    private Process run(LocalMachine running, ContainerFiles seen, List<String> command, Start start)
            throws IOException {
        if (command.isEmpty()) {
            throw new IOException("no command specified");
        }
        List<String> line = command.stream().map(seen::translate).toList();
        programs.require(line.get(0), variables.getOrDefault("PATH", imagePath), seen.workingFolder(), seen::onHost);
        return start.of(running, line, Map.of(), seen.workingFolder());
    }

    private void read(InputStream written) {
        byte[] buffer = new byte[BUFFER];
        try (written) {
            for (int count = written.read(buffer); count >= 0; count = written.read(buffer)) {
                output.append(buffer, count);
            }
        } catch (IOException e) {
            log.debug("The output of container {} of {} ended early", order.name(), group, e);
        }
        output.finish();
    }

    private synchronized int forget(Process process) {
        machine = null;
        first = null;
        return process.exitValue();
    }
}
