package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All container groups and their life cycle on the cloud's clock (eci-openapi, 4): Scheduling; Pending after 30 % of the
 * boot time, which is billed; Running once the images are pulled, the rest of the boot time at least, and the containers
 * were started; then Succeeded, Failed or Expired, as a record for an hour and among the latest hundred after that.
 * Deleted groups are Terminating, at most for their grace, and then gone. These times are made up. [unconfirmed]: the
 * deadline counts from the create call, a group that was Pending for too long is Failed, and Pending and Scheduling
 * groups can be deleted.
 *
 * <p>Its lock guards state alone; containers start and end on other threads.
 */
final class Groups {
    /** Between the notice of a reclaim and the loss (eci-openapi, 7). */
    static final Duration NOTICE = Duration.ofMinutes(3);

    private static final Logger log = LoggerFactory.getLogger(Groups.class);
    private static final Duration LEAST_TERMINATING = Duration.ofSeconds(1);

    private final Premises premises;
    private final Ticker ticker;
    private final GroupAdmission admission;
    private final PriceWatch prices;
    private final ImageCaches caches;
    private final SimulatedImages images;
    private final RuntimeFactory factory;
    private final GroupWorks works;
    private final Map<String, Group> byId = new LinkedHashMap<>();
    private final GroupRecords gone = new GroupRecords();
    private long created;

    Groups(
            Premises premises,
            GroupAdmission admission,
            PriceWatch prices,
            SimulatedImages images,
            ImageCaches caches,
            RuntimeFactory factory) {
        this.premises = premises;
        this.ticker = premises.lifecycle();
        this.admission = admission;
        this.prices = prices;
        this.caches = caches;
        this.images = images;
        this.factory = factory;
        this.works = new GroupWorks(this, premises, images);
    }

    /** Makes the real part of a group; does no I/O. */
    @FunctionalInterface
    interface RuntimeFactory {
        GroupRuntime create(
                String id,
                long number,
                List<ContainerOrder> containers,
                GroupRequest request,
                GroupRuntime.Listener listener);
    }

    Instant now() {
        return ticker.now();
    }

    /**
     * Creates a group and returns its id.
     *
     * @throws ApiError if there is no place for it
     */
    String create(GroupRequest request, Faults.Verdict verdict) {
        return create(request, verdict, null);
    }

    /**
     * Creates a group and returns its id.
     *
     * @param making the cache that the group is there to make, null for a group of a user
     * @throws ApiError if there is no place for it
     */
    synchronized String create(GroupRequest request, Faults.Verdict verdict, ImageCaches.@Nullable Cache making) {
        Instant now = now();
        ImageCaches.Cache cache = caches.use(request, now);
        GroupPlace place = admission.admit(request, created, byId.values(), now);
        long number = created++;
        String id = "eci-sim" + pad(Long.toUnsignedString(Draw.bits(premises.seed(), "group", number), 36));
        List<ContainerOrder> orders = request.containers.stream()
                .map(container -> images.complete(container.order()))
                .toList();
        GroupRuntime runtime = factory.create(id, number, orders, request, (name, code) -> works.ended(id, name, code));
        Group group = new Group(
                id, number, request, place, now, now.plus(verdict.describeLag()), orders, runtime, cache, making);
        byId.put(id, group);
        Duration boot = premises.boot("groupBoot", number);
        boolean vanish = verdict.effect().kind() == Faults.Kind.VANISH
                && verdict.effect().machines() > 0;
        step(group, boot.multipliedBy(3).dividedBy(10), () -> {
            if (vanish) {
                failSchedule(group);
            } else {
                schedule(group, boot.multipliedBy(7).dividedBy(10));
            }
        });
        if (request.deadline != null) {
            step(group, request.deadline, () -> endByCloud(group, "DeadlineExceeded", "The deadline is over."));
        }
        PriceWatch.Bid bid = PriceWatch.bid(group);
        if (bid != null) {
            watchPrice(group, bid);
        }
        return id;
    }

    private static String pad(String text) {
        return "0".repeat(Math.max(0, 13 - text.length())) + text;
    }

    /** Runs a step of a group's life later, under the lock, if the group is alive then. */
    void step(Group group, Duration delay, Runnable action) {
        group.steps.add(ticker.schedule(delay, () -> {
            synchronized (this) {
                if (group.status().isAlive()) {
                    action.run();
                }
            }
        }));
    }

    private void failSchedule(Group group) {
        Instant now = now();
        group.reason = "ContainerGroup.NoStock";
        group.message = "The resource is out of stock.";
        group.warnOfCloud("NoStock", "Create ECI failed because the specified instance is out of stock.", now);
        finish(group, GroupStatus.SCHEDULE_FAILED);
    }

