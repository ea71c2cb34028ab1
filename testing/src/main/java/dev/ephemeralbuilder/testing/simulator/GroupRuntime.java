package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of a container group that is real: the volumes on disk and the containers' processes. Each container has a
 * folder of its own, which is its home, and the environment that {@link LocalMachine} gives, with the order's variables
 * on top. Its command runs without a shell around it. When that ends, everything else of the container is killed.
 *
 * <p>Without namespaces a mount such as {@code /config} is a link in the container's folder, and nothing else of the
 * command knows: of its items, and of those of {@link #exec}, the ones that are a mount's path or begin with one and a
 * slash get the container's folder in front; what stands in the middle of an item, in a file or in a variable stays as
 * it is. A working directory is below the container's folder too. That a mount is read-only is not enforced there.
 *
 * <p>With namespaces the mounts are where the order says, read-only where it says so, and items stay as they are; a
 * folder of the host in which a mount has no place yet gets one that only the container sees. The containers share one
 * network, whose only interface is a loopback, and a host name; each has its own processes and its own {@code /tmp}. As
 * with {@link Isolation#NAMESPACES} all else of the host is seen, whatever the image is.
 *
 * <p>As with all machines of the simulator this is no sandbox. Unlike process 1 of a real container, a first process
 * that does not handle SIGTERM ends by it.
 *
 * <p>Safe for use by many threads.
 */
final class GroupRuntime {
    private static final Logger log = LoggerFactory.getLogger(GroupRuntime.class);

    private final String id;
    private final String address;
    private final Path folder;
    private final GroupVolumes volumes;
    private final @Nullable LocalMachine shared;
    private final Map<String, Container> containers = new LinkedHashMap<>();
    private final Listener listener;
    private final ExecutorService threads =
            Executors.newCachedThreadPool(Threads.numbered("ephemeral-simulator-container"));
    private final ScheduledThreadPoolExecutor timer =
            new ScheduledThreadPoolExecutor(1, Threads.named("ephemeral-simulator-container-timer"));
    private boolean created;
    private volatile boolean terminating;
    private volatile boolean ended;

    /** Told what becomes of containers, on a thread of the group. */
    interface Listener {
        /**
         * The first process of a container has ended by itself, by {@link #terminate} or for a reason of its own; not
         * by {@link #end}.
         *
         * @param exitCode 128 and the signal's number if a signal ended it
         */
        void ended(String container, int exitCode);
    }

    /**
     * Creates a group of which nothing runs yet. Touches no file.
     *
     * @param folder made by the first start and deleted with the group
     * @param namespaces what the containers share, or null for none
     */
    GroupRuntime(
            String id,
            String address,
            Path folder,
            List<ContainerOrder> containers,
            List<VolumeOrder> volumes,
            Map<String, String> machineEnvironment,
            @Nullable Namespaces namespaces,
            Supplier<Instant> cloudTime,
            Listener listener) {
        this.id = id;
        this.address = address;
        this.folder = folder.toAbsolutePath().normalize();
        this.volumes = new GroupVolumes(this.folder.resolve("volumes"), volumes);
        this.listener = listener;
        this.shared = namespaces == null
                ? null
                : new LocalMachine(this.folder.resolve("shared"), id, "root", machineEnvironment, namespaces);
        Container.Isolation isolation = namespaces == null ? null : mounts -> namespaces.withMounts(mounts);
        for (ContainerOrder order : containers) {
            Path home = home(order.name());
            Container container =
                    new Container(id, order, home, this.volumes, machineEnvironment, isolation, threads, cloudTime);
            if (this.containers.put(order.name(), container) != null) {
                throw new IllegalArgumentException("two containers of one name");
            }
        }
    }

    /** Returns the home folder of a container; it is there when the container has been started. */
    Path home(String container) {
        return folder.resolve("containers").resolve(container);
    }

    String id() {
        return id;
    }

    String address() {
        return address;
    }

    /**
     * Starts a container, for the first time or again after it has ended.
     *
     * @throws IOException if it cannot start; the message is what a runtime would say
     */
    void start(String container) throws IOException {
        Container started = container(container);
        createOnce();
        if (terminating) {
            throw new IOException("the group is ending");
        }
        started.start(code -> {
            log.debug("Container {} of {} has ended with {}", container, id, code);
            if (!ended) {
                listener.ended(container, code);
            }
        });
        log.debug("Container {} of {} runs", container, id);
    }

    // The lock is about this: containers that start at once wait for their volumes.
    private synchronized void createOnce() throws IOException {
        if (ended) {
            throw new IOException("the group is gone");
        }
        if (!created) {
            Files.createDirectories(folder);
            volumes.create();
            if (shared != null) {
                shared.hold();
            }
            created = true;
        }
    }

    /** Returns what a container's first process wrote, over all its starts. */
    ContainerLog log(String container) {
        return container(container).log();
    }

    /** Adds to the log of the first container, as if its first process had written it. */
    void say(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        containers.values().iterator().next().log().append(bytes, bytes.length);
    }

    /**
     * Runs a command in a container, in a session of its own. The caller must read its output, which is both outputs as
     * one, and close its input; ending both streams ends nothing else.
     *
     * @throws IOException if the container is not running or the program is not there; the message is what a runtime
     *     would say
     */
    Process exec(String container, List<String> command) throws IOException {
        return container(container).exec(command);
    }

    /** Like {@link #exec}, on a terminal; the end of its input is Ctrl-D. */
    Process terminal(String container, List<String> command) throws IOException {
        return container(container).terminal(command);
    }

    /**
     * Sends SIGTERM to each container's first process, and after a time by the wall clock SIGKILL to everything. Nothing
     * can be started any more. Blocks for as long as sending takes.
     */
    void terminate(Duration grace) {
        terminating = true;
        containers.values().forEach(Container::terminate);
        try {
            var unused = timer.schedule(
                    Threads.guarded(() -> LocalMachine.killAll(machines())), grace.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("{} is gone already", id);
        }
    }

    private List<LocalMachine> machines() {
        return containers.values().stream()
                .map(Container::machine)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Kills everything at once and deletes the folder. Nobody is told of an end after this. May be called again. */
    void end() {
        endAll(List.of(this));
    }

    /** Like {@link #end}, for many groups in one go. */
    static void endAll(Collection<GroupRuntime> groups) {
        List<LocalMachine> left = new ArrayList<>();
        groups.forEach(group -> left.addAll(group.condemn()));
        LocalMachine.killAll(left);
        groups.forEach(GroupRuntime::clear);
    }

    private synchronized List<LocalMachine> condemn() {
        ended = true;
        timer.shutdownNow();
        return Stream.concat(containers.values().stream().map(Container::condemn), Stream.ofNullable(shared))
                .filter(Objects::nonNull)
                .toList();
    }

    private void clear() {
        // Not at once: its threads see the end of what was killed, which is also theirs.
        threads.shutdown();
        MachineRuntime.delete(folder);
        log.debug("{} is gone", id);
    }

    private Container container(String name) {
        Container container = containers.get(name);
        if (container == null) {
            throw new IllegalArgumentException("no container " + name + " in " + id);
        }
        return container;
    }

    @Override
    public String toString() {
        return "GroupRuntime[" + id + "]";
    }
}
