package dev.ephemeralbuilder.selection;

import dev.ephemeralbuilder.Money;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a choice of machine is to be good at. Immutable. */
public final class Objective {
    private static final Objective CHEAPEST = new Objective(null);

    private final @Nullable Money valueOfHour;

    private Objective(@Nullable Money valueOfHour) {
        this.valueOfHour = valueOfHour;
    }

    /** Returns the objective of least money, whatever the time. */
    public static Objective cheapest() {
        return CHEAPEST;
    }

    /**
     * Returns the objective of least money when an hour of waiting is worth something too.
     *
     * @param perHour what one hour of waiting costs
     * @throws IllegalArgumentException if negative
     */
    public static Objective valuingTimeAt(Money perHour) {
        if (perHour.amount().signum() < 0) {
            throw new IllegalArgumentException("the value of time must not be negative, was " + perHour);
        }
        return new Objective(perHour);
    }

    /** Returns what one hour of waiting is worth, if anything. */
    public Optional<Money> valueOfHour() {
        return Optional.ofNullable(valueOfHour);
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return o instanceof Objective other && Objects.equals(valueOfHour, other.valueOfHour);
    }

    @Override
    public int hashCode() {
        return Objects.hashCode(valueOfHour);
    }

    @Override
    public String toString() {
        return valueOfHour == null ? "cheapest" : "an hour of waiting costs " + valueOfHour;
    }
}
