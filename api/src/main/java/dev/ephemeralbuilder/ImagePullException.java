package dev.ephemeralbuilder;

import org.jspecify.annotations.Nullable;

/**
 * The container image of the spec cannot be had: there is none of that name, or the registry does not let the cloud in or
 * does not answer. The message names the image, and where it was looked for. The machine was given back. Never retried,
 * since the cloud bills a container group while it pulls (eci-openapi, section 4).
 */
public final class ImagePullException extends BuilderException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception; code, request id and cause may be null. */
    public ImagePullException(
            String message, @Nullable String code, @Nullable String requestId, @Nullable Throwable cause) {
        super(message, code, requestId, cause);
    }

    /** Returns {@code false}. */
    @Override
    public boolean retryable() {
        return false;
    }
}
