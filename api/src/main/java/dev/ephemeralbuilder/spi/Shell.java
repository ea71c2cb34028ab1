package dev.ephemeralbuilder.spi;

/**
 * A connection to one machine over which commands are started. Losing or closing it stops nothing on the machine.
 *
 * <p>Safe for use by many threads.
 */
public interface Shell extends AutoCloseable {
    /**
     * Starts a command of the login user's shell. Blocks until the machine has taken it, within a bound of its own.
     *
     * @param command a POSIX shell command of at most 1,000 ASCII characters, without secrets
     * @throws dev.ephemeralbuilder.ProviderException if the connection is lost or there are too many channels; the
     *     command may have been started if its effect is unknown
     * @throws InterruptedException if interrupted
     */
    Channel open(String command) throws InterruptedException;

    /** Returns whether the connection is up, as far as is known without asking. Does not block. */
    boolean isOpen();

    /** Closes the connection and all its channels. Does not throw and does not wait for the machine. */
    @Override
    void close();
}
