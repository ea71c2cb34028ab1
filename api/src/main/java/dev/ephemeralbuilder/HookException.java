package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The {@linkplain AcquireRequest.Builder#onReady script for the start} of a machine has failed, on each of the machines
 * that were tried. It tells of the last one. Neither a lack of stock nor a matter of the cloud: never retried.
 *
 * <p>The message says how the script ended and holds nothing of its output, which may be logged less freely: that is
 * {@link #output}.
 */
public final class HookException extends BuilderException {
    private static final long serialVersionUID = 1L;

    /** How much of the output is kept at most, in bytes: 4 KiB. */
    public static final int MOST_OUTPUT = 4 << 10;

    private final transient @Nullable ScriptResult result;
    private final @Nullable String output;

    /** Creates the exception; result, output and cause may be null. */
    public HookException(
            String message, @Nullable ScriptResult result, @Nullable String output, @Nullable Throwable cause) {
        super(requireNonNull(message, "message"), null, null, cause);
        this.result = result;
        this.output = output;
    }

    /**
     * Returns how the script ended: with an exit code other than 0, at its timeout or at its output limit. Empty if it
     * did not end before the machine's time to get ready was over, or nobody knows how.
     */
    public Optional<ScriptResult> result() {
        return Optional.ofNullable(result);
    }

    /**
     * Returns the last {@value #MOST_OUTPUT} bytes of what the script wrote, as UTF-8: to standard error if it keeps the
     * streams apart and wrote something there. Empty if that could not be read.
     */
    public Optional<String> output() {
        return Optional.ofNullable(output);
    }

    /** Returns {@code false}. */
    @Override
    public boolean retryable() {
        return false;
    }
}
