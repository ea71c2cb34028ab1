package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All instances and their life cycle on the cloud's clock: Pending, Starting after 30 % of the boot time, Running after
 * all of it; once released Stopping for a second, then gone. The cap and a reclaim release. These times are made up;
 * the order of states is documented (ecs-openapi, 6.3).
 *
 * <p>Its lock guards state alone; machines start and end on other threads.
 */
final class Instances {
    private static final Logger log = LoggerFactory.getLogger(Instances.class);
    private static final Duration STOPPING = Duration.ofSeconds(1);

    private final long seed;
    private final Ticker ticker;
    private final Executor machineThreads;
    private final MachineFactory factory;
    private final Duration bootMin;
    private final Duration bootMax;
    private final Map<String, Instance> byId = new LinkedHashMap<>();
    private long created;

    Instances(
            long seed,
            Ticker ticker,
            Executor machineThreads,
            MachineFactory factory,
            Duration bootMin,
            Duration bootMax) {
        this.seed = seed;
        this.ticker = ticker;
        this.machineThreads = machineThreads;
        this.factory = factory;
        this.bootMin = bootMin;
        this.bootMax = bootMax;
    }

    /** Makes the real part of a machine; does no I/O. */
    @FunctionalInterface
    interface MachineFactory {
        MachineRuntime create(String id, long number, byte[] userData);
    }

    Instant now() {
        return ticker.now();
    }

    /** Creates instances and returns their ids; if they vanish, they are gone before they run. */
    synchronized List<String> create(RunRequest request, int count, boolean vanish) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long number = created++;
            String id = "i-sim" + pad(Long.toUnsignedString(Draw.bits(seed, "id", number), 36));
            Instance instance = new Instance(id, number, request, now(), factory.create(id, number, request.userData));
            byId.put(id, instance);
            ids.add(id);
            Duration boot =
                    bootMin.plusNanos((long) (bootMax.minus(bootMin).toNanos() * Draw.unit(seed, "boot", number)));
            Duration starting = Duration.ofNanos(boot.toNanos() * 3 / 10);
            instance.steps.add(ticker.schedule(starting, () -> vanishOrStart(instance, vanish)));
            instance.steps.add(ticker.schedule(boot, () -> run(instance)));
            arm(instance);
        }
        return ids;
    }

    private static String pad(String text) {
        return "0".repeat(Math.max(0, 13 - text.length())) + text;
    }

    private synchronized void vanishOrStart(Instance instance, boolean vanish) {
        if (instance.state != MachineState.PENDING) {
            return;
        }
        if (vanish) {
            forget(instance);
        } else {
            instance.state = MachineState.STARTING;
        }
    }

    private synchronized void run(Instance instance) {
        if (instance.state == MachineState.STARTING) {
            instance.state = MachineState.RUNNING;
            instance.started = now();
            onMachineThread(instance, MachineRuntime::boot);
        }
    }

    private void arm(Instance instance) {
        if (instance.cap != null) {
            instance.cap.cancel();
            instance.cap = null;
        }
        Instant at = instance.autoRelease;
        if (at != null) {
            instance.cap = ticker.schedule(Duration.between(now(), at), () -> {
                log.debug("{} reached its cap", instance.id);
                release(instance);
            });
        }
    }

    /** Sets or, with null, cancels the time at which the cloud ends an instance. */
    synchronized void setAutoRelease(String id, @Nullable Instant time) {
        Instance instance = require(id);
        instance.autoRelease = time;
        arm(instance);
    }

    /**
     * Deletes instances, all or none.
     *
     * @param force whether those that run are deleted too
     */
    synchronized void delete(List<String> ids, boolean force) {
        List<Instance> chosen = ids.stream().map(this::require).toList();
        for (Instance instance : chosen) {
            if (instance.state == MachineState.PENDING) {
                throw ApiError.of(
                        "IncorrectInstanceStatus.Initializing", "The specified instance status does not support this.");
            }
            if (instance.state != MachineState.STOPPING && !force) {
                throw ApiError.of("IncorrectInstanceStatus", "The instance must be stopped, or deleted with Force.");
            }
            if (instance.request.deletionProtection) {
                throw ApiError.of("InvalidOperation.DeletionProtection", "The instance has deletion protection.");
            }
        }
        chosen.forEach(this::release);
    }

    /** Marks an instance as being taken back and releases it when the notice is over. */
    synchronized void reclaim(String id, Duration notice) {
        Instance instance = require(id);
        instance.recycling = true;
        instance.steps.add(ticker.schedule(notice, () -> release(instance)));
    }

    private synchronized void release(Instance instance) {
        if (instance.state == MachineState.STOPPING || byId.get(instance.id) != instance) {
            return;
        }
        cancelTimers(instance);
        instance.state = MachineState.STOPPING;
        onMachineThread(instance, MachineRuntime::end);
        instance.steps.add(ticker.schedule(STOPPING, () -> forget(instance)));
    }

    private synchronized void forget(Instance instance) {
        cancelTimers(instance);
        byId.remove(instance.id, instance);
    }

    private static void cancelTimers(Instance instance) {
        instance.steps.forEach(Ticker.Scheduled::cancel);
        instance.steps.clear();
        if (instance.cap != null) {
            instance.cap.cancel();
            instance.cap = null;
        }
    }

    private void onMachineThread(Instance instance, Consumer<MachineRuntime> action) {
        try {
            machineThreads.execute(Threads.guarded(() -> action.accept(instance.runtime)));
        } catch (RejectedExecutionException e) {
            // The simulator is closing, and ends every machine itself.
            log.debug("{} is left to the end of the simulator", instance.id);
        }
    }

    /** Calls a function with those that match, oldest first, while nothing can change them. */
    synchronized <T> List<T> select(Predicate<Instance> filter, Function<Instance, T> map) {
        return byId.values().stream().filter(filter).map(map).toList();
    }

    /** Writes instances as the API does, also those that went meanwhile. */
    synchronized List<ObjectNode> json(List<Instance> chosen, Region region) {
        return chosen.stream().map(instance -> instance.json(region)).toList();
    }

    /** Adds tags to instances, all or none. */
    synchronized void tag(List<String> ids, Map<String, String> tags) {
        List<Instance> chosen = ids.stream().map(this::require).toList();
        chosen.forEach(instance -> instance.tags.putAll(tags));
    }

    /** Takes the tags with certain keys from instances, from all or none. */
    synchronized void untag(List<String> ids, Predicate<String> keys) {
        List<Instance> chosen = ids.stream().map(this::require).toList();
        chosen.forEach(instance -> instance.tags.keySet().removeIf(keys));
    }

    synchronized Instance require(String id) {
        Instance instance = byId.get(id);
        if (instance == null) {
            throw ApiError.of("InvalidInstanceId.NotFound", "The specified InstanceId does not exist.");
        }
        return instance;
    }

    /** Forgets all and returns their machines, for the end of the simulator. */
    synchronized List<MachineRuntime> clear() {
        List<MachineRuntime> machines =
                byId.values().stream().map(instance -> instance.runtime).toList();
        byId.values().forEach(Instances::cancelTimers);
        byId.clear();
        return machines;
    }
}
