package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A ticker that the test moves by hand, on its own thread. */
final class HandTicker implements Ticker {
    private record Task(Instant at, long number, Runnable body) {}

    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparing(Task::at).thenComparingLong(Task::number));
    private final AtomicInteger holds = new AtomicInteger();
    private Instant now;
    private long number;

    HandTicker(Instant start) {
        this.now = start;
    }

    @Override
    public synchronized Instant now() {
        return now;
    }

    @Override
    public synchronized Scheduled schedule(Duration delay, Runnable task) {
        Task added = new Task(now.plus(delay), number++, task);
        tasks.add(added);
        return () -> cancel(added);
    }

    private synchronized void cancel(Task task) {
        tasks.remove(task);
    }

    @Override
    public void execute(Runnable task) {
        schedule(Duration.ZERO, task);
    }

    @Override
    public Runnable hold() {
        holds.incrementAndGet();
        return holds::decrementAndGet;
    }

    int openHolds() {
        return holds.get();
    }

    /** Moves the time forward and runs what gets due. */
    void advance(Duration time) {
        Instant end = now().plus(time);
        for (Task task = next(end); task != null; task = next(end)) {
            task.body().run();
        }
    }

    private synchronized @Nullable Task next(Instant end) {
        Task first = tasks.peek();
        if (first == null || first.at().isAfter(end)) {
            now = end;
            return null;
        }
        now = first.at().isAfter(now) ? first.at() : now;
        return tasks.poll();
    }

    @Override
    public void close() {}
}
