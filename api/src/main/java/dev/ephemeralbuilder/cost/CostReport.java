package dev.ephemeralbuilder.cost;

import dev.ephemeralbuilder.internal.Ledger;
import dev.ephemeralbuilder.spi.StateStore;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Currency;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What machines cost, line by line, and in sums by whatever one wants to know. Everything is an estimate; public traffic
 * is in none of it, and amounts of several currencies are never added up. Immutable.
 */
public final class CostReport {
    private final List<CostLine> lines;
    private final int unreadable;

    /**
     * Makes a report.
     *
     * @param lines the machines
     * @param unreadable how many lines and records there were besides that could not be understood
     * @throws IllegalArgumentException if that is negative
     */
    public CostReport(List<CostLine> lines, int unreadable) {
        if (unreadable < 0) {
            throw new IllegalArgumentException("unreadable must not be negative, was " + unreadable);
        }
        this.lines = List.copyOf(lines);
        this.unreadable = unreadable;
    }

    /**
     * Reads the ledger of a state store, and its records of machines that have no end yet. Needs no cloud and no
     * credentials. Blocks on the store.
     *
     * @param since the machines whose end was written down then or later, and all that have none
     * @param now until when machines without an end are counted, unless their cap comes before that
     * @throws dev.ephemeralbuilder.ConfigurationException if the store cannot be used, or a file of it is damaged
     * @throws dev.ephemeralbuilder.ProviderException if the store cannot be used now
     */
    public static CostReport read(StateStore store, Instant since, Instant now) {
        return Ledger.read(store, since, now, Map.of());
    }

    /** Returns the machines, those first that were launched first. */
    public List<CostLine> lines() {
        return lines;
    }

    /** Returns how many lines and records are left out because they could not be understood. */
    public int unreadable() {
        return unreadable;
    }

    /** Returns the same without the machines that have no end yet. */
    public CostReport ended() {
        return only(line -> !line.running());
    }

    /** Returns the same with some of the lines only. */
    public CostReport only(Predicate<CostLine> wanted) {
        return new CostReport(lines.stream().filter(wanted).toList(), unreadable);
    }

    /** Returns the sums, for each currency that there is, by its code. */
    public List<CostTotals> totals() {
        return lines.stream()
                .map(line -> line.cost().amount().currency())
                .distinct()
                .sorted(Comparator.comparing(Currency::getCurrencyCode))
                .map(currency -> CostTotals.of(currency, lines))
                .toList();
    }

    /** Returns a report for each job; requests that are no attempts of a job are one of their own each, by their id. */
    public SortedMap<String, CostReport> byJob() {
        return by(CostLine::jobOrRequest);
    }

    /** Returns a report for each value of a label; lines without it are under the empty text. */
    public SortedMap<String, CostReport> byLabel(String key) {
        return by(line -> line.labels().getOrDefault(key, ""));
    }

    /** Returns a report for each provider. */
    public SortedMap<String, CostReport> byProvider() {
        return by(line -> line.offer().provider());
    }

    /** Returns a report for each day on which machines were launched. */
    public SortedMap<LocalDate, CostReport> byDay(ZoneId zone) {
        return by(line -> line.startedAt().atZone(zone).toLocalDate());
    }

    /** Returns a report for each value of a function, in their order; none of them counts the unreadable lines. */
    public <K extends Comparable<? super K>> SortedMap<K, CostReport> by(Function<CostLine, K> group) {
        Map<K, List<CostLine>> groups = lines.stream()
                .collect(Collectors.groupingBy(group, TreeMap::new, Collectors.toCollection(ArrayList::new)));
        SortedMap<K, CostReport> reports = new TreeMap<>();
        groups.forEach((key, some) -> reports.put(key, new CostReport(some, 0)));
        return reports;
    }

    @Override
    public String toString() {
        return "CostReport[" + lines.size() + " machines, " + totals() + ", unreadable=" + unreadable + "]";
    }
}
