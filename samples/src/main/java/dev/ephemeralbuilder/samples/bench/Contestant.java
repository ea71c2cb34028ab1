package dev.ephemeralbuilder.samples.bench;

import java.util.function.Consumer;

/** Runs jobs on machines in one way or another. Safe for use by many threads. */
interface Contestant extends AutoCloseable {
    /**
     * How one try ended.
     *
     * @param end what came of it
     * @param reason the type of the failure; empty if there is none
     * @param message what it says; empty if there is none
     * @param difference what is wrong with the log
     */
    record Result(End end, String reason, String message, BuildLog.Difference difference) {}

    /** What came of a try. */
    enum End {
        /** The script ran, and it was told how it ended. */
        DONE,
        /** A failure that says what it is, and that another try may help against. */
        FAILED_AGAIN,
        /** A failure that says what it is, and that it is final. */
        FAILED,
        /** Something else: whoever asked knows nothing. */
        UNACCOUNTED
    }

    /**
     * Runs a job's script on a new machine, whole: from the request to giving the machine back. Blocks.
     *
     * @param attempt names the job and the try; the script follows from it
     * @param uses is told of the machine that the script is going to run on
     */
    Result run(String attempt, Consumer<String> uses) throws InterruptedException;

    /** Waits until nothing is under way any more, for a bounded time; an interrupt ends the waiting. */
    @Override
    void close();
}
