package dev.ephemeralbuilder.spi;

import static java.util.Objects.requireNonNull;

/**
 * What became of one id in a batch.
 *
 * @param status the outcome
 * @param code the cloud's code or, where it gave none, what was seen, for people
 */
public record Outcome(Status status, String code) {
    /** Outcomes. */
    public enum Status {
        /** The cloud took the order; for a deletion, absence must still be observed. */
        ACCEPTED,
        /** The cloud says there is no such machine. Right after its creation that is not proof. */
        ABSENT,
        /** The machine's state forbids it for now; ask again later. */
        LATER,
        /** The cloud refused for another reason. */
        REFUSED
    }

    /** Checks the parts. */
    public Outcome {
        requireNonNull(status, "status");
        requireNonNull(code, "code");
    }

    /** Returns the outcome of an order that was taken. */
    public static Outcome accepted() {
        return new Outcome(Status.ACCEPTED, "accepted");
    }
}
