package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
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
    private final Supplier<@Nullable Namespaces> namespaces;
    private final Executor threads;
    private final ContainerLog output;
    private @Nullable LocalMachine machine;
    private @Nullable Process first;
    private boolean ended;

    /**
     * @param folder the container's folder, which this makes
     * @param namespaces gives those of the next start, or null for none
     * @param threads runs the readers of output and the ends of first processes; two at most at a time for each start
     */
    Container(
            String group,
            ContainerOrder order,
            Path folder,
            GroupVolumes volumes,
            Map<String, String> machineEnvironment,
            Supplier<@Nullable Namespaces> namespaces,
            Executor threads,
            Supplier<Instant> cloudTime) {
        this.group = group;
        this.order = order;
        this.folder = folder;
        this.volumes = volumes;
        this.variables = new HashMap<>(machineEnvironment);
        this.variables.putAll(order.environment());
        this.imagePath = variables.getOrDefault("PATH", hostPath());
        this.programs = new ProgramPath(order.lackingPrograms());
        this.namespaces = namespaces;
        this.threads = threads;
        this.output = new ContainerLog(cloudTime);
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
        Files.createDirectories(folder);
        variables.put("PATH", programs.value(imagePath, folder.resolve(".programs")));
        LocalMachine started = new LocalMachine(folder, group, "root", variables, namespaces.get());
        machine = started;
        Process process;
        try {
            process = run(started, order.line());
            process.getOutputStream().close();
            first = process;
        } catch (IOException | RuntimeException e) {
            machine = null;
            started.kill();
            throw e;
        }
        try {
            CompletableFuture<Void> written = CompletableFuture.runAsync(() -> read(process.getInputStream()), threads);
            CompletableFuture<Void> nothingLeft = process.onExit().thenRunAsync(started::kill, threads);
            var unused = CompletableFuture.allOf(written, nothingLeft)
                    .thenRunAsync(Threads.guarded(() -> onEnd.accept(forget(process))), threads);
        } catch (RejectedExecutionException e) {
            machine = null;
            started.kill();
            throw new IOException("the group is gone", e);
        }
    }

    /** Runs another command in the container, for as long as that lives. */
    Process exec(List<String> command) throws IOException {
        LocalMachine running;
        synchronized (this) {
            Process process = first;
            running = machine;
            if (running == null || process == null || !process.isAlive()) {
                throw new IOException("container " + order.name() + " is not running");
            }
        }
        return run(running, command);
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

    private Process run(LocalMachine running, List<String> command) throws IOException {
        if (command.isEmpty()) {
            throw new IOException("no command specified");
        }
        List<GroupVolumes.Place> places = volumes.places(order);
        for (GroupVolumes.Place place : places) {
            publish(place);
        }
        List<String> line = new ArrayList<>();
        command.forEach(item -> line.add(translate(item, places)));
        Path workingFolder = workingFolder();
        programs.require(line.get(0), variables.getOrDefault("PATH", imagePath), workingFolder);
        return running.run(line, Map.of(), workingFolder);
    }

    private void publish(GroupVolumes.Place place) throws IOException {
        Path link = below(place.path());
        if (Files.isSymbolicLink(link)) {
            return;
        }
        makeFolder(link.getParent());
        try {
            Files.createSymbolicLink(link, place.source());
        } catch (FileAlreadyExistsException e) {
            throw new IOException("cannot mount at " + place.path() + ": something is there", e);
        }
    }

    private String translate(String item, List<GroupVolumes.Place> places) {
        for (GroupVolumes.Place place : places) {
            String path = place.path().toString();
            if (item.equals(path) || item.startsWith(path + "/")) {
                return folder + item;
            }
        }
        return item;
    }

    private Path workingFolder() throws IOException {
        String wanted = order.workingDir();
        if (wanted == null || wanted.isEmpty()) {
            return folder;
        }
        Path place = Path.of(folder + "/" + wanted).normalize();
        if (!place.startsWith(folder)) {
            throw new IOException("the working directory is outside of the container");
        }
        // A runtime makes a working directory that the image does not have.
        makeFolder(place);
        return place.toRealPath();
    }

    /** Unlike the JDK's own method this takes a link to a folder, such as a mount, for one. */
    private static void makeFolder(@Nullable Path path) throws IOException {
        if (path != null && !Files.isDirectory(path)) {
            Files.createDirectories(path);
        }
    }

    private Path below(Path path) {
        return Path.of(folder.toString() + path);
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

    private static String hostPath() {
        return System.getenv().getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin");
    }
}
