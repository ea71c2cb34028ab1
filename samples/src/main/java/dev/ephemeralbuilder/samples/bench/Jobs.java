package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The jobs of one contestant, kept by the process that outlives its controllers: what was asked, and how it ended. Not safe
 * for use by many threads.
 */
final class Jobs {
    /** More than any run needs: then a controller is never finished before it is killed. */
    private static final int MOST_CONTROLLERS = 200;

    private static final int MOST_IDLE = 10;

    /** What a fleet warns of is what this is about: it would be said thousands of times. */
    private static final List<String> QUIETLY = List.of("-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error");

    private static final int MOST_FAILURES_SHOWN = 20;

    private static final long FIRST_KILL_MILLIS = 4_000;
    private static final long LAST_KILL_MILLIS = 25_000;

    private final BenchOutput output;
    private final String name;
    private final int asked;
    private final Map<String, Controller.Job> open = new LinkedHashMap<>();
    private final Set<String> used = new HashSet<>();
    private final Set<String> taken = new HashSet<>();
    private final Map<String, Ended> ended = new HashMap<>();
    private final Map<String, Integer> reasons = new TreeMap<>();
    private int wrongs;
    private int tries;
    private int succeeded;
    private int failed;
    private long bytesLost;
    private long bytesDoubled;
    private double estimate;

    /**
     * How a job ended.
     *
     * @param end of the last try
     * @param right whether its output is what the script wrote
     * @param machines those that it was begun on, in their order
     * @param millis how long it took, by the cloud's clock
     */
    record Ended(Contestant.End end, boolean right, List<Contestant.Use> machines, long millis) {
        static final Ended NOT_BEGUN = new Ended(Contestant.End.FAILED_AGAIN, true, List.of(), 0);

        private Ended then(Contestant.Result result, long time) {
            List<Contestant.Use> all = new ArrayList<>(machines);
            all.addAll(result.machines());
            return new Ended(
                    result.end(), result.difference().equals(BuildLog.Difference.NONE), List.copyOf(all), time);
        }

        /** Returns whether a machine is said to have been lost that was not taken. */
        boolean tellsOfOtherLosses(Set<String> taken) {
            return !taken.containsAll(Contestant.Use.of(machines, Contestant.Claim.LOST));
        }
    }

    Jobs(BenchOutput output, String name, int count) {
        this.output = output;
        this.name = name;
        this.asked = count;
        for (int i = 0; i < count; i++) {
            String job = "job-" + i;
            open.put(job, new Controller.Job(job, 0));
        }
    }

    /** Runs all jobs by one controller; what it leaves open when it ends is unaccounted for. */
    void run(Controller.Plan plan) throws IOException, InterruptedException {
        run(plan, Duration.ZERO);
    }

    /** Runs all jobs by one controller after the other, each of which is killed at a moment that the seed decides. */
    void runAndKill(Controller.Plan plan) throws IOException, InterruptedException {
        SplittableRandom random = new SplittableRandom(plan.seed());
        int idle = 0;
        for (int i = 0; i < MOST_CONTROLLERS && !open.isEmpty(); i++) {
            int before = tries;
            run(plan, Duration.ofMillis(random.nextLong(FIRST_KILL_MILLIS, LAST_KILL_MILLIS)));
            idle = tries == before ? idle + 1 : 0;
            if (idle == MOST_IDLE) {
                output.progress(name + ": " + idle + " controllers in a row got nothing done; it is given up");
                return;
            }
            output.progress(name + ": controller " + (i + 1) + " is gone, " + open.size() + " jobs are open");
        }
    }

