package dev.ephemeralbuilder.testing.simulator;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;

/**
 * A container group of the simulator at the moment of the question. Immutable.
 *
 * @param id such as {@code eci-sim…}
 * @param state as the API calls it, such as {@code Pending}, {@code Running} or {@code Expired}; {@code Gone} once the API
 *     does not show it any more
 * @param address its IP address, of the loopback network
 * @param kind its instance type, or its size such as {@code 2-4Gi} if the create call named no type
 * @param zone its zone
 * @param billed how long it has been billed until now, by the cloud's clock: while Pending, Running and Terminating
 * @param pricePerHour CNY, as at its creation
 * @param spot whether it is a spot machine
 * @param spotDuration hours of protection, 0 or 1; 0 if it is none
 * @param temporary whether the cloud made it itself, to create an image cache
 * @param tags its tags
 */
public record SimulatedGroup(
        String id,
        String state,
        String address,
        String kind,
        String zone,
        Duration billed,
        BigDecimal pricePerHour,
        boolean spot,
        int spotDuration,
        boolean temporary,
        Map<String, String> tags) {
    /** Copies the tags. */
    public SimulatedGroup {
        tags = Map.copyOf(tags);
    }
}
