package dev.ephemeralbuilder.testing.junit;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The threads of what one test, or one class, has made: a thread group of its own. The pools of fleets, providers and
 * simulators take the group of whoever makes them, so what is made here is told apart from what other tests make at the
 * same time. Safe for use by many threads.
 */
final class OwnThreads {
    /** Threads with other names are not the library's to end, such as those of the JDK's HTTP client. */
    private static final String PREFIX = "ephemeral-";

    private static final Duration CALL_BOUND = Duration.ofMinutes(2);
    private static final Duration STEP = Duration.ofMillis(5);
    private static final int STEPS = 24_000;
    private static final Duration END_BOUND = Duration.ofSeconds(3);
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    // Never destroyed, so that its pools can start threads at any time; an empty group is a name and little more.
    private final ThreadGroup group = new ThreadGroup(root(), PREFIX + "test-" + NUMBERS.incrementAndGet());

    /**
     * Makes something on a thread of the group, and waits for it, for two minutes at most.
     *
     * @throws IllegalStateException if it takes longer
     * @throws CancellationException if interrupted; the thread is then interrupted too
     */
    <T> T make(Supplier<T> maker) {
        CompletableFuture<T> made = new CompletableFuture<>();
        Thread thread = start("make", made, maker);
        try {
            return made.get(CALL_BOUND.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while a test's cloud or fleet was made");
        } catch (TimeoutException e) {
            thread.interrupt();
            throw new IllegalStateException("the test's cloud or fleet was not there after " + CALL_BOUND, e);
        } catch (ExecutionException e) {
            throw asThrown(e);
        }
    }

    /**
     * Ends something on a thread of the group while the test's time goes on. Goes on when interrupted, and keeps the flag:
     * an interrupted test must not leave machines behind.
     *
     * @param letTimePass one step of the test's time
     * @throws AssertionError if it does not end within about two minutes
     */
    void end(Runnable ending, Runnable letTimePass) {
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        Thread thread = start("end", ended, () -> {
            ending.run();
            return true;
        });
        boolean interrupted = Thread.interrupted();
        try {
            for (int step = 0; step < STEPS; step++) {
                try {
                    ended.get(STEP.toNanos(), TimeUnit.NANOSECONDS);
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (TimeoutException e) {
                    letTimePass.run();
                } catch (ExecutionException e) {
                    throw asThrown(e);
                }
            }
            thread.interrupt();
            throw new AssertionError("the test's fleet or cloud does not end" + Texts.stack(thread));
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Waits a while for threads that are on their way out, and returns those that stay. */
    List<Thread> left() {
        boolean waiting = true;
        for (Thread thread : alive()) {
            if (waiting) {
                try {
                    thread.join(END_BOUND.toMillis());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                // One that stays has cost the whole time, in which the others could have ended as well.
                waiting = !thread.isAlive();
            }
        }
        return alive();
    }

    /** Returns the living threads of the group that carry the library's names. */
    List<Thread> alive() {
        Thread[] found = new Thread[group.activeCount() + 16];
        int count = group.enumerate(found);
        while (count == found.length) {
            found = new Thread[2 * found.length];
            count = group.enumerate(found);
        }
        return Stream.of(found)
                .limit(count)
                .filter(thread -> thread.getName().startsWith(PREFIX) && thread.isAlive())
                .sorted(Comparator.comparing(Thread::getName))
                .toList();
    }

    private <T> Thread start(String role, CompletableFuture<T> result, Supplier<T> task) {
        Thread thread = new Thread(
                group,
                () -> {
                    try {
                        result.complete(task.get());
                    } catch (RuntimeException | Error e) {
                        result.completeExceptionally(e);
                    }
                },
                group.getName() + "-" + role);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static RuntimeException asThrown(ExecutionException e) {
        if (e.getCause() instanceof Error error) {
            throw error;
        }
        return e.getCause() instanceof RuntimeException failure ? failure : new IllegalStateException(e);
    }

    /** The group of all groups, which lives as long as the JVM. */
    private static ThreadGroup root() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        while (group.getParent() != null) {
            group = group.getParent();
        }
        return group;
    }
}
