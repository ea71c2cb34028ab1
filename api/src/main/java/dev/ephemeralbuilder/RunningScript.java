package dev.ephemeralbuilder;

import java.util.concurrent.CompletableFuture;

/**
 * A script that was started on a builder. It outlives every connection, and this process.
 *
 * <p>Safe for use by many threads; no method blocks. Cancelling a returned future stops the waiting, not the script.
 */
public interface RunningScript {
    /** Returns the id of the script, unique on its builder. */
    String id();

    /**
     * Delivers the whole output from its first byte, then goes on live until the script has ended. After a lost
     * connection it goes on at the byte where it was cut. May be called more than once; each call has its own place.
     *
     * @return completes when everything was delivered; fails with {@link BuilderLostException} or
     *     {@link BuilderReclaimedException} if the machine is gone, or with what the sink threw
     */
    CompletableFuture<Void> follow(LogSink sink);

    /**
     * Ends the script's whole process group: TERM, after {@link Script#grace} KILL. A script that has ended is left as
     * it is.
     *
     * @return completes when the machine has taken the order, not when the script has ended
     */
    CompletableFuture<Void> cancel();

    /**
     * Returns how the script ended, once it has.
     *
     * @return fails with {@link BuilderLostException} if the machine cannot say any more, with
     *     {@link BuilderReclaimedException} if the cloud took the machine back
     */
    CompletableFuture<ScriptResult> result();
}