    private void schedule(Group group, Duration rest) {
        Instant now = now();
        group.become(GroupStatus.PENDING, now);
        group.normal("Scheduled", "Successfully assigned to the cloud.", now);
        step(group, group.request.maxPending, () -> {
            if (group.status() == GroupStatus.PENDING) {
                endByCloud(group, "PendingTimeout", "The group was pending for too long.");
            }
        });
        works.pullAll(group, rest);
    }

    private void endByCloud(Group group, String reason, String message) {
        if (group.status() == GroupStatus.TERMINATING) {
            return;
        }
        group.reason = reason;
        group.message = message;
        group.warnOfCloud(reason, message, now());
        kill(group, GroupStatus.FAILED);
    }

    /** Ends a group with whatever runs in it. */
    private void kill(Group group, GroupStatus status) {
        Instant now = now();
        for (GroupContainer container : group.containers) {
            if (container.state.isRunning()) {
                container.state = container.state.killed(status == GroupStatus.EXPIRED ? "Expired" : "Error", now);
            }
        }
        finish(group, status);
    }

    /** Makes a group a record; under the lock. */
    void finish(Group group, GroupStatus status) {
        Instant now = now();
        cancelTimers(group);
        group.become(status, now);
        group.finished = now;
        works.onMachineThread(group, GroupRuntime::end);
        group.steps.add(ticker.schedule(GroupRecords.kept(status), this::forgetOldRecords));
        log.debug("{} is {}", group.id, status.text());
        if (group.making != null) {
            caches.finish(group.making, status == GroupStatus.SUCCEEDED);
            forget(group);
        }
    }

    private synchronized void forgetOldRecords() {
        GroupRecords.tooOld(byId.values(), now()).forEach(this::forget);
    }

    /**
     * Deletes a group; one that is Terminating already stays so.
     *
     * @param force whether its containers get no grace
     */
    synchronized void delete(String id, boolean force) {
        Group group = requireVisible(id);
        if (group.status() == GroupStatus.TERMINATING) {
            return;
        }
        if (!group.status().isAlive()) {
            forget(group);
            return;
        }
        boolean runs = group.containers.stream().anyMatch(container -> container.state.isRunning());
        cancelTimers(group);
        group.become(GroupStatus.TERMINATING, now());
        Duration grace = runs && !force ? group.request.grace : Duration.ZERO;
        works.onMachineThread(group, runtime -> runtime.terminate(grace));
        Duration most = grace.compareTo(LEAST_TERMINATING) > 0 ? grace : LEAST_TERMINATING;
        group.terminatingUntil = now().plus(LEAST_TERMINATING);
        group.steps.add(ticker.schedule(LEAST_TERMINATING, () -> forgetIfEnded(group)));
        group.steps.add(ticker.schedule(most, () -> forget(group)));
    }

    /** Lets a group that is Terminating go once nothing runs in it. */
    synchronized void forgetIfEnded(Group group) {
        Instant until = group.terminatingUntil;
        if (group.status() == GroupStatus.TERMINATING
                && until != null
                && !now().isBefore(until)
                && group.containers.stream().noneMatch(container -> container.state.isRunning())) {
            forget(group);
        }
    }

    private synchronized void forget(Group group) {
        if (!byId.remove(group.id, group)) {
            return;
        }
        cancelTimers(group);
        group.become(GroupStatus.GONE, now());
        gone.add(group, now());
        if (group.finished == null) {
            works.onMachineThread(group, GroupRuntime::end);
            if (group.making != null) {
                caches.finish(group.making, false);
            }
        }
    }

    /**
     * Takes a group back: an event now, and when the notice is over Expired, or Failed as older documents say. Without
     * notice the event comes with the end. Ordered again, the new time counts, and the event comes again.
     *
     * @param status what it is then
     */
    synchronized void reclaim(String id, Duration notice, GroupStatus status) {
        Group group = require(id);
        if (!group.status().isAlive() || group.status() == GroupStatus.TERMINATING) {
            return;
        }
        Instant end = now().plus(notice);
        group.reclaimedAt = end;
        if (notice.isZero() || notice.isNegative()) {
            loseSpot(group, status);
            return;
        }
        group.warnOfCloud(
                GroupEvent.SPOT, "Spot ECI will be released in " + Math.max(1, notice.toMinutes()) + " minutes", now());
        step(group, notice, () -> {
            if (end.equals(group.reclaimedAt)) {
                loseSpot(group, status);
            }
        });
    }

    /** Lets a group live that was to be taken back; the event of it stays. */
    synchronized void withdrawReclaim(String id) {
        require(id).reclaimedAt = null;
    }

    private void loseSpot(Group group, GroupStatus status) {
        if (group.status() == GroupStatus.TERMINATING) {
            return;
        }
        group.reason = status == GroupStatus.EXPIRED ? "ContainerInstanceExpired" : "BidFailed";
        group.message = "The pod is spot instance, and have been released at " + Parameters.seconds(now());
        kill(group, status);
    }

