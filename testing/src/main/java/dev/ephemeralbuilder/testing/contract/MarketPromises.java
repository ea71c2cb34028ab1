package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** {@link CloudProvider#market} and {@link CloudProvider#offers}. */
abstract class MarketPromises extends Promises {
    MarketPromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    @Test
    void marketAnswersOnlyThePartsAskedFor() throws Exception {
        List<MachineType> types = rig().fittingTypes();
        for (Part part : Part.values()) {
            MarketSnapshot answer = provider().market(new MarketQuery(EnumSet.of(part), types, Set.of(Duration.ZERO)));
            Map<Part, List<?>> parts = Map.of(
                    Part.CATALOG, answer.types(),
                    Part.PRICES, answer.prices(),
                    Part.STOCK, answer.stock(),
                    Part.RELEASE_RATES, answer.releaseRates());
            parts.forEach((other, rows) -> {
                if (other != part) {
                    assertThat(rows)
                            .as(
                                    "market must leave %s empty when only %s is asked for: the engine keeps each part for"
                                            + " a time of its own and merges them",
                                    other, part)
                            .isEmpty();
                }
            });
        }
    }

    @Test
    void marketHasPricesForTheTypesAndProtectionsAskedForOnly() throws Exception {
        List<MachineType> types = rig().fittingTypes();
        assertThat(types)
                .as("market must return a catalogue with a type that fits setup().spec()")
                .isNotEmpty();
        MachineType type = types.get(0);
        MarketSnapshot answer =
                provider().market(new MarketQuery(EnumSet.of(Part.PRICES), List.of(type), Set.of(Duration.ZERO)));
        assertThat(answer.prices())
                .as("market must return a price of %s in at least one zone", type.id())
                .isNotEmpty()
                .allSatisfy(price -> {
                    assertThat(price.type())
                            .as("market must return prices of the types that are asked for, and of no others")
                            .isEqualTo(type.id());
                    assertThat(price.protection())
                            .as("market must return prices of the protection times that are asked for only")
                            .isZero();
                    assertThat(price.hourly().amount())
                            .as("a price must be positive; market must leave out what the cloud has no price for")
                            .isPositive();
                });
    }

    @Test
    void offersFitTheSpecAndCarryTheirPrices() throws Exception {
        MachineSpec spec = setup().spec();
        assertThat(rig().offers()).allSatisfy(offer -> {
            assertThat(offer.provider())
                    .as("offer.provider must be what name() says: the engine finds the provider by it")
                    .isEqualTo(provider().name());
            assertThat(offer.region())
                    .as("offer.region must be what region() says: the engine finds the provider by it")
                    .isEqualTo(provider().region());
            assertThat(offer.type().misfit(spec))
                    .as("offers must reject types that do not fit the spec; MachineType.misfit says whether they do")
                    .isEmpty();
            assertThat(spec.markets())
                    .as("offers must reject markets that the spec does not want")
                    .contains(offer.market());
            assertThat(offer.hourlyPrice().amount())
                    .as("an offer must cost something; reject what has no price")
                    .isPositive();
            if (offer.market() == Market.ON_DEMAND) {
                assertThat(offer.hourlyOnDemandPrice())
                        .as("an on-demand offer must name its price in hourlyOnDemandPrice too")
                        .isEqualTo(offer.hourlyPrice());
                assertThat(offer.protection())
                        .as("an on-demand offer must have no protection time: it is never taken back")
                        .isZero();
            }
        });
    }

    @Test
    void offersAreAPureFunctionOfSpecAndMarket() throws Exception {
        MarketSnapshot market = rig().snapshot();
        Offers first = provider().offers(setup().spec(), market);
        assertThat(provider().offers(setup().spec(), market))
                .as(
                        "offers must give the same result for the same arguments: no clock, no chance, no order of a hash map")
                .isEqualTo(first);
        assertThat(setup().other().offers(setup().spec(), market))
                .as("offers must use nothing but its arguments and the settings, not what one instance remembers")
                .isEqualTo(first);
    }

    @Test
    void aSpecWithoutImageIsRejectedWithAReason() throws Exception {
        MachineSpec spec = setup().spec();
        MachineSpec imageless = MachineSpec.builder()
                .millicpus(spec.millicpus())
                .memoryMib(spec.memoryMib())
                .gpus(spec.gpus())
                .architecture(spec.architecture())
                .build();
        assertRejected(provider().offers(imageless, rig().snapshot()), "no image");
    }

    @Test
    void aSpecThatIsTooLargeIsRejectedWithAReason() throws Exception {
        MachineSpec huge = setup().spec().toBuilder()
                .millicpus(1_000_000_000)
                .memoryMib(1_000_000_000)
                .build();
        assertRejected(provider().offers(huge, rig().snapshot()), "more than any type has");
    }

    private static void assertRejected(Offers offers, String why) {
        assertThat(offers.offers())
                .as("offers must offer nothing for a spec with %s", why)
                .isEmpty();
        assertThat(offers.rejections())
                .as("offers must say in a rejection why there is no offer for a spec with %s: users are shown it", why)
                .isNotEmpty()
                .noneMatch(rejection -> rejection.reason().isBlank());
    }
}
