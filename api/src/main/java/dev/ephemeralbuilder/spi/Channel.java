package dev.ephemeralbuilder.spi;

import java.nio.ByteBuffer;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/**
 * The input and output of one started command. No method blocks, so that a thousand channels need no thousand threads;
 * futures complete on threads of the transport, which must not be held up.
 *
 * <p>Buffers are bounded in both directions: output that nobody reads waits on the machine, and a write completes only
 * when the transport has room. One read and one write at a time; otherwise safe for use by many threads.
 */
public interface Channel extends AutoCloseable {
    /**
     * Sends input.
     *
     * @param bytes the bytes; not to be touched until the future completes
     * @return completes when the transport took all of them; fails with a
     *     {@link dev.ephemeralbuilder.ProviderException} if the channel is lost or closed, also when the command took
     *     them and ended before the transport could say so
     */
    CompletableFuture<Void> write(ByteBuffer bytes);

    /**
     * Says that no more input comes. On a transport that cannot say so this does nothing, so commands must know from
     * elsewhere how much input to expect.
     */
    CompletableFuture<Void> closeInput();

    /**
     * Takes the next output, standard output and standard error together.
     *
     * @return completes with at least one byte as soon as there is one, or with an empty buffer when no more comes,
     *     whether the command ended or the connection was lost; never fails
     */
    CompletableFuture<ByteBuffer> read();

    /**
     * Returns a future that completes when the channel has ended and all its output was read or dropped: with the exit
     * code if the transport has one, with nothing if it has none or was lost. Nothing is neither success nor failure.
     */
    CompletableFuture<OptionalInt> ended();

    /** Closes this side. Stops nothing on the machine but what minds that its output is gone. Does not throw. */
    @Override
    void close();
}
