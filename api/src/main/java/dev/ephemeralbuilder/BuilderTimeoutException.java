package dev.ephemeralbuilder;

import org.jspecify.annotations.Nullable;

/**
 * Something took longer than the caller allows: a machine that was not ready in time, a connection that did not come back.
 */
public final class BuilderTimeoutException extends BuilderException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception; code, request id and cause may be null. */
    public BuilderTimeoutException(
            String message, @Nullable String code, @Nullable String requestId, @Nullable Throwable cause) {
        super(message, code, requestId, cause);
    }

    private BuilderTimeoutException(BuilderTimeoutException bare, String console) {
        super(bare, console);
    }

    /** Returns {@code true}. */
    @Override
    public boolean retryable() {
        return true;
    }

    @Override
    public BuilderTimeoutException withConsole(String console) {
        return new BuilderTimeoutException(this, console);
    }
}
