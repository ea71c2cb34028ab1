package dev.ephemeralbuilder;

import org.jspecify.annotations.Nullable;

/**
 * The machine is gone, or what ran on it is, and nobody wrote down how it ended: neither a success nor a failure of the
 * script.
 */
public final class BuilderLostException extends BuilderException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception; the cause may be null. */
    public BuilderLostException(String message, @Nullable Throwable cause) {
        super(message, null, null, cause);
    }

    /** Returns {@code true}: a new builder may succeed. */
    @Override
    public boolean retryable() {
        return true;
    }
}
