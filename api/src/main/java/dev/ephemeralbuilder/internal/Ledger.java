package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.cost.CostLine;
import dev.ephemeralbuilder.cost.CostLine.End;
import dev.ephemeralbuilder.cost.CostReport;
import dev.ephemeralbuilder.cost.CostTimes;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.spi.StateStore.Log;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The lines of the cost ledger, written and read. A line is the record of the machine's attempt without its keys, and what
 * became of it; readers leave out keys that they do not know, and take those that are missing for unknown. Another line
 * may say later what a second process knew of the same machine.
 */
public final class Ledger {
    /** Says that a line has the keys from {@link #ENDED_AT} on; lines of the first version have no such key. */
    private static final String VERSION = "ledger";

    private static final String ADDITION = "addition";
    private static final String ENDED_AT = "endedAt";
    private static final String GONE_AT = "goneAt";
    private static final String END = "end";
    private static final String BILLED = "billedSeconds";
    private static final String AMOUNT = "amount";
    private static final String ON_DEMAND = "onDemandAmount";
    private static final String DISK = "diskAmount";

    private Ledger() {}

    /**
     * How a machine ended.
     *
     * @param launchedAt when the create call was answered, null to take it from the record
     * @param overAt when it was given back, or was gone
     * @param goneAt when its absence was observed, null if nobody has waited for that
     * @param used what the process that saw the end knows of its use
     */
    record Ending(
            @Nullable Instant launchedAt,
            Instant overAt,
            @Nullable Instant goneAt,
            End end,
            Used used) {}

    /** Returns the line of a machine. */
    static Map<String, String> line(Map<String, String> record, Origin origin, String machineId, Ending ending) {
        Used used = Used.decode(record).with(ending.used());
        Map<String, String> line = used.into(BuilderRecord.withoutKeys(record));
        Instant launchedAt = ending.launchedAt();
        if (launchedAt != null) {
            line.put(BuilderRecord.LAUNCHED_AT, launchedAt.toString());
        }
        line.put(BuilderRecord.MACHINE, machineId);
        line.put(VERSION, "2");
        line.put(ENDED_AT, ending.overAt().toString());
        Instant goneAt = ending.goneAt();
        if (goneAt != null) {
            line.put(GONE_AT, goneAt.toString());
        }
        boolean left = ending.end() == End.REAPED || ending.end() == End.UNKNOWN;
        End end = used.kept() && left ? End.KEPT : ending.end();
        line.put(END, end.name().toLowerCase(Locale.ROOT));
        CostEstimate cost = origin.cost(ending.overAt(), used.prices());
        line.put(BILLED, Long.toString(cost.billed().toSeconds()));
        line.put(AMOUNT, cost.amount().amount().toPlainString());
        line.put(ON_DEMAND, cost.onDemand().amount().toPlainString());
        cost.disk().ifPresent(disk -> line.put(DISK, disk.amount().toPlainString()));
        line.put("estimate", "true");
        return line;
    }

