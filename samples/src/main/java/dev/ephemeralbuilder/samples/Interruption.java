package dev.ephemeralbuilder.samples;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C and TERM: interrupts the thread that does the work, once, and lets it give the machine back in peace.
 *
 * <p>While the thread is {@linkplain #cleanUp cleaning up}, a request does not interrupt it any more. Safe for use by
 * many threads.
 */
final class Interruption {
    private final Thread worker;
    private final CountDownLatch done = new CountDownLatch(1);
    private boolean requested;
    private boolean cleaningUp;

    /** Watches over the calling thread. */
    Interruption() {
        this.worker = Thread.currentThread();
    }

    /** Asks the work to end. */
    synchronized void request() {
        requested = true;
        if (!cleaningUp) {
            worker.interrupt();
        }
    }

    /** Returns whether the work was asked to end. */
    synchronized boolean requested() {
        return requested;
    }

    /** To be called by the worker before it gives the machine back: clears its interrupt flag and keeps it clear. */
    synchronized void cleanUp() {
        cleaningUp = true;
        // The request is remembered; the flag would only keep the clean-up from waiting.
        boolean ignored = Thread.interrupted();
    }

    /** To be called by the worker when nothing is left to be done. */
    void done() {
        done.countDown();
    }

    /** Ends the work when the JVM is told to end, and holds the JVM's end up until the work has ended. */
    void onJvmExit(Duration patience) {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            if (done.getCount() == 0) {
                                return;
                            }
                            request();
                            try {
                                if (!done.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                                    System.err.println(
                                            "ephemeral: gave up waiting; the cloud ends the machine by itself"
                                                    + " at the end of its lifetime");
                                }
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        },
                        "ephemeral-interruption"));
    }
}
