package dev.ephemeralbuilder;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Base of every exception that this library throws for a failure outside the caller's code. A mistake in a call's
 * arguments is an {@link IllegalArgumentException}, {@link IllegalStateException} or {@link NullPointerException}
 * instead.
 *
 * <p>No message contains a secret: key material, access keys, signed URLs, script text and environment values are never
 * part of one.
 */
public abstract sealed class BuilderException extends RuntimeException
        permits BuilderLostException,
                BuilderReclaimedException,
                BuilderTimeoutException,
                CapacityException,
                ConfigurationException,
                CredentialsException,
                DuplicateRequestException,
                ImagePullException,
                JobException,
                PartialAcquireException,
                ProviderException,
                QuotaException,
                ThrottledException {
    private static final long serialVersionUID = 1L;

    private final @Nullable String code;
    private final @Nullable String requestId;

    BuilderException(String message, @Nullable String code, @Nullable String requestId, @Nullable Throwable cause) {
        super(withDetails(message, code, requestId), cause);
        this.code = code;
        this.requestId = requestId;
    }

    /** Returns whether the same call, made again later and unchanged, may succeed. */
    public abstract boolean retryable();

    /** Returns the cloud's error code, if the cloud gave one. */
    public Optional<String> code() {
        return Optional.ofNullable(code);
    }

    /** Returns the cloud's id of the failed call, for a support ticket, if the cloud answered. */
    public Optional<String> requestId() {
        return Optional.ofNullable(requestId);
    }

    private static String withDetails(String message, @Nullable String code, @Nullable String requestId) {
        if (code == null && requestId == null) {
            return message;
        }
        StringBuilder s = new StringBuilder(message).append(" [");
        if (code != null) {
            s.append("code=").append(code);
        }
        if (requestId != null) {
            s.append(code == null ? "" : ", ").append("requestId=").append(requestId);
        }
        return s.append(']').toString();
    }
}
