package dev.ephemeralbuilder.spi;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.TerminalSize;
import java.security.KeyPair;

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

    /**
     * Gives the machine a host key of its own, in place of all that it has: machines of one create call begin with the
     * same one, and whoever rules one of them could pose as another. Blocks, within a bound of its own.
     *
     * <p>After it has returned true, connections that are opened show the new key and no other; those that are open
     * stay open. It may be called again with the same key, also over a connection that was shown it already. The
     * private key travels as input of this verified connection: it is on no command line and in no log.
     *
     * <p>By default it returns false, and this provider's machines keep the key of their create call.
     *
     * @param newKey ECDSA on P-256
     * @return false if the machine goes on with the key that it has, because the provider does not replace host keys
     * @throws ConfigurationException if the machine cannot take another host key as it is set up
     * @throws dev.ephemeralbuilder.ProviderException if the connection is lost, or the machine does not answer; unless
     *     it has no effect, the machine may show either key from now on
     * @throws InterruptedException if interrupted; the machine may show either key from now on
     */
    default boolean replaceHostKey(KeyPair newKey) throws InterruptedException {
        return false;
    }

    /**
     * Starts the login user's shell on a pseudo terminal of the type {@code xterm-256color}, for somebody to type into.
     * Blocks until the machine has taken it, within a bound of its own. It counts as one channel.
     *
     * <p>By default it fails: this provider's machines have no terminals.
     *
     * @throws ConfigurationException if the provider, or the machine as it is set up, has no terminals
     * @throws dev.ephemeralbuilder.ProviderException if the connection is lost or there are too many channels
     * @throws InterruptedException if interrupted
     */
    default TerminalChannel openTerminal(TerminalSize size) throws InterruptedException {
        throw new ConfigurationException("The provider of this machine opens no terminals", null, null, null);
    }

    /** Returns whether the connection is up, as far as is known without asking. Does not block. */
    boolean isOpen();

    /** Closes the connection and all its channels. Does not throw and does not wait for the machine. */
    @Override
    void close();
}
