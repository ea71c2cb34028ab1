package dev.ephemeralbuilder.alibaba;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.spi.Launch;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;

/**
 * What a create call says about the spot market; ECS and ECI have the same parameters for it.
 *
 * @param priceLimit the bid per hour, with three decimals at most
 * @param duration the value of the parameter SpotDuration, in hours
 */
public record SpotTerms(BigDecimal priceLimit, int duration) {
    private static final BigDecimal LEAST_LIMIT = new BigDecimal("0.001");
    private static final int LIMIT_DECIMALS = 3;

    /**
     * Returns the terms of a launch; empty if it buys on demand. The bid is the on-demand price of the offer or, if
     * lower, the spec's highest price.
     *
     * @throws ConfigurationException for a protection or a currency that the cloud does not know
     */
    public static Optional<SpotTerms> of(Launch launch) {
        return launch.offer().market() == Market.SPOT
                ? Optional.of(new SpotTerms(bid(launch), duration(launch)))
                : Optional.empty();
    }

    private static BigDecimal bid(Launch launch) {
        Money bid = launch.offer().hourlyOnDemandPrice();
        Money highest = launch.spec().maxHourlyPrice().orElse(bid);
        if (!highest.currency().equals(bid.currency())) {
            throw refused("maxHourlyPrice is in " + highest.currency() + ", prices in "
                    + launch.offer().region() + " are in " + bid.currency());
        }
        BigDecimal amount = (highest.compareTo(bid) < 0 ? highest : bid).amount();
        return amount.setScale(LIMIT_DECIMALS, RoundingMode.DOWN).max(LEAST_LIMIT);
    }

    private static int duration(Launch launch) {
        try {
            return SpotMarket.spotDuration(launch.offer().protection());
        } catch (IllegalArgumentException e) {
            throw refused(String.valueOf(e.getMessage()));
        }
    }

    private static ConfigurationException refused(String why) {
        return new ConfigurationException(why, null, null, null);
    }
}
