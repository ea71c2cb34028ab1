package dev.ephemeralbuilder.selection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SelectionTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final MachineSpec SPEC = MachineSpec.builder().build();

    private static Offer offer(String zone, Market market, String price, String onDemand) {
        return Offer.builder()
                .provider("ecs")
                .region("r")
                .zone(zone)
                .type(new MachineType("ecs.c7.large", "ecs.c7", Architecture.X86_64, 2000, 4096, 0))
                .market(market)
                .hourlyPrice(Money.of(price, "CNY"))
                .hourlyOnDemandPrice(Money.of(onDemand, "CNY"))
                .build();
    }

    private static Selection select(SelectionRequest.Builder request) {
        return Selection.of(SelectionPolicy.cheapestFirst(), request.build());
    }

    private static List<String> zones(Selection selection) {
        return selection.ranked().stream().map(r -> r.offer().zone()).toList();
    }

    @Test
    void cheapestComesFirstAndEqualPricesInTheOrderOfTheirPools() {
        Selection selection = select(SelectionRequest.builder(SPEC, NOW)
                .offers(List.of(
                        offer("c", Market.SPOT, "0.10", "0.4"),
                        offer("b", Market.SPOT, "0.05", "0.4"),
                        offer("a", Market.SPOT, "0.10", "0.4"))));
        assertThat(zones(selection)).containsExactly("b", "a", "c");
        assertThat(selection.ranked().get(0).score()).isEqualByComparingTo("0.05");
    }

    @Test
    void spotNearItsOwnOnDemandPriceIsLeftOut() {
        Selection selection = select(SelectionRequest.builder(SPEC, NOW)
                .offers(List.of(
                        offer("a", Market.SPOT, "0.3799", "0.40"),
                        offer("b", Market.SPOT, "0.38", "0.40"),
                        offer("c", Market.ON_DEMAND, "0.40", "0.40"))));
        assertThat(zones(selection)).containsExactly("a", "c");
        assertThat(selection.rejections())
                .singleElement()
                .satisfies(r -> assertThat(r.reason()).contains("95 %"));
    }

    @Test
    void priceCapAndMarketsAreKept() {
        MachineSpec spec = SPEC.toBuilder()
                .markets(Set.of(Market.SPOT))
                .maxHourlyPrice(Money.of("0.06", "CNY"))
                .build();
        Selection selection = select(SelectionRequest.builder(spec, NOW)
                .offers(List.of(
                        offer("a", Market.SPOT, "0.06", "0.4"),
                        offer("b", Market.SPOT, "0.0601", "0.4"),
                        offer("c", Market.ON_DEMAND, "0.05", "0.05"))));
        assertThat(zones(selection)).containsExactly("a");
        assertThat(selection.rejectionsByReason().values()).containsExactly(1L, 1L);
    }

    @Test
    void aCapInAnotherCurrencyComparesWithNothing() {
        MachineSpec spec = SPEC.toBuilder().maxHourlyPrice(Money.of("1", "USD")).build();
        Selection selection =
                select(SelectionRequest.builder(spec, NOW).offers(List.of(offer("a", Market.SPOT, "0.06", "0.4"))));
        assertThat(selection.ranked()).isEmpty();
    }

    @Test
    void anEmptyPoolIsLeftOutForTwoMinutes() {
        Offer offer = offer("a", Market.SPOT, "0.1", "0.4");
        StockMemory memory = StockMemory.empty().with(offer.pool(), NOW);
        assertThat(select(SelectionRequest.builder(SPEC, NOW.plus(StockMemory.BLOCK.minusSeconds(1)))
                                .offers(List.of(offer))
                                .stockMemory(memory))
                        .rejections())
                .singleElement()
                .satisfies(r -> assertThat(r.temporary()).isTrue());
        assertThat(select(SelectionRequest.builder(SPEC, NOW.plus(StockMemory.BLOCK))
                                .offers(List.of(offer))
                                .stockMemory(memory))
                        .ranked())
                .hasSize(1);
    }

    @Test
    void typesThatDoNotFitSayWhy() {
        MachineType small = new MachineType("t", "f", Architecture.X86_64, 1000, 4096, 0);
        assertThat(small.misfit(SPEC)).contains("too few vCPUs");
        assertThat(new MachineType("t", "f", Architecture.ARM64, 2000, 4096, 0).misfit(SPEC))
                .contains("another architecture");
        assertThat(new MachineType("t", "f", Architecture.X86_64, 2000, 4095, 0).misfit(SPEC))
                .contains("too little memory");
        assertThat(new MachineType("t", "f", Architecture.X86_64, 2000, 4096, 1).misfit(SPEC))
                .isPresent();
        assertThat(new MachineType("t", "f", Architecture.X86_64, 2000, 4096, 0).misfit(SPEC))
                .isEmpty();
    }
}
