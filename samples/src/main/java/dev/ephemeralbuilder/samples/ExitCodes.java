package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.ScriptResult;

/** The exit codes that are not the script's own. */
final class ExitCodes {
    /** Machines that should go are still there. */
    static final int LEFT_OVER = 1;
    /** Wrong options or settings. */
    static final int USAGE = 2;
    /** The script ran longer than it may, or the build did, as with timeout(1). */
    static final int TIMED_OUT = 124;
    /** The command itself failed, as with docker(1). */
    static final int FAILURE = 125;
    /** Ended by Ctrl-C. */
    static final int INTERRUPTED = 130;

    private ExitCodes() {}

    /** Returns what tells how a script ended. */
    static int of(ScriptResult result) {
        return switch (result.ending()) {
            case EXITED -> result.exitCode();
            case TIMED_OUT -> TIMED_OUT;
            case OUTPUT_LIMIT, CANCELLED -> FAILURE;
        };
    }
}
