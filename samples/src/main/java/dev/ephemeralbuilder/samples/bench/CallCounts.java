package dev.ephemeralbuilder.samples.bench;

import java.util.Map;
import java.util.Set;

/**
 * The calls that a cloud has answered, whatever the answer was.
 *
 * @param byAction how many of each operation
 * @param mostInAMinute how many of each operation in the fullest minute, as the cloud counts: in full minutes
 *     of its clock
 * @param creations how many create calls made machines; a repetition with the same client token makes none
 */
record CallCounts(Map<String, Long> byAction, Map<String, Long> mostInAMinute, long creations) {
    private static final Set<String> CREATES = Set.of("RunInstances", "CreateContainerGroup");

    private static final Set<String> MARKET = Set.of(
            "DescribeAvailableResource",
            "DescribeContainerGroupPrice",
            "DescribeInstanceTypes",
            "DescribeInstanceTypeFamilies",
            "DescribePrice",
            "DescribeRecommendInstanceType",
            "DescribeSpotAdvice",
            "DescribeSpotPriceHistory");

    /** Returns whether an operation makes machines. */
    static boolean creates(String action) {
        return CREATES.contains(action);
    }

    /** Returns the calls that ask for types, prices and stock. */
    long market() {
        return sum(true);
    }

    /** Returns all others. */
    long machines() {
        return sum(false);
    }

    private long sum(boolean market) {
        return byAction.entrySet().stream()
                .filter(e -> MARKET.contains(e.getKey()) == market)
                .mapToLong(Map.Entry::getValue)
                .sum();
    }
}
