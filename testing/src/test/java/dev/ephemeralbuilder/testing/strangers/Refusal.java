package dev.ephemeralbuilder.testing.strangers;

import org.jspecify.annotations.Nullable;

/** A call that failed, as its client tells it. */
final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    private final @Nullable String code;
    private final @Nullable Integer status;
    private final @Nullable String requestId;
    private final String words;

    /**
     * @param code the API's code, or null if the client found none
     * @param status of HTTP, or null if the client does not say
     * @param requestId as the client tells it
     * @param words how the client names the failure
     */
    Refusal(@Nullable String code, @Nullable Integer status, @Nullable String requestId, String words) {
        super(words);
        this.code = code;
        this.status = status;
        this.requestId = requestId;
        this.words = words;
    }

    @Nullable String code() {
        return code;
    }

    @Nullable Integer status() {
        return status;
    }

    @Nullable String requestId() {
        return requestId;
    }

    String words() {
        return words;
    }
}
