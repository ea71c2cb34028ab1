package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.ephemeralbuilder.selection.Offer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Nothing of what was offered could be launched.
 *
 * <p>A provider throws it for the one offer that it was told to launch; the fleet throws it with all offers that it
 * tried.
 */
public final class CapacityException extends BuilderException {
    private static final long serialVersionUID = 1L;

    /** Why an offer could not be launched. */
    public enum Reason {
        /** There is none left now. */
        NO_STOCK,
        /** This type, zone, disk or image do not go together. */
        UNSUITABLE,
        /** The market price is above the limit. */
        PRICE
    }

    /**
     * One offer that was tried.
     *
     * @param offer the offer
     * @param reason why it could not be launched
     * @param code the cloud's code, or what was observed instead
     */
    public record Tried(Offer offer, Reason reason, String code) {
        /** Checks the parts. */
        public Tried {
            requireNonNull(offer, "offer");
            requireNonNull(reason, "reason");
            requireNonNull(code, "code");
        }
    }

    private final Reason reason;
    private final transient List<Tried> tried;

    /** Creates the exception of one refused offer; code, request id and cause may be null. */
    public CapacityException(
            String message,
            Reason reason,
            @Nullable String code,
            @Nullable String requestId,
            @Nullable Throwable cause) {
        super(message, code, requestId, cause);
        this.reason = requireNonNull(reason, "reason");
        this.tried = List.of();
    }

    /** Creates the exception of an acquire that ran out of offers. The message lists each of them with its code. */
    public CapacityException(String message, List<Tried> tried) {
        super(
                tried.isEmpty()
                        ? message
                        : message
                                + tried.stream()
                                        .map(t -> "\n  " + t.offer().describe() + ": " + t.code())
                                        .collect(joining()),
                null,
                null,
                null);
        this.reason = tried.isEmpty() ? Reason.NO_STOCK : tried.get(0).reason();
        this.tried = List.copyOf(tried);
    }

    /** Returns why the offer, or the first one tried, could not be launched. */
    public Reason reason() {
        return reason;
    }

    /** Returns the offers tried, in order; empty in an exception that a provider threw; unmodifiable. */
    public List<Tried> tried() {
        return tried;
    }

    /** Returns {@code true}: stock comes back. */
    @Override
    public boolean retryable() {
        return true;
    }
}
