package dev.ephemeralbuilder;

import org.jspecify.annotations.Nullable;

/**
 * The spec cannot be met by anything that the providers sell, or a setting is missing, wrong or refused. Never retried.
 */
public final class ConfigurationException extends BuilderException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception; code, request id and cause may be null. */
    public ConfigurationException(
            String message, @Nullable String code, @Nullable String requestId, @Nullable Throwable cause) {
        super(message, code, requestId, cause);
    }

    private ConfigurationException(ConfigurationException bare, String console) {
        super(bare, console);
    }

    /** Returns {@code false}. */
    @Override
    public boolean retryable() {
        return false;
    }

    @Override
    public ConfigurationException withConsole(String console) {
        return new ConfigurationException(this, console);
    }
}
