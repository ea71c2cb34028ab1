package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ephemeralbuilder.spi.Ticker;
import java.math.BigDecimal;
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
import java.util.stream.Collectors;
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

    /** Between the notice of a reclaim and the loss (ecs-openapi, 2). */
    static final Duration NOTICE = Duration.ofMinutes(5);

    private final Premises premises;
    private final Ticker ticker;
    private final Executor machineThreads;
    private final MachineFactory factory;
    private final Admission admission;
    private final PriceWatch prices;
    private final SystemEvents events;
    private final Map<String, Instance> byId = new LinkedHashMap<>();
    private final Bygone<SimulatedInstance> gone = new Bygone<>();
    private long created;

    Instances(Premises premises, MachineFactory factory, Admission admission, PriceWatch prices, SystemEvents events) {
        this.premises = premises;
        this.ticker = premises.lifecycle();
        this.machineThreads = premises.machineThreads();
        this.factory = factory;
        this.admission = admission;
        this.prices = prices;
        this.events = events;
    }

    /** Makes the real part of a machine; does no I/O. */
    @FunctionalInterface
    interface MachineFactory {
        MachineRuntime create(String id, long number, RunRequest request);
    }

    Instant now() {
        return ticker.now();
    }

    /**
     * Creates as many instances as the call gets and returns their ids. Those that are to vanish, the last ones, are
     * gone before they run.
     *
     * @throws ApiError if it gets none
     */
    List<String> create(RunRequest request, Faults.Verdict verdict) {
        // Whoever deletes the image meanwhile leaves its disk to the machines that are made from it.
        Disk image = request.source == null ? null : request.source.disk;
        if (image != null && !image.hold()) {
            throw ApiError.of("InvalidImageId.NotFound", "The specified ImageId does not exist.");
        }
        try {
            return createAll(request, verdict, image);
        } finally {
            if (image != null) {
                image.release();
            }
        }
    }

    private synchronized List<String> createAll(RunRequest request, Faults.Verdict verdict, @Nullable Disk image) {
        int count = admission.admit(request, byId.values());
        int vanishing =
                verdict.effect().kind() == Faults.Kind.VANISH ? verdict.effect().machines() : 0;
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            if (image != null && !image.hold()) {
                throw new IllegalStateException("a disk that is held can be held again");
            }
            ids.add(create(request, verdict.describeLag(), count - i <= vanishing));
        }
        return ids;
    }

    private String create(RunRequest request, Duration lag, boolean vanish) {
        long number = created++;
        String id = "i-sim" + pad(Long.toUnsignedString(Draw.bits(premises.seed(), "id", number), 36));
        Instant now = now();
        Instance instance = new Instance(
                id, number, request, now, now.plus(lag), price(request, now), factory.create(id, number, request));
        byId.put(id, instance);
        Duration boot = premises.boot("boot", number);
        if (vanish) {
            instance.steps.add(ticker.schedule(boot.multipliedBy(15).dividedBy(100), () -> failCreation(instance)));
        }
        instance.steps.add(ticker.schedule(boot.multipliedBy(3).dividedBy(10), () -> vanishOrStart(instance, vanish)));
        instance.steps.add(ticker.schedule(boot, () -> run(instance)));
        arm(instance);
        PriceWatch.Bid bid = PriceWatch.bid(instance);
        if (bid != null) {
            watchPrice(instance, bid);
        }
        return id;
    }

    private BigDecimal price(RunRequest request, Instant now) {
        return request.isSpot()
                ? premises.market().price(request.type, request.zone, request.spotDuration, now)
                : request.type.price();
    }

    private static String pad(String text) {
        return "0".repeat(Math.max(0, 13 - text.length())) + text;
    }

    private synchronized void failCreation(Instance instance) {
        if (instance.state == MachineState.PENDING) {
            instance.failure = events.creationFails(instance.id, now());
        }
    }

    private synchronized void vanishOrStart(Instance instance, boolean vanish) {
        if (instance.state != MachineState.PENDING || byId.get(instance.id) != instance) {
            return;
        }
        if (vanish) {
            forget(instance);
            onMachineThread(instance, MachineRuntime::end);
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
        Instance instance = requireVisible(id);
        instance.autoRelease = time;
        arm(instance);
    }

    /**
     * Deletes instances, all or none.
     *
     * @param force whether those that run are deleted too
     */
    synchronized void delete(List<String> ids, boolean force) {
        List<Instance> chosen = ids.stream().map(this::requireVisible).toList();
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

    /**
     * Marks an instance as being taken back and releases it when the notice is over; at once if there is none. Ordered
     * again, the new time counts.
     *
     * @param locked whether the API shows it too, and not only the machine's own metadata
     */
    synchronized void reclaim(String id, Duration notice, boolean locked) {
        Instance instance = require(id);
        if (instance.state == MachineState.STOPPING) {
            return;
        }
        if (notice.isZero() || notice.isNegative()) {
            release(instance);
            return;
        }
        Instant end = now().plus(notice);
        instance.terminationTime = end;
        instance.recycling = locked;
        instance.steps.add(ticker.schedule(notice, () -> releaseAt(instance, end)));
    }

    /** Takes a notice back. */
    synchronized void withdrawReclaim(String id) {
        Instance instance = require(id);
        instance.terminationTime = null;
        instance.recycling = false;
    }

    private synchronized void releaseAt(Instance instance, Instant end) {
        if (end.equals(instance.terminationTime)) {
            release(instance);
        }
    }

    /** Takes back those machines of a type in a zone whose limit is below the new price. */
    synchronized void priceChanged(String type, String zone) {
        byId.values().stream()
                .filter(instance -> instance.request.type.name().equals(type) && instance.request.zone.equals(zone))
                .forEach(this::reclaimIfOutbid);
    }

    private void watchPrice(Instance instance, PriceWatch.Bid bid) {
        Instant now = now();
        instance.steps.add(ticker.schedule(Duration.between(now, prices.next(bid, now)), () -> {
            synchronized (this) {
                if (byId.get(instance.id) == instance && !reclaimIfOutbid(instance)) {
                    watchPrice(instance, bid);
                }
            }
        }));
    }

    private boolean reclaimIfOutbid(Instance instance) {
        PriceWatch.Bid bid = PriceWatch.bid(instance);
        boolean outbid = bid != null && instance.state != MachineState.STOPPING && prices.isOutbid(bid, now());
        if (outbid && instance.terminationTime == null) {
            reclaim(instance.id, NOTICE, true);
        }
        return outbid;
    }

    private synchronized void release(Instance instance) {
        if (instance.state == MachineState.STOPPING || byId.get(instance.id) != instance) {
            return;
        }
        cancelTimers(instance);
        instance.state = MachineState.STOPPING;
        instance.ended = now();
        onMachineThread(instance, MachineRuntime::end);
        instance.steps.add(ticker.schedule(STOPPING, () -> forget(instance)));
    }

    private synchronized void forget(Instance instance) {
        cancelTimers(instance);
        if (byId.remove(instance.id, instance)) {
            gone.add(instance.number, instance.snapshot(now(), true));
        }
        if (instance.failure != null) {
            events.finish(instance.failure, now());
        }
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

    /** Returns all that there ever were, as far as they are remembered, oldest first. */
    synchronized List<SimulatedInstance> ever() {
        Instant now = now();
        return gone.with(byId.values().stream()
                .collect(Collectors.toMap(instance -> instance.number, instance -> instance.snapshot(now, false))));
    }

    /** Calls a function with those that match, oldest first, while nothing can change them. */
    synchronized <T> List<T> select(Predicate<Instance> filter, Function<Instance, T> map) {
        return byId.values().stream().filter(filter).map(map).toList();
    }

    /** Like {@link #select}, of those that calls see already. */
    synchronized <T> List<T> selectVisible(Predicate<Instance> filter, Function<Instance, T> map) {
        Instant now = now();
        return select(filter.and(instance -> !now.isBefore(instance.visibleFrom)), map);
    }

    /** Returns how many addresses of a vSwitch are free. */
    synchronized int freeAddresses(String vSwitch) {
        return admission.freeAddresses(vSwitch, byId.values());
    }

    /** Writes instances as the API does, also those that went meanwhile. */
    synchronized List<ObjectNode> json(List<Instance> chosen, Region region) {
        return chosen.stream().map(instance -> instance.json(region)).toList();
    }

    /** Adds tags to instances, all or none. */
    synchronized void tag(List<String> ids, Map<String, String> tags) {
        List<Instance> chosen = ids.stream().map(this::requireVisible).toList();
        chosen.forEach(instance -> instance.tags.putAll(tags));
    }

    /** Takes the tags with certain keys from instances, from all or none. */
    synchronized void untag(List<String> ids, Predicate<String> keys) {
        List<Instance> chosen = ids.stream().map(this::require).toList();
        chosen.forEach(instance -> instance.tags.keySet().removeIf(keys));
    }

    /** Returns an instance, whether calls see it yet or not. */
    synchronized Instance require(String id) {
        Instance instance = byId.get(id);
        if (instance == null) {
            throw notFound();
        }
        return instance;
    }

    /** Returns an instance that calls see. */
    synchronized Instance requireVisible(String id) {
        Instance instance = require(id);
        if (now().isBefore(instance.visibleFrom)) {
            throw notFound();
        }
        return instance;
    }

    /** Returns an instance that runs. */
    synchronized Instance requireRunning(String id) {
        Instance instance = requireVisible(id);
        if (instance.state != MachineState.RUNNING) {
            throw ApiError.of("IncorrectInstanceStatus", "The current status of the instance does not support this.");
        }
        return instance;
    }

    private static ApiError notFound() {
        return ApiError.of("InvalidInstanceId.NotFound", "The specified InstanceId does not exist.");
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
