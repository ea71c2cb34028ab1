package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.cost.CostReport;
import dev.ephemeralbuilder.cost.CostTimes;
import dev.ephemeralbuilder.cost.CostTotals;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;

/** Costs as lines of text for people. */
final class CostTable {
    private static final String NONE = "(none)";

    private CostTable() {}

    /** Returns a header, a line for each group and currency, the totals, and what is not in them. */
    static List<String> lines(CostReport report, CostGrouping by, ZoneId zone) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of(
                by.title(),
                "MACHINES",
                "BILLED",
                "BOOT",
                "RUN",
                "IDLE",
                "LOST",
                "COST*",
                "ON DEMAND*",
                "SAVED",
                "WASTE*"));
        by.groups(report, zone)
                .forEach((group, some) ->
                        some.totals().forEach(sum -> rows.add(row(group.isEmpty() ? NONE : group, sum))));
        report.totals().forEach(sum -> rows.add(row("TOTAL", sum)));
        List<String> lines = new ArrayList<>(Columns.lines(rows, 1));
        lines.add("");
        lines.addAll(notes(report));
        return lines;
    }

    private static List<String> row(String group, CostTotals sum) {
        CostTimes times = sum.times();
        return List.of(
                group,
                Integer.toString(sum.machines()),
                Texts.duration(times.billed()),
                Texts.duration(times.launch().plus(times.boot())),
                Texts.duration(times.run()),
                Texts.duration(times.idle()),
                Texts.duration(times.lost()),
                sum.amount().toString(),
                sum.onDemand().toString(),
                OfferTable.saved(sum.amount(), sum.onDemand()) + " %",
                sum.waste().toString());
    }

    private static List<String> notes(CostReport report) {
        List<String> notes = new ArrayList<>();
        notes.add("* Estimates, not rounded as a bill is. Public traffic is not known and not in them.");
        int withoutDisk =
                report.totals().stream().mapToInt(CostTotals::withoutDisk).sum();
        if (withoutDisk > 0) {
            notes.add("  Nor are the disks of " + Texts.count(withoutDisk, "machine")
                    + ": nobody has said what a disk costs.");
        }
        for (CostTotals sum : report.totals()) {
            Duration unaccounted = sum.times().unaccounted();
            if (!unaccounted.isZero()) {
                notes.add("  Nobody has written down what " + Texts.duration(unaccounted) + " of the time billed in "
                        + sum.currency().getCurrencyCode() + " were for.");
            }
        }
        int running = report.totals().stream().mapToInt(CostTotals::running).sum();
        if (running > 0) {
            notes.add("  " + Texts.count(running, "machine") + " without a known end, counted until now or the cap.");
        }
        return notes;
    }
}
