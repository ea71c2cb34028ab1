package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.RankedOffer;
import dev.ephemeralbuilder.selection.Selection;
import java.util.List;
import org.junit.jupiter.api.Test;

class OfferTableTest {
    @Test
    void eachOfferIsALineWithWhatItSaves() {
        Selection selection = new Selection(
                List.of(
                        ranked("ecs.c7.large", Market.SPOT, "0.097", "0.4"),
                        ranked("ecs.g7.large", Market.ON_DEMAND, "0.5", "0.5"),
                        ranked("ecs.r7.large", Market.ON_DEMAND, "0.6", "0.6")),
                List.of());
        assertThat(OfferTable.lines(selection, 2))
                .containsExactly(
                        "  product  type                   zone               market            price/h    on demand/h    saved",
                        "  ecs      ecs.c7.large           cn-hangzhou-j      spot           0.0970 CNY     0.4000 CNY     76 %",
                        "  ecs      ecs.g7.large           cn-hangzhou-j      on demand      0.5000 CNY     0.5000 CNY      0 %");
    }

    @Test
    void withoutOffersThereIsNoTable() {
        assertThat(OfferTable.lines(new Selection(List.of(), List.of()), 5)).isEmpty();
    }

    @Test
    void aPriceAboveTheOtherSavesLessThanNothing() {
        assertThat(OfferTable.saved(Money.of("3", "CNY"), Money.of("2", "CNY"))).isEqualTo("-50");
        assertThat(OfferTable.saved(Money.of("0", "CNY"), Money.of("0", "CNY"))).isEqualTo("0");
    }

    private static RankedOffer ranked(String type, Market market, String price, String onDemand) {
        Offer offer = Offer.builder()
                .provider("ecs")
                .region("cn-hangzhou")
                .zone("cn-hangzhou-j")
                .type(new MachineType(type, "ecs.c7", Architecture.X86_64, 2000, 4096, 0))
                .market(market)
                .hourlyPrice(Money.of(price, "CNY"))
                .hourlyOnDemandPrice(Money.of(onDemand, "CNY"))
                .build();
        return new RankedOffer(offer, offer.hourlyPrice().amount(), List.of());
    }
}
