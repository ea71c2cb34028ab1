package dev.ephemeralbuilder.testing.simulator;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the first process of a container wrote, output and errors as one, with the cloud's time of each line. A line is
 * there once it has ended; one that is longer than {@value #PIECE} bytes comes in pieces of that size, each with its
 * time, as a container runtime cuts it. Only the last {@value #KEPT} bytes are kept.
 *
 * <p>Safe for use by many threads.
 */
final class ContainerLog {
    /** The limit of DescribeContainerLog where the call gives none (eci-openapi, 4). */
    static final int DEFAULT_LINES = 500;

    static final int MAX_LINES = 2_000;
    static final int MAX_BYTES = 1_048_576;

    private static final int KEPT = 10_000_000;
    private static final int PIECE = 16_384;
    // An empty line takes memory too.
    private static final int LINE_COST = 64;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final Supplier<Instant> cloudTime;
    private final Deque<Line> lines = new ArrayDeque<>();
    private final ByteArrayOutputStream unfinished = new ByteArrayOutputStream();
    private long kept;
    private long droppedLines;

    ContainerLog(Supplier<Instant> cloudTime) {
        this.cloudTime = cloudTime;
    }

    @SuppressWarnings("ArrayRecordComponent") // Nobody compares lines.
    private record Line(Instant time, byte[] text, boolean whole) {}

    /** Adds what was written now. */
    synchronized void append(byte[] bytes, int count) {
        for (int i = 0; i < count; i++) {
            if (bytes[i] == '\n') {
                addLine(true);
            } else {
                unfinished.write(bytes[i]);
                if (unfinished.size() == PIECE) {
                    addLine(false);
                }
            }
        }
    }

    /** Ends the last line, because nothing is written any more. */
    synchronized void finish() {
        if (unfinished.size() > 0) {
            addLine(false);
        }
    }

    private void addLine(boolean whole) {
        byte[] text = unfinished.toByteArray();
        unfinished.reset();
        lines.add(new Line(cloudTime.get(), text, whole));
        kept += text.length + LINE_COST;
        while (kept > KEPT) {
            kept -= lines.remove().text().length + LINE_COST;
            droppedLines++;
        }
    }

    /** Returns how many of the first lines are not kept any more. */
    synchronized long droppedLines() {
        return droppedLines;
    }

    /**
     * Returns the last lines of those that match, as DescribeContainerLog does (eci-openapi, 4). A line of several
     * pieces counts as that many.
     *
     * @param tail how many at most, 1 to {@value #MAX_LINES}
     * @param startTime only lines from this time on; null for all
     * @param sinceSeconds only lines of the last seconds of the cloud's clock; null for all
     * @param limitBytes cuts what is more off at the end, between two characters [unconfirmed: Kubernetes counts from
     *     the start of what it selects]; 1 to {@value #MAX_BYTES}
     * @param timestamps whether each line begins with its time, RFC 3339 with nanoseconds, and a space
     * @throws IllegalArgumentException if a number is out of range
     */
    synchronized String read(
            int tail, @Nullable Instant startTime, @Nullable Integer sinceSeconds, int limitBytes, boolean timestamps) {
        if (tail < 1 || tail > MAX_LINES || limitBytes < 1 || limitBytes > MAX_BYTES) {
            throw new IllegalArgumentException("tail must be 1 to 2000 and limitBytes 1 to 1048576");
        }
        Instant since = sinceSeconds == null ? Instant.MIN : cloudTime.get().minusSeconds(sinceSeconds);
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (Line line : last(tail, startTime == null || startTime.isBefore(since) ? since : startTime)) {
            if (timestamps) {
                text.writeBytes((TIME.format(line.time()) + " ").getBytes(StandardCharsets.US_ASCII));
            }
            text.writeBytes(line.text());
            if (line.whole()) {
                text.write('\n');
            }
        }
        return cut(text.toString(StandardCharsets.UTF_8), limitBytes);
    }

    private List<Line> last(int tail, Instant from) {
        List<Line> found = new ArrayList<>();
        Iterator<Line> backwards = lines.descendingIterator();
        while (backwards.hasNext() && found.size() < tail) {
            Line line = backwards.next();
            if (!line.time().isBefore(from)) {
                found.add(line);
            }
        }
        Collections.reverse(found);
        return found;
    }

    private static String cut(String text, int limitBytes) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= limitBytes) {
            return text;
        }
        int end = limitBytes;
        while (end > 0 && (bytes[end] & 0xc0) == 0x80) {
            end--;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }
}
