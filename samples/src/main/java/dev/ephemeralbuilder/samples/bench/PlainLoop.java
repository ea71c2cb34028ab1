package dev.ephemeralbuilder.samples.bench;

import com.aliyuncs.exceptions.ClientException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * What most teams write: a create call, a look every five seconds, the script over one connection, and the deletion in a
 * {@code finally}. What goes wrong is an exception, and the job is run again from the start; a deletion that fails is
 * logged.
 */
final class PlainLoop implements Contestant {
    static final String CONNECTION_LOST = "connection lost";

    private final List<PlainWay> ways;
    private final Mischief mischief;
    private final AtomicInteger failedDeletions = new AtomicInteger();

    /** @param ways one for each product, which share the jobs; closed with this */
    PlainLoop(List<PlainWay> ways, Mischief mischief) {
        this.ways = List.copyOf(ways);
        this.mischief = mischief;
    }

    @Override
    public Result run(Work work, Consumer<String> uses) throws InterruptedException {
        String attempt = work.attempt();
        List<Use> machines = new ArrayList<>();
        PlainWay way = ways.get(Math.floorMod(attempt.hashCode(), ways.size()));
        try {
            String id = way.create(attempt);
            machines.add(new Use(id, Claim.OTHER));
            try {
                if (!way.awaitRunning(id)) {
                    return failed("not running in time", machines);
                }
                uses.accept(id);
                return script(way, work, id);
            } finally {
                delete(way, id);
            }
        } catch (ClientException e) {
            String code = e.getErrCode();
            // What the SDK makes of an answer that is no JSON.
            return failed(code == null || code.equals("(null)") ? "an answer without a code" : code, machines);
        } catch (IOException | RuntimeException e) {
            return failed(e.getClass().getSimpleName(), machines);
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

    private static Result failed(String reason, List<Use> machines) {
        return new Result(End.FAILED_AGAIN, reason, "", BuildLog.Difference.NONE, machines);
    }

    private Result script(PlainWay way, Work work, String id)
            throws ClientException, IOException, InterruptedException {
        byte[] expected = work.log().expected();
        Mischief.Watch watch = mischief.watch(work.attempt(), () -> id, expected.length);
        PlainWay.Ran ran = way.script(id, work.log(), watch::seen);
        BuildLog.Difference difference = watch.lostMachine()
                ? BuildLog.compareBeginning(expected, ran.bytes())
                : BuildLog.compare(expected, ran.bytes());
        Integer told = ran.exitCode();
        if (told == null) {
            return new Result(End.FAILED_AGAIN, CONNECTION_LOST, "", difference, List.of(new Use(id, Claim.OTHER)));
        }
        return told == work.log().exitCode()
                ? new Result(End.DONE, "", "", difference, List.of(new Use(id, Claim.FINISHED)))
                : new Result(
                        End.UNACCOUNTED,
                        WRONG_CODE,
                        "it was " + told,
                        difference,
                        List.of(new Use(id, Claim.FINISHED)));
    }

    /** Nothing is under way when {@link #run} has returned, and a loop knows of no costs. */
    @Override
    public double settle() {
        return 0;
    }

    @Override
    public void close() {
        System.err.println("ephemeral: plainLoop: " + failedDeletions.get() + " deletions failed");
        ways.forEach(PlainWay::close);
    }
}
