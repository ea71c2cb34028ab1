package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.cost.CostLine;
import dev.ephemeralbuilder.cost.CostReport;
import dev.ephemeralbuilder.cost.CostTimes;
import dev.ephemeralbuilder.cost.CostTotals;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Costs for programs, as docs/costs.md describes them: JSON with sums and machines, and CSV with a row per machine. */
final class CostRows {
    private static final int DECIMALS = 9;
    private static final List<String> HEADER = List.of(
            "group",
            "machine",
            "request",
            "job",
            "labels",
            "owner",
            "host",
            "provider",
            "region",
            "zone",
            "type",
            "market",
            "started",
            "ended",
            "end",
            "launchSeconds",
            "bootSeconds",
            "runSeconds",
            "idleSeconds",
            "unaccountedSeconds",
            "billedSeconds",
            "lostSeconds",
            "releaseSeconds",
            "currency",
            "amount",
            "onDemand",
            "saved",
            "waste",
            "disk",
            "estimate");

    private CostRows() {}

    /** Returns one JSON object; times are UTC as in ISO 8601, what is not known is null. */
    static String json(CostReport report, CostGrouping by, ZoneId zone, Instant since) {
        List<Object> groups = new ArrayList<>();
        by.groups(report, zone)
                .forEach((group, some) -> some.totals().forEach(sum -> {
                    Map<String, @Nullable Object> node = new LinkedHashMap<>();
                    node.put("group", group);
                    node.putAll(object(sum));
                    groups.add(node);
                }));
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("estimate", true);
        all.put("since", since);
        all.put("by", by);
        all.put("unreadable", report.unreadable());
        all.put("notIncluded", List.of("traffic"));
        all.put("totals", report.totals().stream().map(CostRows::object).toList());
        all.put("groups", groups);
        all.put("machines", report.lines().stream().map(CostRows::object).toList());
        return Json.of(all);
    }

    private static Map<String, @Nullable Object> object(CostTotals sum) {
        Map<String, @Nullable Object> node = new LinkedHashMap<>();
        node.put("machines", sum.machines());
        node.put("running", sum.running());
        node.put("bootFailed", sum.bootFailed());
        node.put("withoutDisk", sum.withoutDisk());
        node.putAll(seconds(sum.times()));
        node.put("currency", sum.currency());
        node.put("amount", number(sum.amount()));
        node.put("onDemand", number(sum.onDemand()));
        node.put("saved", number(sum.saved()));
        node.put("waste", number(sum.waste()));
        return node;
    }

    private static Map<String, @Nullable Object> object(CostLine line) {
        Map<String, @Nullable Object> node = new LinkedHashMap<>();
        node.put("machine", line.machineId());
        node.put("request", line.requestId());
        node.put("job", line.job().orElse(null));
        node.put("labels", new TreeMap<>(line.labels()));
        node.put("owner", line.owner().orElse(null));
        node.put("host", line.host().orElse(null));
        node.put("provider", line.offer().provider());
        node.put("region", line.offer().region());
        node.put("zone", line.offer().zone());
        node.put("type", line.offer().type().id());
        node.put("market", line.offer().market().name().toLowerCase(Locale.ROOT));
        node.put("started", line.startedAt());
        node.put("ended", line.endedAt().orElse(null));
        node.put("end", end(line));
        node.putAll(seconds(line.times()));
        node.put("currency", currency(line));
        node.put("amount", number(line.cost().amount()));
        node.put("onDemand", number(line.cost().onDemand()));
        node.put("saved", number(line.cost().saved()));
        node.put("waste", number(line.waste()));
        node.put("disk", line.cost().disk().map(CostRows::number).orElse(null));
        node.put(
                "prices",
                line.pricePoints().stream()
                        .map(point -> new TreeMap<>(Map.of("from", point.from(), "hourly", number(point.hourly()))))
                        .toList());
        return node;
    }

    private static Map<String, BigDecimal> seconds(CostTimes times) {
        Map<String, BigDecimal> seconds = new LinkedHashMap<>();
        seconds.put("launchSeconds", seconds(times.launch()));
        seconds.put("bootSeconds", seconds(times.boot()));
        seconds.put("runSeconds", seconds(times.run()));
        seconds.put("idleSeconds", seconds(times.idle()));
        seconds.put("unaccountedSeconds", seconds(times.unaccounted()));
        seconds.put("billedSeconds", seconds(times.billed()));
        seconds.put("lostSeconds", seconds(times.lost()));
        seconds.put("releaseSeconds", seconds(times.release()));
        return seconds;
    }

    /** Returns a header and a row for each machine. */
    static List<String> csv(CostReport report, CostGrouping by, ZoneId zone) {
        List<String> rows = new ArrayList<>();
        rows.add(Csv.row(HEADER));
        report.lines().forEach(line -> rows.add(Csv.row(cells(line, by.group(line, zone)))));
        return rows;
    }

    private static List<String> cells(CostLine line, String group) {
        Map<String, @Nullable Object> node = object(line);
        node.put("group", group);
        node.put("labels", labels(line));
        node.put("estimate", true);
        return HEADER.stream().map(name -> cell(node.get(name))).toList();
    }

    private static String cell(@Nullable Object value) {
        if (value instanceof BigDecimal number) {
            return number.toPlainString();
        }
        return value == null ? "" : value.toString();
    }

    private static String labels(CostLine line) {
        return new TreeMap<>(line.labels())
                .entrySet().stream()
                        .map(label -> label.getKey() + "=" + label.getValue())
                        .collect(Collectors.joining(";"));
    }

    private static String end(CostLine line) {
        return line.end().name().toLowerCase(Locale.ROOT);
    }

    private static String currency(CostLine line) {
        return line.cost().amount().currency().getCurrencyCode();
    }

    private static BigDecimal seconds(Duration time) {
        return BigDecimal.valueOf(time.toMillis(), 3);
    }

    private static BigDecimal number(Money money) {
        return money.amount().setScale(DECIMALS, RoundingMode.HALF_UP);
    }
}
