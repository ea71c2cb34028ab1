package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** {@code DescribeInstanceHistoryEvents} (ecs-openapi, 1.1). Rows come newest first [unconfirmed]. */
final class EventOperations {
    private final SystemEvents events;
    private final Supplier<Instant> now;

    EventOperations(SystemEvents events, Supplier<Instant> now) {
        this.events = events;
        this.now = now;
    }

    void register(Gateway.Operations operations) {
        operations.add("DescribeInstanceHistoryEvents", (p, verdict) -> historyEvents(p));
    }

    private ObjectNode historyEvents(Parameters p) {
        List<String> wanted = chosen(p, "InstanceEventCycleStatus", "EventCycleStatus");
        Set<String> states = wanted.isEmpty() ? SystemEvents.CLOSED : Set.copyOf(wanted);
        Predicate<SystemEvents.Event> filter = event -> states.contains(event.status());
        filter = filter.and(oneOf(chosen(p, "InstanceEventType", "EventType"), event -> event.type))
                .and(oneOf(p.list("EventId"), event -> event.id))
                .and(oneOf(chosen(p, "ResourceId", "InstanceId"), event -> event.instance))
                .and(within(p, "EventPublishTime"))
                .and(within(p, "NotBefore"));
        List<SystemEvents.Event> all = events.select(filter, event -> event, now.get());
        ObjectNode answer = JsonNodeFactory.instance.objectNode().put("TotalCount", all.size());
        List<SystemEvents.Event> rows;
        if (p.get("MaxResults") != null || p.get("NextToken") != null) {
            // Tokens want growing numbers, and the newest comes first.
            Paging.Page<SystemEvents.Event> page =
                    Paging.byToken(all, event -> Integer.MAX_VALUE - event.number, p, 10, 10, 100);
            rows = page.rows();
            answer.put("NextToken", page.next());
        } else {
            rows = Paging.byNumber(all, p, answer);
        }
        answer.putObject("InstanceSystemEventSet")
                .putArray("InstanceSystemEventType")
                .addAll(events.json(rows));
        return answer;
    }

    /** Returns the values of the list, which goes before the single parameter. */
    private static List<String> chosen(Parameters p, String list, String single) {
        List<String> values = p.list(list);
        String value = p.get(single);
        return !values.isEmpty() ? values : value == null ? List.of() : List.of(value);
    }

    private static Predicate<SystemEvents.Event> oneOf(
            List<String> wanted, Function<SystemEvents.Event, String> field) {
        return event -> wanted.isEmpty() || wanted.contains(field.apply(event));
    }

    private static Predicate<SystemEvents.Event> within(Parameters p, String name) {
        String start = p.get(name + ".Start");
        String end = p.get(name + ".End");
        try {
            Instant from = start == null ? Instant.MIN : Parameters.time(start);
            Instant to = end == null ? Instant.MAX : Parameters.time(end);
            return event -> !event.time.isBefore(from) && !event.time.isAfter(to);
        } catch (DateTimeParseException e) {
            throw ApiError.invalid(name);
        }
    }
}
