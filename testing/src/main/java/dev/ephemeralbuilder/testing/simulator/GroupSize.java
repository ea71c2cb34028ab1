package dev.ephemeralbuilder.testing.simulator;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * vCPUs and memory of a container group, as ECI sells them (eci-openapi, 7): what is asked for is rounded up to the next
 * combination, and that is billed. Ranges of the page such as "4–32" are read as doublings; combinations that single
 * regions have beyond those are not simulated. Of several that fit, the one with the fewest vCPUs is taken, then the one
 * with the least memory [unconfirmed].
 *
 * @param vcpus such as 0.25 or 2
 * @param memoryGib such as 0.5 or 4
 */
record GroupSize(double vcpus, double memoryGib) {
    /** What a group without any sizes gets. */
    static final GroupSize USUAL = new GroupSize(2, 4);

    private static final List<GroupSize> SIZES = sizes(
            List.of(0.25, 0.5, 1.0),
            List.of(0.5, 1.0, 2.0),
            List.of(1.0, 2.0, 4.0, 8.0),
            List.of(2.0, 1.0, 2.0, 4.0, 8.0, 16.0),
            List.of(4.0, 2.0, 4.0, 8.0, 16.0, 32.0),
            List.of(8.0, 4.0, 8.0, 16.0, 32.0, 64.0),
            List.of(12.0, 12.0, 24.0, 48.0, 96.0),
            List.of(16.0, 16.0, 32.0, 64.0, 128.0),
            List.of(24.0, 24.0, 48.0, 96.0, 192.0),
            List.of(32.0, 32.0, 64.0, 128.0, 256.0),
            List.of(52.0, 96.0, 192.0, 384.0),
            List.of(64.0, 128.0, 256.0, 512.0));

    @SafeVarargs
    private static List<GroupSize> sizes(List<Double>... rows) {
        List<GroupSize> sizes = new ArrayList<>();
        for (List<Double> row : rows) {
            row.stream().skip(1).forEach(memory -> sizes.add(new GroupSize(row.get(0), memory)));
        }
        sizes.sort(Comparator.comparingDouble(GroupSize::vcpus).thenComparingDouble(GroupSize::memoryGib));
        return List.copyOf(sizes);
    }

    /** Returns all that can be bought, smallest first. */
    static List<GroupSize> all() {
        return SIZES;
    }

    /**
     * Returns what somebody gets who asks for so much.
     *
     * @throws ApiError if there is nothing so large
     */
    static GroupSize atLeast(double vcpus, double memoryGib) {
        return SIZES.stream()
                .filter(size -> size.vcpus >= vcpus && size.memoryGib >= memoryGib)
                .findFirst()
                .orElseThrow(() -> ApiError.of(
                        "InvalidParameter.CPU.Memory", "The specified CPU and Memory are not a valid combination."));
    }

    /**
     * Returns what somebody gets who asks for so much as a spot group. Less than two vCPUs are refused; that the rest is
     * rounded and not refused is [unconfirmed].
     *
     * @throws ApiError if there is nothing so large, or so little is asked for
     */
    static GroupSize atLeastOfSpot(double vcpus, double memoryGib) {
        if (vcpus < 2) {
            throw invalidSpot();
        }
        return SIZES.stream()
                .filter(size -> size.vcpus >= vcpus && size.memoryGib >= memoryGib && size.isSold())
                .findFirst()
                .orElseThrow(GroupSize::invalidSpot);
    }

    private static ApiError invalidSpot() {
        return ApiError.of("InvalidSpotCpuMemorySpec", "The specified CPU and Memory are not sold as spot.");
    }

    /** Whether the combination is one that spot groups can have: with no less memory than vCPUs. */
    private boolean isSold() {
        return vcpus >= 2 && memoryGib >= vcpus;
    }

    /** Returns the name under which stock is kept, such as {@code 2-4Gi}. */
    String key() {
        return text(vcpus) + "-" + text(memoryGib) + "Gi";
    }

    private static String text(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
