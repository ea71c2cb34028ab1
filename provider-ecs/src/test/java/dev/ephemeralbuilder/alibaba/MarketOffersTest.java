package dev.ephemeralbuilder.alibaba;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.selection.Rejection;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.MarketSnapshot.Price;
import dev.ephemeralbuilder.spi.MarketSnapshot.ReleaseRate;
import dev.ephemeralbuilder.spi.MarketSnapshot.Stock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class MarketOffersTest {
    private static final String A = "cn-test-a";
    private static final String B = "cn-test-b";
    private static final Duration HOUR = Duration.ofHours(1);
    private static final MachineType TYPE =
            new MachineType("ecs.c7.large", "ecs.c7", Architecture.X86_64, 2000, 4096, 0);
    private static final MachineSpec SPEC =
            MachineSpec.builder().machineImage("m-1").build();

    private final MarketOffers offers =
            new MarketOffers("ecs", "cn-test", new TreeSet<>(Set.of(A, B)), (type, way) -> true);

    private static Price price(String zone, Market market, Duration protection, String amount) {
        return new Price(TYPE.id(), zone, market, protection, Money.of(amount, "CNY"));
    }

    private static final List<Price> PRICES = List.of(
            price(A, Market.SPOT, Duration.ZERO, "0.1"),
            price(A, Market.SPOT, HOUR, "0.15"),
            price(A, Market.ON_DEMAND, Duration.ZERO, "0.4"));

    private static MarketSnapshot market(List<Price> prices, List<Stock> stock, List<ReleaseRate> rates) {
        return new MarketSnapshot(List.of(TYPE), prices, stock, rates);
    }

    private static Offer.Builder offer(Market market, String amount) {
        return Offer.builder()
                .provider("ecs")
                .region("cn-test")
                .zone(A)
                .type(TYPE)
                .market(market)
                .hourlyPrice(Money.of(amount, "CNY"))
                .hourlyOnDemandPrice(Money.of("0.4", "CNY"));
    }

    @Test
    void everyPriceIsAnOffer() {
        Offers selected = offers.select(SPEC, market(PRICES, List.of(), List.of(new ReleaseRate(TYPE.id(), A, 0.03))));

        assertThat(selected.offers())
                .containsExactlyInAnyOrder(
                        offer(Market.SPOT, "0.1").releaseRate(0.03).build(),
                        offer(Market.SPOT, "0.15")
                                .protection(HOUR)
                                .releaseRate(0.03)
                                .build(),
                        offer(Market.ON_DEMAND, "0.4").build());
        assertThat(selected.rejections())
                .containsExactlyInAnyOrder(
                        new Rejection("ecs.c7.large in cn-test-b, spot", "no price is known"),
                        new Rejection("ecs.c7.large in cn-test-b, on demand", "no price is known"));
    }

    @Test
    void aMarketThatTheSpecExcludesIsNotConsidered() {
        MachineSpec spec = SPEC.toBuilder().markets(Set.of(Market.ON_DEMAND)).build();

        assertThat(offers.select(spec, market(PRICES, List.of(), List.of())).offers())
                .containsExactly(offer(Market.ON_DEMAND, "0.4").build());
    }

    @Test
    void whatIsSoldOutIsRejectedAndWhatIsUnknownIsNot() {
        Offers selected =
                offers.select(SPEC, market(PRICES, List.of(new Stock(TYPE.id(), A, Market.SPOT, false)), List.of()));

        assertThat(selected.offers())
                .containsExactly(offer(Market.ON_DEMAND, "0.4").build());
        assertThat(selected.rejections()).contains(new Rejection("ecs.c7.large in cn-test-a, spot", "sold out", true));
    }

    @Test
    void spotWithoutAnOnDemandPriceIsRejected() {
        Offers selected = offers.select(SPEC, market(PRICES.subList(0, 2), List.of(), List.of()));

        assertThat(selected.offers()).isEmpty();
        assertThat(selected.rejections())
                .contains(new Rejection("ecs.c7.large in cn-test-a, spot", "no on-demand price is known"));
    }

    @Test
    void aTypeThatDoesNotFitIsRejectedWithItsReason() {
        MachineSpec spec = SPEC.toBuilder().vcpus(64).build();

        Offers selected = offers.select(spec, market(PRICES, List.of(), List.of()));

        assertThat(selected.offers()).isEmpty();
        assertThat(selected.rejections())
                .containsExactly(new Rejection("ecs.c7.large", TYPE.misfit(spec).orElseThrow()));
    }

    @Test
    void typesThatAreNotAllowedAreNotMentioned() {
        MarketOffers strict =
                new MarketOffers("ecs", "cn-test", Set.of(A), (type, way) -> type.architecture() == Architecture.ARM64);
        MachineType arm = new MachineType("ecs.c8y.large", "ecs.c8y", Architecture.ARM64, 2000, 4096, 0);

        Offers selected = strict.select(SPEC, new MarketSnapshot(List.of(TYPE, arm), PRICES, List.of(), List.of()));

        assertThat(selected.offers()).isEmpty();
        assertThat(selected.rejections())
                .containsExactly(new Rejection("ecs.c8y.large", arm.misfit(SPEC).orElseThrow()));
    }

    @Test
    void aMarketThatATypeIsNotSoldOnIsNotMentioned() {
        MarketOffers sizes = new MarketOffers("eci", "cn-test", Set.of(A), (type, way) -> way == Market.ON_DEMAND);

        Offers selected = sizes.select(SPEC, market(PRICES, List.of(), List.of()));

        assertThat(selected.offers())
                .extracting(Offer::provider, Offer::market)
                .containsExactly(tuple("eci", Market.ON_DEMAND));
        assertThat(selected.rejections()).isEmpty();
    }
}
