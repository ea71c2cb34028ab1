package dev.ephemeralbuilder.selection;

import java.util.List;

/**
 * What a provider could launch for a spec, and why the rest does not fit.
 *
 * @param offers what fits, in any order
 * @param rejections what does not
 */
public record Offers(List<Offer> offers, List<Rejection> rejections) {
    /** Copies the lists. */
    public Offers {
        offers = List.copyOf(offers);
        rejections = List.copyOf(rejections);
    }
}
