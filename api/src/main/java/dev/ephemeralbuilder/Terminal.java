package dev.ephemeralbuilder;

import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/**
 * A login shell on a machine that somebody types into, on a pseudo terminal there: what is written are keys, what is
 * read is what a screen shows. It is for people. A build is a {@link Script}: that outlives its connection, this does
 * not. When the connection is lost the terminal has ended, nothing is resumed, and what ran in it may have ended too.
 *
 * <p>One thread may read while another writes and a third resizes.
 */
public interface Terminal extends AutoCloseable {
    /**
     * Types something, control characters too: the byte 3 is Ctrl-C. Blocks while the machine takes nothing, which is
     * bounded by the end of the terminal.
     *
     * @throws ProviderException if the terminal has ended
     * @throws InterruptedException if interrupted; the bytes may be typed all the same
     */
    void write(byte[] bytes) throws InterruptedException;

    /**
     * Reads what comes next. Blocks until there is something or the terminal has ended.
     *
     * @return at least one byte; an empty array when no more comes, whether the shell ended or the connection was lost
     * @throws InterruptedException if interrupted; nothing is lost, but the next output is read by whoever reads next
     */
    byte[] read() throws InterruptedException;

    /**
     * Tells the machine that the window has another size. Does not block. Does nothing where the transport cannot say so,
     * as with ECI, and nothing when the terminal has ended.
     */
    void resize(TerminalSize size);

    /**
     * Returns a future that completes when the terminal has ended and everything was read: with the shell's exit code
     * where the transport tells it, with nothing where it does not, as with ECI, or where the connection was lost.
     */
    CompletableFuture<OptionalInt> ended();

    /** Hangs up. Does nothing on a second call, and does not throw. */
    @Override
    void close();
}
