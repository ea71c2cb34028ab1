package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/** The cloud took the spot machine back. */
public final class BuilderReclaimedException extends BuilderException {
    private static final long serialVersionUID = 1L;

    private final transient ReclaimNotice notice;

    /** Creates the exception; the cause may be null. */
    public BuilderReclaimedException(String message, ReclaimNotice notice, @Nullable Throwable cause) {
        super(message, null, null, cause);
        this.notice = requireNonNull(notice, "notice");
    }

    /** Returns the notice that came before. */
    public ReclaimNotice notice() {
        return notice;
    }

    /** Returns {@code true}: a new builder may succeed. */
    @Override
    public boolean retryable() {
        return true;
    }
}
