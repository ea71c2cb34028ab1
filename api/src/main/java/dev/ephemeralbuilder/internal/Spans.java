package dev.ephemeralbuilder.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Stretches of time that do not touch, in their order, to the millisecond. Of very many the shortest gaps are closed, so
 * that what is written down stays small. Immutable.
 */
record Spans(List<Span> all) {
    static final Spans NONE = new Spans(List.of());

    /** More than a machine's scripts make, unless they are very short and close together. */
    static final int MOST = 100;

    /** From a time until before another one, in milliseconds of the epoch. */
    record Span(long from, long until) {
        /** Checks the order. */
        Span {
            if (from >= until) {
                throw new IllegalArgumentException("a span must end after its beginning");
            }
        }
    }

    /** Copies the list. */
    Spans {
        all = List.copyOf(all);
    }

    /** Returns this and one more; nothing more if that does not end after its beginning. */
    Spans with(Instant from, Instant until) {
        return from.toEpochMilli() < until.toEpochMilli()
                ? with(new Spans(List.of(new Span(from.toEpochMilli(), until.toEpochMilli()))))
                : this;
    }

    /** Returns what is in either. */
    Spans with(Spans other) {
        List<Span> both = new ArrayList<>(all);
        both.addAll(other.all);
        both.sort(Comparator.comparingLong(Span::from));
        List<Span> joined = new ArrayList<>();
        for (Span span : both) {
            int last = joined.size() - 1;
            if (last >= 0 && span.from() <= joined.get(last).until()) {
                Span before = joined.get(last);
                joined.set(last, new Span(before.from(), Math.max(before.until(), span.until())));
            } else {
                joined.add(span);
            }
        }
        while (joined.size() > MOST) {
            closeShortestGap(joined);
        }
        return new Spans(joined);
    }

    private static void closeShortestGap(List<Span> spans) {
        int shortest = 1;
        for (int i = 2; i < spans.size(); i++) {
            if (gapBefore(spans, i) < gapBefore(spans, shortest)) {
                shortest = i;
            }
        }
        Span second = spans.remove(shortest);
        spans.set(shortest - 1, new Span(spans.get(shortest - 1).from(), second.until()));
    }

    private static long gapBefore(List<Span> spans, int i) {
        return spans.get(i).from() - spans.get(i - 1).until();
    }

    /** Returns the part of this that is from a time until before another one. */
    Spans within(Instant from, Instant until) {
        return within(from.toEpochMilli(), until.toEpochMilli());
    }

    private Spans within(long from, long until) {
        List<Span> inside = new ArrayList<>();
        for (Span span : all) {
            long begin = Math.max(from, span.from());
            long end = Math.min(until, span.until());
            if (begin < end) {
                inside.add(new Span(begin, end));
            }
        }
        return new Spans(inside);
    }

    /** Returns what is in both. */
    Spans and(Spans other) {
        List<Span> both = new ArrayList<>();
        for (Span span : other.all) {
            both.addAll(within(span.from(), span.until()).all);
        }
        return new Spans(both);
    }

    Duration total() {
        return Duration.ofMillis(
                all.stream().mapToLong(span -> span.until() - span.from()).sum());
    }

    /** Returns it as text; empty if there is nothing in it. */
    String encode() {
        return all.stream().map(span -> span.from() + "-" + span.until()).collect(Collectors.joining(" "));
    }

    /**
     * Reads what {@link #encode} has written.
     *
     * @throws IllegalArgumentException if it is not that
     */
    static Spans decode(String text) {
        Spans spans = NONE;
        if (!text.isEmpty()) {
            List<Span> all = new ArrayList<>();
            for (String span : text.split(" ", -1)) {
                int dash = span.indexOf('-');
                if (dash < 0) {
                    throw new IllegalArgumentException("a span has no end");
                }
                all.add(new Span(Long.parseLong(span.substring(0, dash)), Long.parseLong(span.substring(dash + 1))));
            }
            spans = spans.with(new Spans(all));
        }
        return spans;
    }
}
