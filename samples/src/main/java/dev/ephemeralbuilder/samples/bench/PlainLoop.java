package dev.ephemeralbuilder.samples.bench;

import com.aliyuncs.exceptions.ClientException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * What most teams write: a create call, a look every five seconds, the script over one connection, and the deletion in a
 * {@code finally}. What goes wrong is an exception, and the job is run again from the start; a deletion that fails is
 * logged.
 */
final class PlainLoop implements Contestant {
    private final List<PlainWay> ways;
    private final Mischief mischief;
    private final AtomicInteger failedDeletions = new AtomicInteger();

    /** @param ways one for each product, which share the jobs; closed with this */
    PlainLoop(List<PlainWay> ways, Mischief mischief) {
        this.ways = List.copyOf(ways);
        this.mischief = mischief;
    }

    @Override
    public Result run(String attempt, Consumer<String> uses) throws InterruptedException {
        PlainWay way = ways.get(Math.floorMod(attempt.hashCode(), ways.size()));
        try {
            String id = way.create(attempt);
            try {
                if (!way.awaitRunning(id)) {
                    return failed("not running in time");
                }
                uses.accept(id);
                return script(way, attempt, id);
            } finally {
                delete(way, id);
            }
        } catch (ClientException e) {
            String code = e.getErrCode();
            // What the SDK makes of an answer that is no JSON.
            return failed(code == null || code.equals("(null)") ? "an answer without a code" : code);
        } catch (IOException | RuntimeException e) {
            return failed(e.getClass().getSimpleName());
        }
    }

    /** A job is not run again for a deletion that failed; somebody reads the log some day. */
    private void delete(PlainWay way, String id) {
        try {
            way.delete(id);
        } catch (ClientException | RuntimeException e) {
            failedDeletions.incrementAndGet();
        }
    }

    private static Result failed(String reason) {
        return new Result(End.FAILED_AGAIN, reason, "", BuildLog.Difference.NONE);
    }

    private Result script(PlainWay way, String attempt, String id)
            throws ClientException, IOException, InterruptedException {
        byte[] expected = BuildLog.expected(attempt);
        Mischief.Watch watch = mischief.watch(attempt, id, expected.length);
        PlainWay.Ran ran = way.script(id, BuildLog.script(attempt), watch::seen);
        BuildLog.Difference difference = watch.lostMachine()
                ? BuildLog.compareBeginning(expected, ran.bytes())
                : BuildLog.compare(expected, ran.bytes());
        return ran.told()
                ? new Result(End.DONE, "", "", difference)
                : new Result(End.FAILED_AGAIN, "connection lost", "", difference);
    }

    @Override
    public void close() {
        System.err.println("ephemeral: plainLoop: " + failedDeletions.get() + " deletions failed");
        ways.forEach(PlainWay::close);
    }
}
