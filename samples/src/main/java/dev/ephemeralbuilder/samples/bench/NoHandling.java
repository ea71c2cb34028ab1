package dev.ephemeralbuilder.samples.bench;

import java.util.function.Consumer;

/**
 * A loop that runs each job once. On an instance a connection that is lost is what it is to a shell that calls {@code ssh}:
 * exit code 255 (ssh(1), "exit status"), which it takes for the script's. On a container group there is no {@code ssh}: the
 * last line does not come, and the job has failed.
 */
final class NoHandling implements Contestant {
    private final PlainLoop loop;

    /** @param loop is closed with this */
    NoHandling(PlainLoop loop) {
        this.loop = loop;
    }

    @Override
    public Result run(Work work, Consumer<String> uses) throws InterruptedException {
        Result result = loop.run(work, uses);
        if (result.end() != End.FAILED_AGAIN) {
            return result;
        }
        boolean groups = result.machines().stream().anyMatch(use -> Mischief.isGroup(use.machine()));
        return result.reason().equals(PlainLoop.CONNECTION_LOST) && !groups
                ? with(End.UNACCOUNTED, WRONG_CODE, "it was 255", result)
                : with(End.FAILED, result.reason(), result.message(), result);
    }

    private static Result with(End end, String reason, String message, Result result) {
        return new Result(end, reason, message, result.difference(), result.machines());
    }

    @Override
    public double settle() {
        return loop.settle();
    }

    @Override
    public void close() {
        loop.close();
    }
}