    /** @param killAfter from its first sign of life; zero for never */
    private void run(Controller.Plan plan, Duration killAfter) throws IOException, InterruptedException {
        Ticker.Scheduled kill = null;
        try (Child controller = Child.java(name, QUIETLY, Controller.class)) {
            controller.say(Json.line(plan.with(List.copyOf(open.values()))));
            while (true) {
                Optional<String> line = controller.next(plan.silence());
                if (line.isEmpty()) {
                    return;
                }
                Controller.Event event = Json.read(line.get(), Controller.Event.class);
                take(event, plan);
                if (kill == null && !killAfter.isZero()) {
                    kill = output.wall().schedule(killAfter, controller::kill);
                }
                if (event.what().equals(Controller.CLOSED)) {
                    return;
                }
            }
        } finally {
            if (kill != null) {
                kill.cancel();
            }
        }
    }

    private void take(Controller.Event event, Controller.Plan plan) {
        if (event.what().equals(Controller.USED)) {
            used.add(event.machine());
        } else if (event.what().equals(Controller.TAKEN)) {
            taken.add(event.machine());
        }
        estimate += event.estimate();
        Controller.Job job = open.get(event.job());
        Contestant.@Nullable Result result = event.result();
        if (job == null || result == null) {
            return;
        }
        tries++;
        Ended now = ended.merge(
                job.name(),
                Ended.NOT_BEGUN.then(result, event.millis()),
                (before, more) -> before.then(result, event.millis()));
        bytesLost += result.difference().lost();
        bytesDoubled += result.difference().doubled();
        if (!result.reason().isEmpty()) {
            reasons.merge(result.reason(), 1, Integer::sum);
        }
        if (!plan.isLast(job, result)) {
            open.put(job.name(), new Controller.Job(job.name(), job.tries() + 1));
            return;
        }
        // What a plan takes back is compared at the end, by what the cloud says.
        boolean untrue = plan.reclaims() == null && now.tellsOfOtherLosses(taken);
        if (result.end() == Contestant.End.UNACCOUNTED || untrue) {
            wrongs++;
            if (wrongs <= MOST_FAILURES_SHOWN) {
                output.progress(name + ": " + job.name() + " is not accounted for: " + result.reason() + " "
                        + result.message() + (untrue ? " of " + now.machines() : ""));
            }
            // Stays open, so that it counts as such.
            return;
        }
        open.remove(job.name());
        if (result.end() == Contestant.End.DONE) {
            succeeded++;
        } else {
            failed++;
            if (failed <= MOST_FAILURES_SHOWN) {
                output.progress(name + ": " + job.name() + " has failed: " + result.reason() + " " + result.message());
            }
        }
        int closed = asked - open.size();
        if (closed % 50 == 0) {
            output.progress(name + ": " + closed + " of " + asked + " have ended");
        }
    }

    /** Returns how those jobs ended that were tried at all, by their names. */
    Map<String, Ended> ended() {
        return Map.copyOf(ended);
    }

    /** Returns what the contestant thinks that all has cost, in CNY; 0 if it has no idea. */
    double estimate() {
        return estimate;
    }

    int asked() {
        return asked;
    }

    int succeeded() {
        return succeeded;
    }

    int failed() {
        return failed;
    }

    int unaccounted() {
        return asked - succeeded - failed;
    }

    long bytesLost() {
        return bytesLost;
    }

    long bytesDoubled() {
        return bytesDoubled;
    }

    /** Returns why tries did not end well, and how often. */
    Map<String, Integer> reasons() {
        return reasons;
    }

    /**
     * Returns how many machines were kept although another one of the same request was kept at the same time: a script ran
     * on it, or it is left.
     */
    long duplicates(List<Census.Life> machines) {
        Map<String, List<Census.Life>> kept = new LinkedHashMap<>();
        for (Census.Life life : machines) {
            if (used.contains(life.id()) || life.alive()) {
                kept.computeIfAbsent(life.request(), r -> new ArrayList<>()).add(life);
            }
        }
        long duplicates = 0;
        for (List<Census.Life> same : kept.values()) {
            for (int i = 1; i < same.size(); i++) {
                Census.Life one = same.get(i);
                duplicates += same.subList(0, i).stream().anyMatch(one::overlaps) ? 1 : 0;
            }
        }
        return duplicates;
    }
}
