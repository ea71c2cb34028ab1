package dev.ephemeralbuilder;

import org.jspecify.annotations.Nullable;

/**
 * The account may not have more: machines, vCPUs, disks or addresses. Another region or a raised quota may help.
 */
public final class QuotaException extends BuilderException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception; code, request id and cause may be null. */
    public QuotaException(
            String message, @Nullable String code, @Nullable String requestId, @Nullable Throwable cause) {
        super(message, code, requestId, cause);
    }

    /** Returns {@code false}. */
    @Override
    public boolean retryable() {
        return false;
    }
}
