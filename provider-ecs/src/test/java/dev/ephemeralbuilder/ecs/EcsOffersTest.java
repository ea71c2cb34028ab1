package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;

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

class EcsOffersTest {
    private static final String A = "cn-test-a";
    private static final String B = "cn-test-b";
    private static final Duration HOUR = Duration.ofHours(1);

    private final EcsOffers offers = new EcsOffers("cn-test", new TreeSet<>(Set.of(A, B)), type -> true);

    private static Price price(String zone, Market market, Duration protection, String amount) {
        return new Price(Fixtures.TYPE.id(), zone, market, protection, Money.of(amount, "CNY"));
    }

    private static final List<Price> PRICES = List.of(
            price(A, Market.SPOT, Duration.ZERO, "0.1"),
            price(A, Market.SPOT, HOUR, "0.15"),
            price(A, Market.ON_DEMAND, Duration.ZERO, "0.4"));

    private static MarketSnapshot market(List<Price> prices, List<Stock> stock, List<ReleaseRate> rates) {
        return new MarketSnapshot(List.of(Fixtures.TYPE), prices, stock, rates);
    }

    private static Offer.Builder offer(Market market, String amount) {
        return Offer.builder()
                .provider("ecs")
                .region("cn-test")
                .zone(A)
                .type(Fixtures.TYPE)
                .market(market)
                .hourlyPrice(Money.of(amount, "CNY"))
                .hourlyOnDemandPrice(Money.of("0.4", "CNY"));
    }

    @Test
    void everyPriceIsAnOffer() {
        Offers selected = offers.select(
                Fixtures.spec().build(),
                market(PRICES, List.of(), List.of(new ReleaseRate(Fixtures.TYPE.id(), A, 0.03))));

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
        MachineSpec spec = Fixtures.spec().markets(Set.of(Market.ON_DEMAND)).build();

        assertThat(offers.select(spec, market(PRICES, List.of(), List.of())).offers())
                .containsExactly(offer(Market.ON_DEMAND, "0.4").build());
    }

    @Test
    void whatIsSoldOutIsRejectedAndWhatIsUnknownIsNot() {
        Offers selected = offers.select(
                Fixtures.spec().build(),
                market(PRICES, List.of(new Stock(Fixtures.TYPE.id(), A, Market.SPOT, false)), List.of()));

        assertThat(selected.offers())
                .containsExactly(offer(Market.ON_DEMAND, "0.4").build());
        assertThat(selected.rejections()).contains(new Rejection("ecs.c7.large in cn-test-a, spot", "sold out", true));
    }

    @Test
    void spotWithoutAnOnDemandPriceIsRejected() {
        Offers selected = offers.select(Fixtures.spec().build(), market(PRICES.subList(0, 2), List.of(), List.of()));

        assertThat(selected.offers()).isEmpty();
        assertThat(selected.rejections())
                .contains(new Rejection("ecs.c7.large in cn-test-a, spot", "no on-demand price is known"));
    }

    @Test
    void aSpecWithoutMachineImageIsRejectedAsAWhole() {
        Offers selected = offers.select(MachineSpec.builder().build(), market(PRICES, List.of(), List.of()));

        assertThat(selected.offers()).isEmpty();
        assertThat(selected.rejections()).containsExactly(new Rejection("ecs", "the spec names no machine image"));
    }

    @Test
    void aTypeThatDoesNotFitIsRejectedWithItsReason() {
        MachineSpec spec = Fixtures.spec().vcpus(64).build();

        Offers selected = offers.select(spec, market(PRICES, List.of(), List.of()));

        assertThat(selected.offers()).isEmpty();
        assertThat(selected.rejections())
                .containsExactly(
                        new Rejection("ecs.c7.large", Fixtures.TYPE.misfit(spec).orElseThrow()));
    }

    @Test
    void typesThatAreNotAllowedAreNotMentioned() {
        EcsOffers strict = new EcsOffers("cn-test", Set.of(A), type -> type.architecture() == Architecture.ARM64);
        MachineType arm = new MachineType("ecs.c8y.large", "ecs.c8y", Architecture.ARM64, 2000, 4096, 0);

        Offers selected = strict.select(
                Fixtures.spec().build(), new MarketSnapshot(List.of(Fixtures.TYPE, arm), PRICES, List.of(), List.of()));

        assertThat(selected.offers()).isEmpty();
        assertThat(selected.rejections())
                .containsExactly(new Rejection(
                        "ecs.c8y.large", arm.misfit(Fixtures.spec().build()).orElseThrow()));
    }
}
