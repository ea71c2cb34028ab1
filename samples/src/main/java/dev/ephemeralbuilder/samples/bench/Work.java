package dev.ephemeralbuilder.samples.bench;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One try of a job.
 *
 * @param attempt names the job and the try
 * @param log what runs on the machine
 * @param expected how long that is thought to take, by the cloud's clock; null if nobody knows
 * @param farewell a script for a machine that is being taken back; empty for none
 */
record Work(String attempt, BuildLog log, @Nullable Duration expected, String farewell) {
    /** Returns a try of which nothing is known before: its script follows from its name. */
    static Work of(String attempt) {
        return new Work(attempt, BuildLog.of(attempt), null, "");
    }
}
