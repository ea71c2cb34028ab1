package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuilderSummary;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Machines as lines of text, and as JSON. */
final class MachineTable {
    private static final List<String> HEADER =
            List.of("ID", "PROVIDER", "ZONE", "TYPE", "STATE", "LEASE", "CAP", "REQUEST", "HOST", "LABELS");

    private MachineTable() {}

    /** Returns a header and a line for each machine. */
    static List<String> lines(List<BuilderSummary> machines) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(HEADER);
        machines.forEach(machine -> rows.add(row(machine)));
        return Columns.lines(rows, HEADER.size());
    }

    private static List<String> row(BuilderSummary machine) {
        return List.of(
                machine.id(),
                machine.provider(),
                machine.zone(),
                machine.type(),
                machine.state().toString().toLowerCase(Locale.ROOT),
                lease(machine),
                left(machine.cap(), machine.shownAt()),
                machine.requestId().orElse("-"),
                machine.host().orElse("-"),
                labels(machine));
    }

    /** Returns how long the lease goes on, in the cloud's time. */
    private static String lease(BuilderSummary machine) {
        if (machine.released()) {
            return "released";
        }
        return machine.detached() ? "detached" : left(machine.leaseUntil(), machine.shownAt());
    }

    private static String left(Optional<Instant> until, Instant now) {
        return until.map(end -> {
                    Duration left = Duration.between(now, end);
                    return left.isNegative() ? "passed " + Texts.duration(left.negated()) : Texts.duration(left);
                })
                .orElse("?");
    }

    private static String labels(BuilderSummary machine) {
        Map<String, String> labels = new TreeMap<>(machine.labels());
        return labels.isEmpty()
                ? "-"
                : labels.entrySet().stream()
                        .map(label -> label.getKey() + "=" + label.getValue())
                        .collect(Collectors.joining(","));
    }

    /** Returns a JSON array with an object per machine; times are UTC as in ISO 8601, what is not known is null. */
    static String json(List<BuilderSummary> machines) {
        return machines.stream().map(MachineTable::object).collect(Collectors.joining(",\n", "[", "]"));
    }

    private static String object(BuilderSummary machine) {
        String labels = new TreeMap<>(machine.labels())
                .entrySet().stream()
                        .map(label -> Json.text(label.getKey()) + ": " + Json.text(label.getValue()))
                        .collect(Collectors.joining(", ", "{", "}"));
        return "{\"id\": " + Json.text(machine.id())
                + ", \"provider\": " + Json.text(machine.provider())
                + ", \"region\": " + Json.text(machine.region())
                + ", \"zone\": " + Json.text(machine.zone())
                + ", \"type\": " + Json.text(machine.type())
                + ", \"state\": " + Json.text(machine.state().toString())
                + ", \"created\": " + Json.text(machine.createdAt().toString())
                + ", \"shown\": " + Json.text(machine.shownAt().toString())
                + ", \"lease\": " + time(machine.leaseUntil())
                + ", \"cap\": " + time(machine.cap())
                + ", \"released\": " + machine.released()
                + ", \"orphan\": " + machine.orphan()
                + ", \"request\": "
                + machine.requestId().map(Json::text).orElse("null")
                + ", \"host\": " + machine.host().map(Json::text).orElse("null")
                + ", \"labels\": " + labels + "}";
    }

    private static String time(Optional<Instant> time) {
        return time.map(t -> Json.text(t.toString())).orElse("null");
    }
}
