package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How a {@link Job} ended whose scripts did: with success, or with the failure of a script. A job that ends otherwise
 * throws {@link JobException}.
 *
 * @param requestId the id of the job's request, as given or made up
 * @param scripts how the scripts of the last attempt ended, in the job's order; those behind a failed one were not run
 * @param downloads what was copied from the machine
 * @param attempts every attempt, the last one included
 * @param kept the machine that was left because a script failed, if there is one
 */
public record JobResult(
        String requestId,
        List<ScriptResult> scripts,
        List<Transfer> downloads,
        List<JobAttempt> attempts,
        Optional<Kept> kept) {
    /**
     * A machine that was left, detached, for somebody to look at.
     *
     * @param machineId its id, for {@link BuildFleet#attach}
     * @param until when its lease ends
     */
    public record Kept(String machineId, Instant until) {
        /** Checks the parts. */
        public Kept {
            requireNonNull(machineId, "machineId");
            requireNonNull(until, "until");
        }
    }

    /** Copies the lists. */
    public JobResult {
        requireNonNull(requestId, "requestId");
        scripts = List.copyOf(scripts);
        downloads = List.copyOf(downloads);
        attempts = List.copyOf(attempts);
        requireNonNull(kept, "kept");
    }

    /** Returns whether every script ended by itself with exit code 0. */
    public boolean success() {
        return scripts.stream().allMatch(ScriptResult::success);
    }

    /**
     * Returns the exit code of the first script that failed, rather not of one that was cancelled for that. It is 0 if and
     * only if the job is a {@link #success}: a script that was ended, by its timeout say, and gave 0 nevertheless counts as 1.
     */
    public int exitCode() {
        if (success()) {
            return 0;
        }
        List<ScriptResult> failed =
                scripts.stream().filter(script -> !script.success()).toList();
        int code = failed.stream()
                .filter(script -> script.ending() != ScriptResult.Ending.CANCELLED)
                .findFirst()
                .orElse(failed.get(0))
                .exitCode();
        return code == 0 ? 1 : code;
    }
}
