package dev.ephemeralbuilder.testing.simulator;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Daemon threads with names, in the group of whoever made their factory, and tasks that do not end the thread they run on. */
final class Threads {
    private static final Logger log = LoggerFactory.getLogger(Threads.class);

    private Threads() {}

    /** Returns a factory for a pool of one thread. */
    static ThreadFactory named(String name) {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        return task -> daemon(group, task, name);
    }

    /** Returns a factory that appends a number to each name. */
    static ThreadFactory numbered(String prefix) {
        AtomicInteger number = new AtomicInteger();
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        return task -> daemon(group, task, prefix + "-" + number.incrementAndGet());
    }

    /** Returns a task that logs what the given one throws, so that the thread lives on. */
    static Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                log.error("A task of the simulator failed", e);
            }
        };
    }

    private static Thread daemon(ThreadGroup group, Runnable task, String name) {
        Thread thread = new Thread(group, task, name);
        thread.setDaemon(true);
        return thread;
    }
}
