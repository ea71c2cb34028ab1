package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The bounded pool on which whatever blocks is called. Results come back on the ticker, so that the state machines need
 * no locks.
 */
final class Calls {
    /** What is not told apart goes with the most urgent: it is short. */
    private static final CloudAction ORDINARY = CloudAction.DELETE;

    private final Ticker ticker;
    private final ExecutorService pool;
    private final AtomicLong number = new AtomicLong();

    /** A task of the pool: the more urgent first, among equals the older. */
    private record Task(CloudAction urgency, long number, Runnable body, Runnable drop)
            implements Runnable, Comparable<Task> {
        @Override
        public void run() {
            body.run();
        }

        @Override
        public int compareTo(Task other) {
            return urgency != other.urgency ? urgency.compareTo(other.urgency) : Long.compare(number, other.number);
        }
    }

    /**
     * @param role a word for the names of the threads
     */
    Calls(Ticker ticker, String role, int maxConcurrent) {
        this.ticker = ticker;
        this.pool = pool("ephemeral-builder-" + role + "-", maxConcurrent, new PriorityBlockingQueue<>());
    }

    /** Makes a pool of daemon threads of the caller's group that end when they have been idle for a while. */
    static ExecutorService pool(String prefix, int size) {
        return pool(prefix, size, new LinkedBlockingQueue<>());
    }

    private static ExecutorService pool(String prefix, int size, BlockingQueue<Runnable> queue) {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        AtomicInteger next = new AtomicInteger();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(size, size, 10, TimeUnit.SECONDS, queue, task -> {
            Thread thread = new Thread(group, task, prefix + next.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Returns an executor that holds a ticker's time from the moment a task is handed over until it has run. */
    static Executor holding(Ticker ticker, Executor executor) {
        return task -> {
            Runnable release = ticker.hold();
            try {
                executor.execute(() -> {
                    try {
                        task.run();
                    } finally {
                        release.run();
                    }
                });
            } catch (RejectedExecutionException e) {
                release.run();
                throw e;
            }
        };
    }

    /**
     * Makes a blocking call on the pool.
     *
     * @return completes on the ticker, with a {@link CancellationException} if the engine is stopped meanwhile
     */
    <T> CompletableFuture<T> run(Callable<T> call) {
        return run(ORDINARY, call);
    }

    /**
     * Makes a blocking call on the pool as {@link #run(Callable)} does.
     *
     * @param urgency what goes first where calls have to wait for a thread
     */
    <T> CompletableFuture<T> run(CloudAction urgency, Callable<T> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Runnable release = ticker.hold();
        Runnable body = () -> {
            try {
                T value = call.call();
                hop(() -> result.complete(value));
            } catch (InterruptedException e) {
                // Only the end of the pool interrupts its threads.
                hop(() -> result.completeExceptionally(stopped()));
            } catch (Throwable t) {
                // Whatever it is: a future that is never done would stop a state machine for good.
                hop(() -> result.completeExceptionally(t));
            } finally {
                release.run();
            }
        };
        Runnable drop = () -> {
            hop(() -> result.completeExceptionally(stopped()));
            release.run();
        };
        try {
            pool.execute(new Task(urgency, number.getAndIncrement(), body, drop));
        } catch (RejectedExecutionException e) {
            release.run();
            result.completeExceptionally(stopped());
        }
        return result;
    }

    /** Interrupts what is under way and waits a moment for it, so that providers are not closed under their calls; false if they go on. */
    boolean stop(Duration most) throws InterruptedException {
        for (Runnable waiting : pool.shutdownNow()) {
            if (waiting instanceof Task task) {
                task.drop().run();
            }
        }
        return pool.awaitTermination(most.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void hop(Runnable task) {
        try {
            ticker.execute(task);
        } catch (RejectedExecutionException tickerIsClosed) {
            task.run();
        }
    }

    static CancellationException stopped() {
        return new CancellationException("the fleet is closed");
    }

    static boolean isStopped(Throwable failure) {
        return Failures.unwrap(failure) instanceof CancellationException;
    }
}
