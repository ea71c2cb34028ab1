package dev.ephemeralbuilder.samples;

/** The exit codes that are not the script's own. */
final class ExitCodes {
    /** Machines that should go are still there. */
    static final int LEFT_OVER = 1;
    /** Wrong options or settings. */
    static final int USAGE = 2;
    /** The script ran longer than it may, as with timeout(1). */
    static final int TIMED_OUT = 124;
    /** The command itself failed, as with docker(1). */
    static final int FAILURE = 125;
    /** Ended by Ctrl-C. */
    static final int INTERRUPTED = 130;

    private ExitCodes() {}
}
