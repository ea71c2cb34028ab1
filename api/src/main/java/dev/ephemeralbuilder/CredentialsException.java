package dev.ephemeralbuilder;

import org.jspecify.annotations.Nullable;

/**
 * The cloud does not know the caller, does not let it do this, or does not serve its account. Never retried.
 */
public final class CredentialsException extends BuilderException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception; code, request id and cause may be null. */
    public CredentialsException(
            String message, @Nullable String code, @Nullable String requestId, @Nullable Throwable cause) {
        super(message, code, requestId, cause);
    }

    /** Returns {@code false}. */
    @Override
    public boolean retryable() {
        return false;
    }
}
