package dev.ephemeralbuilder;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Somebody else has, or is about to have, a machine for the same request id: this acquire has none. Where the machine is
 * known, {@link BuildFleet#attach} is the way to it, with the state store of whoever acquired it.
 */
public final class DuplicateRequestException extends BuilderException {
    private static final long serialVersionUID = 1L;

    private final @Nullable String builderId;

    /**
     * Creates the exception.
     *
     * @param builderId the id of the other one's machine, null while it is not known
     */
    public DuplicateRequestException(String message, @Nullable String builderId) {
        super(message, null, null, null);
        this.builderId = builderId;
    }

    /** Returns the id of the other one's machine, if it is known. */
    public Optional<String> builderId() {
        return Optional.ofNullable(builderId);
    }

    /** Returns false: the request is being served. */
    @Override
    public boolean retryable() {
        return false;
    }
}
