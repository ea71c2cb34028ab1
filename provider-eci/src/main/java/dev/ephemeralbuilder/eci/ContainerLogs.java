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
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads on in the log of a container, of which the cloud gives the last lines since a full second and nothing else
 * (eci-openapi, 6.4): what was read already is known by the time before each line, and a gap by the missing overlap.
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

    /** How far somebody has read: lines of the same time are told apart by their number. */
    private record Cursor(Instant time, int lines) {
        static @Nullable Cursor parse(@Nullable String text) {
            if (text == null || text.isEmpty()) {
                return null;
            }
            String[] parts = text.split(" ", 2);
            try {
                if (parts.length == 2) {
                    return new Cursor(Instant.parse(parts[0]), Integer.parseInt(parts[1]));
                }
            } catch (DateTimeException | NumberFormatException e) {
                throw unknown();
            }
            throw unknown();
        }

        private static ConfigurationException unknown() {
            return new ConfigurationException("the cursor of a log is none that was given out", null, null, null);
        }

        @Override
        public String toString() {
            return time + " " + lines;
        }
    }

    private record Line(Instant time, String text) {}

    private record Piece(List<Line> lines, boolean full) {}

    /** Reads the next page; makes a second call where single lines are so long that the first one does not get on. */
    LogPage read(String id, @Nullable String cursor) throws InterruptedException {
        Cursor last = Cursor.parse(cursor);
        Piece piece = piece(id, last, LINES);
        if (piece.full() && known(piece.lines(), last) == piece.lines().size()) {
            piece = piece(id, last, LONG_LINES);
        }
        List<Line> lines = piece.lines();
        List<Line> fresh = lines.subList(known(lines, last), lines.size());
        boolean overlap =
                last != null && !lines.isEmpty() && !lines.get(0).time().isAfter(last.time());
        StringBuilder text = new StringBuilder();
        fresh.forEach(line -> text.append(line.text()).append('\n'));
        return new LogPage(text.toString(), next(lines, last), piece.full() && !overlap && !fresh.isEmpty());
    }

    private Piece piece(String id, @Nullable Cursor last, int most) throws InterruptedException {
        String since = last == null
                ? null
                : last.time().truncatedTo(ChronoUnit.SECONDS).toString();
        String content = api.log(id, since, most, BYTES);
        boolean cut = content.getBytes(StandardCharsets.UTF_8).length >= MOST_OF_BYTES;
        List<Line> lines = lines(content, cut);
        return new Piece(lines, cut || lines.size() >= most);
    }

    /** Returns how many lines were read before. */
    private static int known(List<Line> lines, @Nullable Cursor last) {
        int known = 0;
        int same = 0;
        for (Line line : lines) {
            int order = last == null ? 1 : line.time().compareTo(last.time());
            if (order == 0) {
                same++;
            }
            if (last != null && (order < 0 || (order == 0 && same <= last.lines()))) {
                known++;
            }
        }
        return known;
    }

    private static String next(List<Line> lines, @Nullable Cursor last) {
        if (lines.isEmpty()) {
            return last == null ? "" : last.toString();
        }
        Instant time = lines.get(lines.size() - 1).time();
        int same = (int) lines.stream().filter(line -> line.time().equals(time)).count();
        return new Cursor(time, same).toString();
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
