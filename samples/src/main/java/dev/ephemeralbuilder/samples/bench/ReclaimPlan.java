package dev.ephemeralbuilder.samples.bench;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long each job of {@code bench reclaim} takes, how it ends, and what becomes of its first, second, … machine: all of it
 * follows from the seed, so that each contestant meets the same. Lengths are by the cloud's clock.
 *
 * @param seed of the benchmark
 * @param rate the share of the machines that is taken back
 * @param scale seconds of the cloud per second here
 */
record ReclaimPlan(long seed, double rate, double scale) {
    /** How long a farewell takes. */
    private static final Duration FAREWELL = Duration.ofSeconds(60);

    private static final Duration SHORTEST = Duration.ofMinutes(1);
    static final Duration LONGEST = Duration.ofMinutes(20);

    /** Machines boot in 30 seconds at least. */
    private static final Duration BOOT = Duration.ofSeconds(25);

    private static final double FAILING = 0.05;
    private static final int BLOCKS = 10;
    private static final int LINES = 20;
    private static final Pattern JOB = Pattern.compile("job-\\d+");

    /** In which way a machine is taken back. */
    enum Deed {
        NONE,
        /** With the usual notice, while the script runs. */
        NOTICE,
        /** Without notice, while the script runs. */
        NO_NOTICE,
        /** With notice, but it is gone long before that says so: before its farewell has begun, in it, or just after. */
        FAREWELL,
        /** While it boots, with notice or without. */
        BOOT
    }

    /**
     * One thing that the cloud does to a machine.
     *
     * @param booted whether the time counts from when the machine runs, else from its creation
     * @param after the time
     * @param notice whether there is the usual notice
     */
    record Blow(boolean booted, Duration after, boolean notice) {}

    /** What becomes of a machine. */
    record Fate(Deed deed, List<Blow> blows) {}

    /** Returns which job a request is of; empty if of none. */
    static String jobOf(String request) {
        Matcher job = JOB.matcher(request);
        return job.lookingAt() ? job.group() : "";
    }

    /** Returns the length of a job's script. */
    Duration length(String job) {
        return between(SHORTEST, LONGEST, random(job).nextDouble());
    }

    /**
     * Returns what is to be done for a job: its script, the time that it is thought to take, which is off by a quarter at
     * most, and its farewell.
     *
     * @param attempt names the job and the try
     */
    Work work(String job, String attempt) {
        SplittableRandom random = random(job + "/work");
        double pause = length(job).toMillis() / 1000.0 / scale / BLOCKS;
        int exitCode = random.nextDouble() < FAILING ? 1 + random.nextInt(100) : 0;
        Duration expected = Duration.ofMillis((long) (length(job).toMillis() * (0.8 + 0.45 * random.nextDouble())));
        return new Work(
                attempt,
                new BuildLog(job, BLOCKS, LINES, pause, exitCode),
                expected,
                "sleep " + Numbers.text(FAREWELL.toMillis() / 1000.0 / scale));
    }

    /** Returns what becomes of a job's machine, if it is one of the spot market: nothing happens to others. */
    Fate fate(String job, int number) {
        SplittableRandom random = random(job + "/" + number);
        if (random.nextDouble() >= rate) {
            return new Fate(Deed.NONE, List.of());
        }
        double kind = random.nextDouble();
        double moment = random.nextDouble();
        Duration middle = between(Duration.ZERO, length(job), moment);
        if (kind < 0.25) {
            return new Fate(Deed.NO_NOTICE, List.of(new Blow(true, middle, false)));
        }
        if (kind < 0.35) {
            return new Fate(Deed.BOOT, List.of(new Blow(false, between(Duration.ZERO, BOOT, moment), kind < 0.30)));
        }
        if (kind < 0.50) {
            Duration early = middle.plus(between(Duration.ofSeconds(30), Duration.ofSeconds(90), random.nextDouble()));
            return new Fate(Deed.FAREWELL, List.of(new Blow(true, middle, true), new Blow(true, early, false)));
        }
        return new Fate(Deed.NOTICE, List.of(new Blow(true, middle, true)));
    }

    private SplittableRandom random(String what) {
        return new SplittableRandom(seed * 0x9E3779B97F4A7C15L + what.hashCode());
    }

    private static Duration between(Duration least, Duration most, double share) {
        return least.plusMillis((long) (most.minus(least).toMillis() * share));
    }
}