    /** Returns what a process says that was not the one to write the line; empty if that would be nothing. */
    static Optional<Map<String, String>> addition(String token, String machineId, Used used) {
        if (used.runs().all().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(used.runsOnly()
                .into(new LinkedHashMap<>(Map.of(
                        VERSION,
                        "2",
                        ADDITION,
                        "true",
                        BuilderRecord.TOKEN,
                        token,
                        BuilderRecord.MACHINE,
                        machineId))));
    }

    /**
     * Reads the ledger, and the records of machines that have no end yet.
     *
     * @param since the machines whose end was written down then or later
     * @param now until when those without an end are counted, unless their cap comes before that
     * @param live what this process knows of machines that it holds, by the keys of their records
     */
    public static CostReport read(StateStore store, Instant since, Instant now, Map<String, Used> live) {
        return new Reading(now, live).read(store, since);
    }

    /** One reading. */
    private static final class Reading {
        private final Instant now;
        private final Map<String, Used> live;
        private final Map<String, Used> additions = new HashMap<>();
        private final Set<String> seen = new HashSet<>();
        private final List<CostLine> lines = new ArrayList<>();
        private int unreadable;

        Reading(Instant now, Map<String, Used> live) {
            this.now = now;
            this.live = live;
        }

        CostReport read(StateStore store, Instant since) {
            // Before the ledger: a machine that ends meanwhile is then in both, and not in neither.
            Map<String, Map<String, String>> records = store.readAll(Kind.BUILDER);
            List<Map<String, String>> ledger = store.lines(Log.LEDGER, since);
            ledger.forEach(this::collect);
            ledger.forEach(this::take);
            records.forEach(this::takeRecord);
            lines.sort(Comparator.comparing(CostLine::startedAt).thenComparing(CostLine::machineId));
            return new CostReport(lines, unreadable);
        }

        private void collect(Map<String, String> line) {
            if (line.containsKey(ADDITION)) {
                attempt(() -> additions.merge(key(line), Used.decode(line), Used::with));
            }
        }

        private void take(Map<String, String> line) {
            if (!line.containsKey(ADDITION)) {
                attempt(() -> {
                    // Who died between writing the line and removing the record leaves it to be written again.
                    if (seen.add(key(line))) {
                        Used more = additions.getOrDefault(key(line), Used.NOTHING);
                        lines.add(Ledger.ended(line, more));
                    }
                });
            }
        }

        private void takeRecord(String token, Map<String, String> record) {
            if (record.containsKey(BuilderRecord.MACHINE)) {
                attempt(() -> {
                    if (!seen.contains(key(record))) {
                        lines.add(Ledger.running(token, record, live.getOrDefault(token, Used.NOTHING), now));
                    }
                });
            }
        }

        private static String key(Map<String, String> line) {
            return required(line, BuilderRecord.TOKEN) + " " + required(line, BuilderRecord.MACHINE);
        }

        private void attempt(Runnable reading) {
            try {
                reading.run();
            } catch (IllegalArgumentException | DateTimeException e) {
                unreadable++;
                // Not the message: what cannot be read is quoted there.
                LoggerFactory.getLogger(Ledger.class)
                        .debug("A line of the ledger is left out; it is malformed [why={}]", e.getClass());
            }
        }
    }

    private static CostLine ended(Map<String, String> line, Used more) {
        Origin origin = origin(required(line, BuilderRecord.TOKEN), line);
        String endedAt = line.get(ENDED_AT);
        Duration billed = Duration.ofSeconds(Long.parseLong(required(line, BILLED)));
        Instant until = endedAt == null ? origin.intendedAt().plus(billed) : Instant.parse(endedAt);
        Used used = Used.decode(line).with(more);
        CostTimes times = times(
                origin.intendedAt(),
                launchedAt(line),
                until,
                used,
                line.get(GONE_AT) == null
                        ? Duration.ZERO
                        : atLeastZero(Duration.between(until, Instant.parse(required(line, GONE_AT)))));
        String disk = line.get(DISK);
        CostEstimate cost = new CostEstimate(
                money(origin, required(line, AMOUNT)),
                money(origin, required(line, ON_DEMAND)),
                times.billed(),
                disk == null ? Optional.empty() : Optional.of(money(origin, disk)));
        return line(
                line, origin, Optional.ofNullable(endedAt).map(Instant::parse), end(line), times, cost, used, until);
    }

    private static CostLine running(String token, Map<String, String> record, Used more, Instant now) {
        if (!BuilderRecord.isReadable(record)) {
            throw new IllegalArgumentException("a record of another version");
        }
        Origin origin = origin(token, record);
        Instant until = now.isBefore(origin.cap()) ? now : origin.cap();
        Used used = Used.decode(record).with(more);
        CostTimes times = times(origin.intendedAt(), launchedAt(record), until, used, Duration.ZERO);
        CostEstimate cost = origin.cost(until, used.prices());
        CostEstimate exact = new CostEstimate(cost.amount(), cost.onDemand(), times.billed(), cost.disk());
        return line(record, origin, Optional.empty(), End.RUNNING, times, exact, used, until);
    }

    private static CostLine line(
            Map<String, String> line,
            Origin origin,
            Optional<Instant> endedAt,
            End end,
            CostTimes times,
            CostEstimate cost,
            Used used,
            Instant until) {
        Particulars particulars = origin.particulars();
        return new CostLine(
                required(line, BuilderRecord.MACHINE),
                origin.requestId(),
                Optional.ofNullable(particulars.job()),
                particulars.labels(),
                Optional.ofNullable(particulars.owner()),
                Optional.ofNullable(particulars.host()),
                origin.offer(),
                origin.intendedAt(),
                endedAt,
                end,
                times,
                cost,
                used.prices().of(origin, until));
    }

    /** Says what a machine's time went into. What is not known is dark: all that comes after the last word on it. */
    private static CostTimes times(
            Instant from, @Nullable Instant launchedAt, Instant until, Used used, Duration release) {
        Instant end = until.isBefore(from) ? from : until;
        Instant launched = launchedAt == null ? from : between(launchedAt, from, end);
        Instant knownUntil = used.knownUntil() == null ? launched : between(used.knownUntil(), launched, end);
        // Whoever has followed it so far without a word that it was ready has seen it boot.
        Instant ready = used.readyAt() == null ? knownUntil : between(used.readyAt(), launched, end);
        Spans dark = used.dark()
                .with(knownUntil.isBefore(ready) ? ready : knownUntil, end)
                .within(launched, end);
        Spans runs = used.runs().within(ready, end);
        Spans booting = Spans.NONE.with(launched, ready);
        Duration unaccounted = dark.total().minus(dark.and(runs).total());
        Duration boot = booting.total().minus(dark.and(booting).total());
        Duration launch = millis(from, launched);
        Duration idle =
                millis(from, end).minus(launch).minus(boot).minus(runs.total()).minus(unaccounted);
        return new CostTimes(
                launch,
                boot,
                runs.total(),
                idle,
                unaccounted,
                used.lost().and(runs).total(),
                release);
    }

    private static Instant between(Instant time, Instant from, Instant until) {
        return time.isBefore(from) ? from : time.isAfter(until) ? until : time;
    }

    private static Duration millis(Instant from, Instant until) {
        return Duration.ofMillis(until.toEpochMilli() - from.toEpochMilli());
    }

    private static Duration atLeastZero(Duration time) {
        return time.isNegative() ? Duration.ZERO : time;
    }

    private static End end(Map<String, String> line) {
        String end = line.get(END);
        if (end == null) {
            return End.UNKNOWN;
        }
        for (End known : End.values()) {
            if (known.name().toLowerCase(Locale.ROOT).equals(end)) {
                return known;
            }
        }
        // A later version knows more of them.
        return End.UNKNOWN;
    }

    private static Origin origin(String token, Map<String, String> line) {
        return new Origin(
                required(line, "request"),
                token,
                BuilderRecord.offer(line),
                Instant.parse(required(line, "intendedAt")),
                Instant.parse(required(line, BuilderRecord.CAP)),
                Particulars.decode(line));
    }

    private static @Nullable Instant launchedAt(Map<String, String> line) {
        String text = line.get(BuilderRecord.LAUNCHED_AT);
        return text == null ? null : Instant.parse(text);
    }

    private static Money money(Origin origin, String amount) {
        return new Money(new BigDecimal(amount), origin.offer().hourlyPrice().currency());
    }

    private static String required(Map<String, String> line, String key) {
        String value = line.get(key);
        if (value == null) {
            throw new IllegalArgumentException(key + " is missing");
        }
        return value;
    }
}
