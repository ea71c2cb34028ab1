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
        int[] widths = new int[HEADER.size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private static String line(List<String> row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
        }
        return line.toString().stripTrailing();
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
                        .map(label -> text(label.getKey()) + ": " + text(label.getValue()))
                        .collect(Collectors.joining(", ", "{", "}"));
        return "{\"id\": " + text(machine.id())
                + ", \"provider\": " + text(machine.provider())
                + ", \"region\": " + text(machine.region())
                + ", \"zone\": " + text(machine.zone())
                + ", \"type\": " + text(machine.type())
                + ", \"state\": " + text(machine.state().toString())
                + ", \"created\": " + text(machine.createdAt().toString())
                + ", \"shown\": " + text(machine.shownAt().toString())
                + ", \"lease\": " + time(machine.leaseUntil())
                + ", \"cap\": " + time(machine.cap())
                + ", \"released\": " + machine.released()
                + ", \"orphan\": " + machine.orphan()
                + ", \"request\": "
                + machine.requestId().map(MachineTable::text).orElse("null")
                + ", \"host\": " + machine.host().map(MachineTable::text).orElse("null")
                + ", \"labels\": " + labels + "}";
    }

    private static String time(Optional<Instant> time) {
        return time.map(t -> text(t.toString())).orElse("null");
    }

    private static String text(String value) {
        StringBuilder json = new StringBuilder("\"");
        value.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                json.append('\\').append((char) c);
            } else if (c < ' ') {
                json.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                json.append((char) c);
            }
        });
        return json.append('"').toString();
    }
}
