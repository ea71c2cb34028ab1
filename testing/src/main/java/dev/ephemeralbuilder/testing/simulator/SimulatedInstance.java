package dev.ephemeralbuilder.testing.simulator;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;

/**
 * An instance of the simulator at the moment of the question, with what it costs. Immutable.
 *
 * @param id such as {@code i-sim…}
 * @param state as the API calls it, such as {@code Running}; {@code Gone} once the API does not show it any more
 * @param type its instance type
 * @param zone its zone
 * @param billed how long it has been billed until now, by the cloud's clock: from its creation until it was given or taken
 *     back (ecs-openapi, 2); not at all if it could not be created after all [unconfirmed]
 * @param pricePerHour CNY, as at its creation; disk and traffic are not in it
 * @param spot whether it is a spot machine
 * @param spotDuration hours of protection, 0 or 1; 0 if it is none
 * @param tags its tags
 */
public record SimulatedInstance(
        String id,
        String state,
        String type,
        String zone,
        Duration billed,
        BigDecimal pricePerHour,
        boolean spot,
        int spotDuration,
        Map<String, String> tags) {
    /** Copies the tags. */
    public SimulatedInstance {
        tags = Map.copyOf(tags);
    }
}
