package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.cost.CostLine;
import dev.ephemeralbuilder.cost.CostReport;
import java.time.ZoneId;
import java.util.Locale;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * What costs are grouped by.
 *
 * @param kind the kind of group
 * @param label the label's key, for groups by label only
 */
record CostGrouping(Kind kind, @Nullable String label) {
    static final CostGrouping JOB = new CostGrouping(Kind.JOB, null);

    private static final String LABEL = "label:";

    enum Kind {
        JOB,
        LABEL,
        DAY,
        PROVIDER
    }

    /**
     * Reads {@code job}, {@code label:KEY}, {@code day} or {@code provider}.
     *
     * @throws IllegalArgumentException if it is something else
     */
    static CostGrouping of(String text) {
        if (text.startsWith(LABEL) && text.length() > LABEL.length()) {
            return new CostGrouping(Kind.LABEL, text.substring(LABEL.length()));
        }
        return switch (text) {
            case "job" -> JOB;
            case "day" -> new CostGrouping(Kind.DAY, null);
            case "provider" -> new CostGrouping(Kind.PROVIDER, null);
            default ->
                throw new IllegalArgumentException("expected job, label:KEY, day or provider, was \"" + text + "\"");
        };
    }

    /** Returns the group that a line is in; empty for a line without the label. */
    String group(CostLine line, ZoneId zone) {
        return switch (kind) {
            case JOB -> line.jobOrRequest();
            case LABEL -> line.labels().getOrDefault(String.valueOf(label), "");
            case DAY -> line.startedAt().atZone(zone).toLocalDate().toString();
            case PROVIDER -> line.offer().provider();
        };
    }

    SortedMap<String, CostReport> groups(CostReport report, ZoneId zone) {
        return report.by(line -> group(line, zone));
    }

    /** Returns the title of a column of groups. */
    String title() {
        return kind == Kind.LABEL ? String.valueOf(label) : kind.name();
    }

    /** Returns the text that it is read from. */
    @Override
    public String toString() {
        return kind == Kind.LABEL ? LABEL + label : kind.name().toLowerCase(Locale.ROOT);
    }
}
