package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One container group as the API sees it. What can change is guarded by the {@link Groups} that it belongs to. */
final class Group {
    private static final int MAX_EVENTS = 50;

    final String id;
    final long number;
    final GroupRequest request;
    final GroupPlace place;
    final Instant created;
    final Instant visibleFrom;
    final GroupRuntime runtime;

    /** The cache that its images come from, if any. */
    final ImageCaches.@Nullable Cache cache;

    /** The cache that it is there to make; null for a group of a user. */
    final ImageCaches.@Nullable Cache making;

    final List<GroupContainer> containers;
    final Map<String, String> tags;
    final List<GroupEvent> events = new ArrayList<>();
    final List<Ticker.Scheduled> steps = new ArrayList<>();

    private GroupStatus status = GroupStatus.SCHEDULING;
    private Instant changed;
    private @Nullable Instant billedSince;
    private Duration billed = Duration.ZERO;
    private long published;

    /** When it ended, once it has. */
    @Nullable Instant finished;

    /** Why it ended, if not because its containers did. */
    String reason = "";

    String message = "";

    /** Until when it is at least Terminating, once it is. */
    @Nullable Instant terminatingUntil;

    /** When the cloud takes it away, once it has given notice. */
    @Nullable Instant reclaimedAt;

    Group(
            String id,
            long number,
            GroupRequest request,
            GroupPlace place,
            Instant created,
            Instant visibleFrom,
            List<ContainerOrder> orders,
            GroupRuntime runtime,
            ImageCaches.@Nullable Cache cache,
            ImageCaches.@Nullable Cache making) {
        this.id = id;
        this.number = number;
        this.request = request;
        this.place = place;
        this.created = created;
        this.visibleFrom = visibleFrom;
        this.runtime = runtime;
        this.cache = cache;
        this.making = making;
        this.changed = created;
        this.containers = IntStream.range(0, orders.size())
                .mapToObj(i -> new GroupContainer(request.containers.get(i), orders.get(i)))
                .toList();
        this.tags = new LinkedHashMap<>(request.tags);
    }

    GroupStatus status() {
        return status;
    }

    /** Returns when something about it last changed. */
    Instant changed() {
        return changed;
    }

    void become(GroupStatus next, Instant now) {
        if (billedSince != null) {
            billed = billed.plus(Duration.between(billedSince, now));
        }
        billedSince = next.isBilled() ? now : null;
        status = next;
        changed = now;
    }

    void touch(Instant now) {
        changed = now;
    }

    /** Returns how long it has been billed. */
    Duration billed(Instant now) {
        return billedSince == null ? billed : billed.plus(Duration.between(billedSince, now));
    }

    /** Returns how it is now. */
    SimulatedGroup snapshot(Instant now) {
        return new SimulatedGroup(
                id,
                status.text(),
                runtime.address(),
                place.kind(),
                place.zone(),
                billed(now),
                place.pricePerHour(),
                request.isSpot(),
                request.isSpot() ? request.spotDuration : 0,
                making != null,
                tags);
    }

    void normal(String why, String text, Instant now) {
        publish("Normal", "K8sAgent", why, text, now);
    }

    void warn(String why, String text, Instant now) {
        publish("Warning", "K8sAgent", why, text, now);
    }

    /** Publishes what the cloud, not the machine, has to say. */
    void warnOfCloud(String why, String text, Instant now) {
        publish("Warning", "EciService", why, text, now);
    }

    private void publish(String type, String source, String why, String text, Instant now) {
        touch(now);
        for (int i = 0; i < events.size(); i++) {
            if (events.get(i).repeats(why, text)) {
                events.set(i, events.get(i).again(now));
                return;
            }
        }
        if (events.size() == MAX_EVENTS) {
            events.remove(0);
        }
        events.add(new GroupEvent(published++, type, source, why, text, 1, now, now));
    }

    GroupContainer container(String name) {
        return containers.stream()
                .filter(container -> container.name().equals(name))
                .findFirst()
                .orElseThrow(() -> ApiError.of("InvalidParameter.NotFound", "The specified container does not exist."));
    }

    boolean hasTags(Map<String, @Nullable String> wanted) {
        return Parameters.hasTags(tags, wanted);
    }

    @Override
    public String toString() {
        return "Group[" + id + ", " + status + "]";
    }
}
