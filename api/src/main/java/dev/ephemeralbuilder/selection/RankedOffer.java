package dev.ephemeralbuilder.selection;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.util.List;

/**
 * An offer with its score.
 *
 * @param offer the offer
 * @param score the score; less is better
 * @param terms what the score is made of, for people
 */
public record RankedOffer(Offer offer, BigDecimal score, List<Term> terms) {
    /**
     * A part of a score.
     *
     * @param name what it stands for
     * @param value its value
     */
    public record Term(String name, BigDecimal value) {
        /** Checks the parts. */
        public Term {
            requireNonNull(name, "name");
            requireNonNull(value, "value");
        }
    }

    /** Copies the list. */
    public RankedOffer {
        requireNonNull(offer, "offer");
        requireNonNull(score, "score");
        terms = List.copyOf(terms);
    }
}
