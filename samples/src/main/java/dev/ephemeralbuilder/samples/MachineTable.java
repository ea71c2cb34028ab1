package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuilderSummary;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

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
        return Json.of(machines.stream().map(MachineTable::object).toList());
    }

    private static Map<String, @Nullable Object> object(BuilderSummary machine) {
        Map<String, @Nullable Object> node = new LinkedHashMap<>();
        node.put("id", machine.id());
        node.put("provider", machine.provider());
        node.put("region", machine.region());
        node.put("zone", machine.zone());
        node.put("type", machine.type());
        node.put("state", machine.state());
        node.put("created", machine.createdAt());
        node.put("shown", machine.shownAt());
        node.put("lease", machine.leaseUntil().orElse(null));
        node.put("cap", machine.cap().orElse(null));
        node.put("released", machine.released());
        node.put("orphan", machine.orphan());
        node.put("request", machine.requestId().orElse(null));
        node.put("host", machine.host().orElse(null));
        node.put("labels", new TreeMap<>(machine.labels()));
        return node;
    }
}
