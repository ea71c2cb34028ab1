package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * How a script ended, as the machine wrote it down. A script whose end nobody wrote down has no result: that is a
 * {@link BuilderLostException}.
 *
 * @param exitCode the exit status of the script's process, 0 to 255; 128 + n after signal n
 * @param ending what brought the end about
 * @param duration how long it ran, by the machine's clock, in whole seconds
 * @param outBytes how many bytes it wrote to standard output (to both streams, if merged)
 * @param errBytes how many bytes it wrote to standard error, if kept apart
 */
public record ScriptResult(int exitCode, Ending ending, Duration duration, long outBytes, long errBytes) {
    /** What brings a script's end about. */
    public enum Ending {
        /** It ended by itself. */
        EXITED,
        /** It was ended because it ran longer than {@link Script#timeout}. */
        TIMED_OUT,
        /** It was ended because it wrote more than {@link Script#outputLimit}. */
        OUTPUT_LIMIT,
        /** It was ended by {@link RunningScript#cancel}. */
        CANCELLED
    }

    /** Checks the parts. */
    public ScriptResult {
        requireNonNull(ending, "ending");
        requireNonNull(duration, "duration");
    }

    /** Returns whether it ended by itself with exit code 0. */
    public boolean success() {
        return ending == Ending.EXITED && exitCode == 0;
    }
}