    /** Takes back those groups of a type in a zone whose limit is below the new price. */
    synchronized void priceChanged(String type, String zone) {
        for (Group group : List.copyOf(byId.values())) {
            Catalogue.Type own = group.place.type();
            if (own != null && own.name().equals(type) && group.place.zone().equals(zone)) {
                reclaimIfOutbid(group);
            }
        }
    }

    private void watchPrice(Group group, PriceWatch.Bid bid) {
        Instant now = now();
        step(group, Duration.between(now, prices.next(bid, now)), () -> {
            if (!reclaimIfOutbid(group)) {
                watchPrice(group, bid);
            }
        });
    }

    private boolean reclaimIfOutbid(Group group) {
        PriceWatch.Bid bid = PriceWatch.bid(group);
        boolean outbid = bid != null && prices.isOutbid(bid, now());
        if (outbid && group.reclaimedAt == null) {
            reclaim(group.id, NOTICE, GroupStatus.EXPIRED);
        }
        return outbid;
    }

    private static void cancelTimers(Group group) {
        group.steps.forEach(Ticker.Scheduled::cancel);
        group.steps.clear();
    }

    /** Calls a function with those that match, oldest first, while nothing can change them. */
    synchronized <T> List<T> select(Predicate<Group> filter, Function<Group, T> map) {
        return byId.values().stream().filter(filter).map(map).toList();
    }

    /** Like {@link #select}, of those that calls see already. */
    synchronized <T> List<T> selectVisible(Predicate<Group> filter, Function<Group, T> map) {
        Instant now = now();
        return select(filter.and(group -> !now.isBefore(group.visibleFrom)), map);
    }

    /** Calls a function with those that are not gone meanwhile. */
    synchronized <T> List<T> write(List<Group> chosen, Function<Group, T> map) {
        return chosen.stream()
                .filter(group -> group.status() != GroupStatus.GONE)
                .map(map)
                .toList();
    }

    /** Returns all that there ever were, as far as they are remembered. */
    synchronized List<SimulatedGroup> ever() {
        return gone.with(byId.values(), now());
    }

    /** Returns the vCPUs of all groups that are alive. */
    synchronized double vcpus() {
        return GroupAdmission.vcpus(byId.values());
    }

    /**
     * Adds tags to groups, all or none.
     *
     * @param most how many a group may have
     */
    synchronized void tag(Collection<String> ids, Map<String, String> tags, int most) {
        List<Group> chosen = ids.stream().map(this::requireVisible).toList();
        for (Group group : chosen) {
            Map<String, String> together = new LinkedHashMap<>(group.tags);
            together.putAll(tags);
            ContainerParameters.atMost(most, together.size(), "Tag");
        }
        chosen.forEach(group -> group.tags.putAll(tags));
    }

    /** Takes the tags with certain keys from groups, from all or none. */
    synchronized void untag(Collection<String> ids, Predicate<String> keys) {
        List<Group> chosen = ids.stream().map(this::requireVisible).toList();
        chosen.forEach(group -> group.tags.keySet().removeIf(keys));
    }

    /** Returns a group, or null if there is none. */
    synchronized @Nullable Group find(String id) {
        return byId.get(id);
    }

    /** Returns a group, whether calls see it yet or not. */
    synchronized Group require(String id) {
        Group group = byId.get(id);
        if (group == null) {
            throw notFound();
        }
        return group;
    }

    /** Returns a group that calls see. */
    synchronized Group requireVisible(String id) {
        Group group = require(id);
        if (now().isBefore(group.visibleFrom)) {
            throw notFound();
        }
        return group;
    }

    /** Returns the real part of a group in which a container runs. */
    synchronized GroupRuntime requireRunning(String id, String container) {
        Group group = requireVisible(id);
        if (group.status() != GroupStatus.RUNNING
                || !group.container(container).state.isRunning()) {
            throw ApiError.of("IncorrectStatus", "The current status of the container group does not support this.");
        }
        return group.runtime;
    }

    /** Returns the real part of a group in which a container runs or ran. */
    synchronized GroupRuntime requireStarted(String id, String container) {
        Group group = requireVisible(id);
        GroupContainer chosen = group.container(container);
        if (chosen.state.started() == null && chosen.previous == null) {
            throw ApiError.of("IncorrectStatus", "The container has not started yet.");
        }
        return group.runtime;
    }

    /** Adds to what a group's first container has written. */
    synchronized void say(String id, String text) {
        requireVisible(id).runtime.say(text);
    }

    private static ApiError notFound() {
        return ApiError.of("InvalidParameter.NotFound", "The specified ContainerGroupId does not exist.");
    }

    /** Forgets all and returns what is real of them, for the end of the simulator. */
    synchronized List<GroupRuntime> clear() {
        List<GroupRuntime> runtimes =
                byId.values().stream().map(group -> group.runtime).toList();
        byId.values().forEach(Groups::cancelTimers);
        byId.clear();
        return runtimes;
    }
}
