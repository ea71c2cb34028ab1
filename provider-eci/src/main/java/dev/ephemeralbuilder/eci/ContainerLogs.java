package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.LogPage;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads on in the log of a container, of which the cloud gives the last lines since a full second and nothing else
 * (eci-openapi, 6.4): what was read already is known by its number since then, and a gap by the missing overlap.
 */
final class ContainerLogs {
    private static final int LINES = 2000;
    private static final int BYTES = 1_048_576;

    /** So many lines are asked for where more of them are longer than one answer. */
    private static final int LONG_LINES = 200;

    /** A character that the limit has cut is missing as a whole. */
    private static final int MOST_OF_BYTES = BYTES - 8;

    private final EciApi api;

    ContainerLogs(EciApi api) {
        this.api = api;
    }

    /**
     * How far somebody has read. Two streams are merged, so times may be out of order: while answers hold all lines since a
     * second, those that were read are told by their number. Where lines were left out, they are told by the latest time.
     *
     * @param since the second that the next answer begins with
     * @param seen how many lines since then were read
     * @param last the latest time of a line
     * @param same how many lines of that time were read
     */
    private record Cursor(Instant since, int seen, Instant last, int same) {
        static @Nullable Cursor parse(@Nullable String text) {
            if (text == null || text.isEmpty()) {
                return null;
            }
            String[] parts = text.split(" ", -1);
            try {
                if (parts.length == 4) {
                    return new Cursor(
                            Instant.parse(parts[0]),
                            Integer.parseInt(parts[1]),
                            Instant.parse(parts[2]),
                            Integer.parseInt(parts[3]));
                }
            } catch (DateTimeException | NumberFormatException e) {
                throw unknown();
            }
            throw unknown();
        }

        private static ConfigurationException unknown() {
            return new ConfigurationException("the cursor of a log is none that was given out", null, null, null);
        }

        /** Returns how many lines of an answer that leaves none out were read before. */
        int knownOfAll(List<Line> lines) {
            return Math.min(seen, lines.size());
        }

        /** Returns how many lines of an answer that may have left out the first ones were read before. */
        int knownOfLast(List<Line> lines) {
            int known = 0;
            int equal = 0;
            for (int i = 0; i < lines.size(); i++) {
                int order = lines.get(i).time().compareTo(last);
                equal += order == 0 ? 1 : 0;
                if (order < 0 || (order == 0 && equal <= same)) {
                    known = i + 1;
                }
            }
            return known;
        }

        /** Whether an answer that may have left out the first lines surely goes on where this one has stopped. */
        boolean overlaps(List<Line> lines) {
            return !lines.isEmpty() && lines.get(0).time().isBefore(last);
        }

        /** Returns the cursor behind an answer; a little is asked for again, since times may be out of order. */
        static Cursor behind(List<Line> lines, @Nullable Cursor before) {
            Instant last = lines.stream()
                    .map(Line::time)
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
            if (before != null && before.last().isAfter(last)) {
                last = before.last();
            }
            Instant latest = last;
            Instant slack = latest.truncatedTo(ChronoUnit.SECONDS).minusSeconds(1);
            Instant since = before != null && before.since().isAfter(slack) ? before.since() : slack;
            int seen = (int)
                    lines.stream().filter(line -> !line.time().isBefore(since)).count();
            int same = (int)
                    lines.stream().filter(line -> line.time().equals(latest)).count();
            return new Cursor(since, seen, latest, same);
        }

        /** Returns the cursor behind lines that no answer can hold. */
        static Cursor beyond(List<Line> lines) {
            Instant next = lines.get(lines.size() - 1)
                    .time()
                    .truncatedTo(ChronoUnit.SECONDS)
                    .plusSeconds(1);
            return new Cursor(next, 0, next, 0);
        }

        @Override
        public String toString() {
            return since + " " + seen + " " + last + " " + same;
        }
    }

    private record Line(Instant time, String text) {}

    private record Piece(List<Line> lines, boolean full) {}

    /** Reads the next page; makes a second call where single lines are so long that the first one does not get on. */
    LogPage read(String id, @Nullable String cursor) throws InterruptedException {
        Cursor last = Cursor.parse(cursor);
        Piece piece = piece(id, last, LINES);
        if (piece.full() && known(piece, last) == piece.lines().size()) {
            // It may have left out more lines than it holds.
            piece = new Piece(piece(id, last, LONG_LINES).lines(), true);
        }
        List<Line> lines = piece.lines();
        if (lines.isEmpty()) {
            return new LogPage("", last == null ? "" : last.toString(), piece.full());
        }
        List<Line> fresh = lines.subList(known(piece, last), lines.size());
        if (piece.full() && fresh.isEmpty()) {
            // The answer is full of what was read: what stands behind it in this second cannot be had.
            return new LogPage("", Cursor.beyond(lines).toString(), true);
        }
        boolean overlap = last != null && last.overlaps(lines);
        StringBuilder text = new StringBuilder();
        fresh.forEach(line -> text.append(line.text()).append('\n'));
        return new LogPage(text.toString(), Cursor.behind(lines, last).toString(), piece.full() && !overlap);
    }

    private static int known(Piece piece, @Nullable Cursor last) {
        if (last == null) {
            return 0;
        }
        return piece.full() ? last.knownOfLast(piece.lines()) : last.knownOfAll(piece.lines());
    }

    private Piece piece(String id, @Nullable Cursor last, int most) throws InterruptedException {
        String since = last == null ? null : last.since().toString();
        String content = api.log(id, since, most, BYTES);
        boolean cut = content.getBytes(StandardCharsets.UTF_8).length >= MOST_OF_BYTES;
        List<Line> lines = lines(content, cut);
        return new Piece(lines, cut || lines.size() >= most);
    }

    /** A line that the limit of bytes has cut is read again next time, unless it is longer than any answer. */
    private static List<Line> lines(String content, boolean cut) {
        int end = content.lastIndexOf('\n');
        String whole = cut && end > 0 ? content.substring(0, end) : content;
        List<Line> lines = new ArrayList<>();
        for (String line : whole.split("\n", -1)) {
            if (!line.isEmpty()) {
                int space = line.indexOf(' ');
                String time = space < 0 ? line : line.substring(0, space);
                lines.add(new Line(time(time), space < 0 ? "" : line.substring(space + 1)));
            }
        }
        return lines;
    }

    private static Instant time(String text) {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            // The text may be what a job has written.
            throw EciApi.malformed(EciApi.LOG, "a line begins with no time", Effect.NONE);
        }
    }
}
