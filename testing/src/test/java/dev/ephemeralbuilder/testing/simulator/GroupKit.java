package dev.ephemeralbuilder.testing.simulator;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Makes container groups of real processes for tests, and ends them all. */
final class GroupKit implements AutoCloseable {
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05.000000006Z");

    private final Path folder;
    private final List<GroupRuntime> groups = new ArrayList<>();
    private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();

    private final MachineProcesses processes = MachineProcesses.create();
    private final Map<String, String> environment = new HashMap<>(processes.environment());

    GroupKit(Path folder) {
        this.folder = folder;
        environment.put("CLOUD", "yes");
    }

    /** Returns the processes of all groups of this kit. */
    List<MachineProcess> processes() {
        return processes.list();
    }

    /** Returns a group of containers, none of which runs. */
    GroupRuntime group(List<ContainerOrder> containers, List<VolumeOrder> volumes) {
        return group(containers, volumes, null);
    }

    GroupRuntime group(List<ContainerOrder> containers, List<VolumeOrder> volumes, @Nullable Namespaces namespaces) {
        String id = "eci-" + groups.size();
        GroupRuntime group = new GroupRuntime(
                id,
                "127.2.0.1",
                folder.resolve(id),
                containers,
                volumes,
                environment,
                namespaces,
                () -> NOW,
                (container, code) -> ends.add(container + " " + code));
        groups.add(group);
        return group;
    }

    /** Returns a group whose one container, {@code build}, runs a shell command. */
    GroupRuntime running(String command) throws Exception {
        GroupRuntime group = group(List.of(container("build", command)), List.of());
        group.start("build");
        return group;
    }

    static ContainerOrder container(String name, String command, ContainerOrder.Mount... mounts) {
        return new ContainerOrder(
                name, "image", List.of("sh", "-c"), List.of(command), Map.of("MINE", "set"), null, List.of(mounts));
    }

    /** Waits for the next end of a container and returns its name and exit code. */
    @Nullable String nextEnd() throws InterruptedException {
        return ends.poll(20, TimeUnit.SECONDS);
    }

    /** Returns ends that nobody has waited for. */
    List<String> otherEnds() {
        return List.copyOf(ends);
    }

    @Override
    public void close() {
        GroupRuntime.endAll(groups);
    }
}
