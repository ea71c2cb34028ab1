package dev.ephemeralbuilder.samples.bench;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A fixed number of threads that wait more than they work. */
final class Crew implements AutoCloseable {
    private static final long SMALL_STACK = 256 << 10;
    private static final Duration END = Duration.ofSeconds(10);

    private final ExecutorService threads;

    /** @param name a part of the threads' names */
    Crew(String name, int count) {
        AtomicInteger number = new AtomicInteger();
        threads = Executors.newFixedThreadPool(count, task -> {
            String threadName = "ephemeral-bench-" + name + "-" + number.incrementAndGet();
            Thread thread = new Thread(null, task, threadName, SMALL_STACK);
            thread.setDaemon(true);
            return thread;
        });
    }

    <T> Future<T> submit(Callable<T> work) {
        return threads.submit(work);
    }

    /** Interrupts what is under way and waits for it, ten seconds at most. */
    @Override
    public void close() {
        threads.shutdownNow();
        try {
            threads.awaitTermination(END.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
