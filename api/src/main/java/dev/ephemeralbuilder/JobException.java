package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Job} ended for a reason that is not the failure of a script. The cause is the last attempt's failure: {@link
 * CapacityException} if nothing had stock, {@link BuilderReclaimedException} or {@link BuilderLostException} if no attempts
 * were left, {@link BuilderTimeoutException} if the job's deadline had passed, an {@link java.io.IOException} if a file
 * could not be read or written here.
 */
public final class JobException extends BuilderException {
    private static final long serialVersionUID = 1L;

    private final transient List<JobAttempt> attempts;

    /**
     * Creates the exception.
     *
     * @param attempts every attempt, the last one included
     * @param cause why the job ended
     */
    public JobException(String message, List<JobAttempt> attempts, Throwable cause) {
        super(message, code(cause), request(cause), requireNonNull(cause, "cause"));
        this.attempts = List.copyOf(attempts);
    }

    private static @Nullable String code(Throwable cause) {
        return cause instanceof BuilderException e ? e.code().orElse(null) : null;
    }

    private static @Nullable String request(Throwable cause) {
        return cause instanceof BuilderException e ? e.requestId().orElse(null) : null;
    }

    /** Returns every attempt; none after the exception was serialized. */
    public List<JobAttempt> attempts() {
        return attempts == null ? List.of() : attempts;
    }

    /** Returns whether the cause says that another try may help. */
    @Override
    public boolean retryable() {
        return getCause() instanceof BuilderException e && e.retryable();
    }
}
