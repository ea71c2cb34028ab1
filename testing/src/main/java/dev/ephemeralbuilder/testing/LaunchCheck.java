package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.testing.InMemoryMarket.Pool;
import java.time.Instant;

/** What the cloud in memory refuses to launch, with the codes that ECS has for it. */
final class LaunchCheck {
    private LaunchCheck() {}

    /**
     * Checks a launch against all but the stock.
     *
     * @throws ConfigurationException if the launch names what is not there, or nothing where something has to be named
     * @throws CapacityException if the spot price is above the limit
     */
    static void check(Launch launch, InMemoryCloud.Settings settings, InMemoryMarket market, Instant now) {
        Offer offer = launch.offer();
        check(
                offer.provider().equals(settings.name()) && offer.region().equals(settings.region()),
                "the offer is of another provider or region",
                "InvalidRegionId.NotFound");
        check(market.hasZone(offer.zone()), "there is no zone " + offer.zone(), "InvalidZoneId.NotFound");
        check(
                market.type(offer.type().id()).isPresent(),
                "there is no type " + offer.type().id(),
                "InvalidInstanceType.ValueNotSupported");
        check(
                launch.spec().machineImage().isPresent()
                        || launch.spec().containerImage().isPresent(),
                "the spec names no image",
                "MissingParameter.ImageId");
        if (launch.containerCommand().isPresent()) {
            check(
                    launch.spec().containerImage().isPresent(),
                    "a command of a container needs a container image",
                    "MissingParameter.Image");
            check(
                    !launch.containerCommand().get().command().isEmpty(),
                    "there are no images in memory that could have a command of their own: name the command",
                    "MissingParameter.Command");
        }
        check(
                !launch.cap().isBefore(now.plus(settings.limits().minLifetime())),
                "the cap is less than " + settings.limits().minLifetime() + " ahead",
                "InvalidAutoReleaseTime.Malformed");
        if (offer.market() == Market.SPOT) {
            Money bid = launch.spec().maxHourlyPrice().orElse(offer.hourlyOnDemandPrice());
            Money price = market.price(new Pool(offer.type().id(), offer.zone(), offer.market()), offer.protection());
            if (price.compareTo(bid) > 0) {
                throw new CapacityException(
                        "the spot price is " + price + ", the limit " + bid,
                        CapacityException.Reason.PRICE,
                        "InvalidSpotPriceLimit.LowerThanPublicPrice",
                        null,
                        null);
            }
        }
    }

    private static void check(boolean ok, String message, String code) {
        if (!ok) {
            throw new ConfigurationException(message, code, null, null);
        }
    }
}
