package dev.ephemeralbuilder.samples;

/** Ends the command with a message for a person and an exit code. */
final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    private CommandException(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    /** The command was called wrongly, or a setting is wrong; nothing was done. */
    static CommandException usage(String message) {
        return new CommandException(ExitCodes.USAGE, message);
    }

    /** The command itself failed. */
    static CommandException failure(String message) {
        return new CommandException(ExitCodes.FAILURE, message);
    }

    int exitCode() {
        return exitCode;
    }
}
