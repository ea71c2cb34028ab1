package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens inside of groups: images are pulled, containers start, end and start again. A pull that fails is tried
 * again after 10 s, 20 s and so on up to 5 min, as Kubernetes does it; so is the start of a container that ended and that
 * the group's policy starts again. Events and reasons are those of Kubernetes; ECI's are [unconfirmed].
 *
 * <p>State is guarded by the lock of the {@link Groups}.
 */
final class GroupWorks {
    private static final Logger log = LoggerFactory.getLogger(GroupWorks.class);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(10);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
    private static final int MAX_DOUBLINGS = 5;

    private final Groups groups;
    private final Premises premises;
    private final SimulatedImages images;

    GroupWorks(Groups groups, Premises premises, SimulatedImages images) {
        this.groups = groups;
        this.premises = premises;
        this.images = images;
    }

    /** Begins to pull the images of a group that is Pending now. */
    void pullAll(Group group, Duration rest) {
        group.containers.forEach(container -> pull(group, container, rest));
    }

    private void pull(Group group, GroupContainer container, Duration rest) {
        String name = container.spec.order().image();
        SimulatedImage image = images.find(name);
        ImageCaches.Cache cache = group.cache;
        boolean cached = cache != null && cache.images.contains(name);
        Duration takes = image == null || cached ? rest : rest.plus(image.takes());
        Instant now = groups.now();
        if (cache != null && cached) {
            group.normal("ImageCached", "Image \"" + name + "\" comes from " + cache.id, now);
        } else {
            group.normal("Pulling", "Pulling image \"" + name + "\"", now);
        }
        groups.step(
                group, takes, () -> pulled(group, container, cached ? null : images.pull(name, group.request.logins)));
    }

    private void pulled(Group group, GroupContainer container, @Nullable String failure) {
        if (group.status() != GroupStatus.PENDING) {
            return;
        }
        String name = container.spec.order().image();
        Instant now = groups.now();
        if (failure == null) {
            group.normal("Pulled", "Successfully pulled image \"" + name + "\"", now);
            container.pulled = true;
            if (group.containers.stream().allMatch(each -> each.pulled)) {
                onMachineThread(group, runtime -> startAll(group));
            }
            return;
        }
        String message = "rpc error: code = Unknown desc = " + failure;
        container.state = ContainerState.waiting("ErrImagePull", message);
        group.warn("Failed", "Failed to pull image \"" + name + "\": " + message, now);
        group.warn("Failed", "Error: ErrImagePull", now);
        Duration pause = pause(container.failedPulls++);
        groups.step(group, pause.dividedBy(2), () -> {
            if (group.status() == GroupStatus.PENDING) {
                String text = "Back-off pulling image \"" + name + "\"";
                container.state = ContainerState.waiting("ImagePullBackOff", text);
                group.normal("BackOff", text, groups.now());
                group.warn("Failed", "Error: ImagePullBackOff", groups.now());
            }
        });
        groups.step(group, pause, () -> {
            if (group.status() == GroupStatus.PENDING) {
                pull(group, container, Duration.ZERO);
            }
        });
    }

    private static Duration pause(int before) {
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(MAX_DOUBLINGS, before));
        return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }

    private void startAll(Group group) {
        for (GroupContainer container : group.containers) {
            start(group, container);
        }
        synchronized (groups) {
            if (group.status() == GroupStatus.PENDING) {
                group.become(GroupStatus.RUNNING, groups.now());
                settle(group);
            }
        }
    }

    private void start(Group group, GroupContainer container) {
        String failure = null;
        synchronized (groups) {
            if (!group.status().isAlive() || group.status() == GroupStatus.TERMINATING) {
                return;
            }
            // Before the process runs: its end may come at once.
            container.state = ContainerState.running(groups.now());
        }
        try {
            if (container.order.command().isEmpty()) {
                throw new IOException("the simulator does not know the entry point of this image: see"
                        + " SimulatedImage.entryPoint");
            }
            if (container.previous == null) {
                prepare(group.runtime.home(container.name()));
            }
            group.runtime.start(container.name());
        } catch (IOException e) {
            failure = "failed to create containerd task: failed to create shim task: " + e.getMessage();
        }
        synchronized (groups) {
            Instant now = groups.now();
            if (!group.status().isAlive()) {
                return;
            }
            if (failure == null) {
                group.normal("Started", "Started container " + container.name(), now);
            } else {
                container.state = ContainerState.notStarted(failure, now);
                group.warn("Failed", "Error: " + failure, now);
                // It may have been deleted meanwhile.
                groups.forgetIfEnded(group);
            }
        }
    }

    private void prepare(Path home) throws IOException {
        premises.hook().prepare(Files.createDirectories(home));
    }

    /** A container's first process has ended. */
    void ended(String id, String name, int code) {
        synchronized (groups) {
            Group group = groups.find(id);
            if (group == null || !group.status().isAlive()) {
                return;
            }
            GroupContainer container = group.container(name);
            container.state = container.state.ended(code, groups.now());
            group.touch(groups.now());
            if (group.status() == GroupStatus.RUNNING) {
                settle(group);
            } else if (group.status() == GroupStatus.TERMINATING) {
                groups.forgetIfEnded(group);
            }
        }
    }

    /** Starts again what is to be started again, and ends the group if all has ended for good. */
    private void settle(Group group) {
        boolean over = true;
        for (GroupContainer container : group.containers) {
            if (!container.state.isTerminated() || restarts(group, container)) {
                over = false;
            }
            if (container.state.isTerminated() && restarts(group, container)) {
                restartLater(group, container);
            }
        }
        if (over) {
            groups.finish(group, allSucceeded(group) ? GroupStatus.SUCCEEDED : GroupStatus.FAILED);
        }
    }

    private static boolean allSucceeded(Group group) {
        return group.containers.stream()
                .allMatch(container -> Integer.valueOf(0).equals(container.state.exitCode()));
    }

    private static boolean restarts(Group group, GroupContainer container) {
        return switch (group.request.restartPolicy) {
            case "Always" -> true;
            case "OnFailure" -> !Integer.valueOf(0).equals(container.state.exitCode());
            default -> false;
        };
    }

    private void restartLater(Group group, GroupContainer container) {
        Duration pause = pause(container.restarts);
        container.previous = container.state;
        container.state = ContainerState.waiting(
                "CrashLoopBackOff", "back-off " + pause.toSeconds() + "s restarting failed container");
        container.restarts++;
        group.warn("BackOff", "Back-off restarting failed container", groups.now());
        groups.step(group, pause, () -> {
            if (group.status() == GroupStatus.RUNNING) {
                onMachineThread(group, runtime -> {
                    start(group, container);
                    synchronized (groups) {
                        if (group.status() == GroupStatus.RUNNING) {
                            settle(group);
                        }
                    }
                });
            }
        });
    }

    /** Does what takes time. */
    void onMachineThread(Group group, Consumer<GroupRuntime> action) {
        try {
            premises.machineThreads().execute(Threads.guarded(() -> action.accept(group.runtime)));
        } catch (RejectedExecutionException e) {
            // The simulator is closing, and ends every group itself.
            log.debug("{} is left to the end of the simulator", group.id);
        }
    }
}
