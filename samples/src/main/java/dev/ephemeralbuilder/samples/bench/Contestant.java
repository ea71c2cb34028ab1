package dev.ephemeralbuilder.samples.bench;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Runs jobs on machines in one way or another. Safe for use by many threads. */
interface Contestant extends AutoCloseable {
    String WRONG_CODE = "an exit code that the script did not give";

    /**
     * How one try ended.
     *
     * @param end what came of it
     * @param reason the type of the failure; empty if there is none
     * @param message what it says; empty if there is none
     * @param difference what is wrong with the log
     * @param machines those that it was begun on, in their order
     */
    record Result(End end, String reason, String message, BuildLog.Difference difference, List<Use> machines) {}

    /** What is said of a machine that a job was begun on. */
    enum Claim {
        /** The job finished there. */
        FINISHED,
        /** It was taken back, or lost. */
        LOST,
        /** Something else, or nothing. */
        OTHER
    }

    /** A machine that a job was begun on, and what is said of it. */
    record Use(String machine, Claim claim) {
        /** Returns the machines of which that is said. */
        static Set<String> of(List<Use> uses, Claim claim) {
            return uses.stream()
                    .filter(use -> use.claim() == claim)
                    .map(Use::machine)
                    .collect(Collectors.toSet());
        }
    }

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
     * @param uses is told of the machine that the script is going to run on
     */
    Result run(Work work, Consumer<String> uses) throws InterruptedException;

    /**
     * Waits until nothing is under way any more, for a bounded time.
     *
     * @return what the contestant itself thinks that all has cost, in CNY; 0 if it has no idea
     */
    double settle() throws InterruptedException;

    @Override
    void close();
}
