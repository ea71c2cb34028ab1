package dev.ephemeralbuilder.testing.simulator;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is remembered of things that the API does not show any more: the last 10,000, by their numbers. Not safe for use by
 * many threads.
 *
 * @param <T> without what is real of a thing, which is large
 */
final class Bygone<T> {
    private static final int MAX = 10_000;

    private final Map<Long, T> gone = new LinkedHashMap<>();

    /** Remembers what is gone. */
    void add(long number, T last) {
        gone.put(number, last);
        if (gone.size() > MAX) {
            gone.remove(gone.keySet().iterator().next());
        }
    }

    /** Returns what is remembered and what there is, oldest first. */
    List<T> with(Map<Long, T> present) {
        Map<Long, T> all = new TreeMap<>(gone);
        all.putAll(present);
        return List.copyOf(all.values());
    }
}
