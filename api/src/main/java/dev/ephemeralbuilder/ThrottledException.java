package dev.ephemeralbuilder;

import org.jspecify.annotations.Nullable;

/**
 * The cloud refused calls because there were too many of them, for longer than the fleet's patience.
 */
public final class ThrottledException extends BuilderException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception; code, request id and cause may be null. */
    public ThrottledException(
            String message, @Nullable String code, @Nullable String requestId, @Nullable Throwable cause) {
        super(message, code, requestId, cause);
    }

    /** Returns {@code true}. */
    @Override
    public boolean retryable() {
        return true;
    }
}
