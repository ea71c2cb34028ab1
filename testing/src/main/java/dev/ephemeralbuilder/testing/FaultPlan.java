package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** What is to go wrong with the next calls, and how many there were. Safe for use by many threads. */
final class FaultPlan {
    /**
     * One planned fault.
     *
     * @param failure what to throw instead of making the call; null if the call is made and its answer lost
     */
    record Fault(@Nullable BuilderException failure) {}

    private final Map<Call, Queue<Fault>> planned = new EnumMap<>(Call.class);
    private final Map<Call, Integer> counts = new EnumMap<>(Call.class);

    synchronized void add(Call call, Fault fault) {
        planned.computeIfAbsent(call, c -> new ArrayDeque<>()).add(fault);
    }

    /** Counts a call and returns what is planned for it. */
    synchronized Optional<Fault> next(Call call) {
        counts.merge(call, 1, Integer::sum);
        Queue<Fault> queue = planned.get(call);
        return queue == null ? Optional.empty() : Optional.ofNullable(queue.poll());
    }

    synchronized int count(Call call) {
        return counts.getOrDefault(call, 0);
    }
}
