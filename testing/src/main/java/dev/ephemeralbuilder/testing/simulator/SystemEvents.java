package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the cloud did to instances by itself, kept for 30 days (ecs-openapi, 1.1). So far that is one thing: a creation
 * that failed after its call had succeeded, {@value #CREATION_FAILED}. The numbers that stand beside the names are
 * [unconfirmed], but for that of Executed. Safe for use by many threads.
 */
final class SystemEvents {
    static final String CREATION_FAILED = "SystemFailure.Delete";

    /** The states that a query without a state finds. */
    static final Set<String> CLOSED = Set.of("Avoided", "Executed", "Canceled", "Failed");

    private static final Duration MEMORY = Duration.ofDays(30);

    private final long seed;
    private final List<Event> events = new ArrayList<>();
    private long published;

    SystemEvents(long seed) {
        this.seed = seed;
    }

    /** One event. What can change is guarded by the list that it is in. */
    static final class Event {
        final long number;
        final String id;
        final String instance;
        final String type;
        final Instant time;
        private @Nullable Instant finished;

        private Event(long number, String id, String instance, String type, Instant time) {
            this.number = number;
            this.id = id;
            this.instance = instance;
            this.type = type;
            this.time = time;
        }

        String status() {
            return finished == null ? "Executing" : "Executed";
        }

        private ObjectNode json() {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.put("EventId", id)
                    .put("InstanceId", instance)
                    .put("ResourceType", "instance")
                    .put("ImpactLevel", "100")
                    .put("Reason", "The instance could not be created and is released.")
                    .put("EventPublishTime", Parameters.seconds(time))
                    .put("NotBefore", Parameters.seconds(time));
            json.put("EventFinishTime", finished == null ? "" : Parameters.seconds(finished));
            json.putObject("EventType").put("Name", type).put("Code", 29);
            json.putObject("EventCycleStatus").put("Name", status()).put("Code", finished == null ? 2 : 0);
            json.putObject("ExtendedAttribute");
            return json;
        }
    }

    /** Publishes that an instance could not be created; it is not gone yet. */
    synchronized Event creationFails(String instance, Instant now) {
        forgetOld(now);
        String id = "e-sim" + Long.toUnsignedString(Draw.bits(seed, "event", published), 36);
        Event event = new Event(published++, id, instance, CREATION_FAILED, now);
        events.add(event);
        return event;
    }

    /** Says that what the event announced has happened. */
    synchronized void finish(Event event, Instant now) {
        event.finished = now;
    }

    /** Calls a function with the events that match, newest first. */
    synchronized <T> List<T> select(Predicate<Event> filter, Function<Event, T> map, Instant now) {
        forgetOld(now);
        List<T> found = new ArrayList<>();
        for (int i = events.size() - 1; i >= 0; i--) {
            if (filter.test(events.get(i))) {
                found.add(map.apply(events.get(i)));
            }
        }
        return found;
    }

    /** Writes events as the API does. */
    synchronized List<ObjectNode> json(List<Event> chosen) {
        return chosen.stream().map(Event::json).toList();
    }

    private void forgetOld(Instant now) {
        Instant oldest = now.minus(MEMORY);
        events.removeIf(event -> event.finished != null && event.finished.isBefore(oldest));
    }
}
