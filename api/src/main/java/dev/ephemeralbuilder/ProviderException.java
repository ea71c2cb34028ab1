package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * The cloud, or the way to it, failed: a server error, no answer, an answer that makes no sense, a state that forbids
 * the call for now.
 */
public final class ProviderException extends BuilderException {
    private static final long serialVersionUID = 1L;

    /** What is known about the effect of the failed call. */
    public enum Effect {
        /** The call had no effect. */
        NONE,
        /** The call may have taken effect; only asking the cloud can tell. */
        UNKNOWN
    }

    private final Effect effect;
    private final boolean retryable;

    /** Creates the exception; code, request id and cause may be null. */
    public ProviderException(
            String message,
            Effect effect,
            boolean retryable,
            @Nullable String code,
            @Nullable String requestId,
            @Nullable Throwable cause) {
        super(message, code, requestId, cause);
        this.effect = requireNonNull(effect, "effect");
        this.retryable = retryable;
    }

    private ProviderException(ProviderException bare, String console) {
        super(bare, console);
        this.effect = bare.effect;
        this.retryable = bare.retryable;
    }

    /** Returns what is known about the effect of the failed call. */
    public Effect effect() {
        return effect;
    }

    @Override
    public boolean retryable() {
        return retryable;
    }

    @Override
    public ProviderException withConsole(String console) {
        return new ProviderException(this, console);
    }
}
