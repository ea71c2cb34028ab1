package dev.ephemeralbuilder.eci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.selection.Rejection;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.MarketSnapshot.Price;
import dev.ephemeralbuilder.spi.MarketSnapshot.ReleaseRate;
import dev.ephemeralbuilder.spi.MarketSnapshot.Stock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EciProviderMarketTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final String PRICE = "DescribeContainerGroupPrice";
    private static final String STOCK = "DescribeAvailableResource";

    private final FakeEci cloud = new FakeEci();
    private final EciProvider provider = EciFixtures.provider(cloud.uri()).build();
    private final EciProvider withoutTypes =
            EciFixtures.provider(cloud.uri()).families(Set.of()).build();

    @AfterEach
    void close() {
        provider.close();
        withoutTypes.close();
        cloud.close();
    }

    private MarketSnapshot market(Part part, Set<Duration> protections, MachineType... types)
            throws InterruptedException {
        return provider.market(new MarketQuery(EnumSet.of(part), List.of(types), protections));
    }

    private static Price price(MachineType type, String zone, Market market, Duration protection, String amount) {
        return new Price(type.id(), zone, market, protection, Money.of(amount, "CNY"));
    }

    private static MarketSnapshot snapshot(List<MachineType> types, Price... prices) {
        return new MarketSnapshot(types, List.of(prices), List.of(), List.of());
    }

    private static Price onDemand(MachineType type) {
        return price(type, "cn-test-a", Market.ON_DEMAND, Duration.ZERO, "0.4");
    }

    private static Price spot(MachineType type) {
        return price(type, "cn-test-a", Market.SPOT, Duration.ZERO, "0.1");
    }

    @Test
    void theCatalogueIsTheSizesAndTheTypesOfTheFamilies() throws InterruptedException {
        cloud.json(
                "DescribeInstanceTypes",
                "{'RequestId':'R','InstanceTypes':{'InstanceType':[{'InstanceTypeId':'ecs.c7.large',"
                        + "'InstanceTypeFamily':'ecs.c7','CpuCoreCount':2,'MemorySize':4,'CpuArchitecture':'X86'}]}}");

        assertThat(provider.market(MarketQuery.catalog()).types())
                .containsAll(EciSizes.all())
                .contains(EciFixtures.TYPE)
                .hasSize(EciSizes.all().size() + 1);
    }

    @Test
    void withoutFamiliesTheCatalogueNeedsNoCall() throws InterruptedException {
        assertThat(withoutTypes.market(MarketQuery.catalog()).types()).isEqualTo(EciSizes.all());
        assertThat(cloud.urls()).isEmpty();
    }

    @Test
    void aSizeHasThePriceOfAnHourOfSecondsInEachZone() throws InterruptedException {
        cloud.json(
                PRICE,
                "{'RequestId':'R','PriceInfo':{'Price':{'OriginalPrice':0.00012252,'TradePrice':0.00012252,"
                        + "'Currency':'CNY'},'SpotPrices':{'SpotPrice':[]}}}");

        assertThat(market(Part.PRICES, Set.of(Duration.ZERO), EciFixtures.SIZE).prices())
                .containsExactlyInAnyOrder(
                        price(EciFixtures.SIZE, "cn-test-a", Market.ON_DEMAND, Duration.ZERO, "0.441072"),
                        price(EciFixtures.SIZE, "cn-test-b", Market.ON_DEMAND, Duration.ZERO, "0.441072"));
        assertThat(cloud.call(PRICE))
                .containsEntry("Cpu", "2")
                .containsEntry("Memory", "4")
                .containsEntry("SpotStrategy", "NoSpot");
    }

    @Test
    void aTypeHasThePricesOfEcs() throws InterruptedException {
        cloud.json(
                "DescribeSpotPriceHistory",
                "{'RequestId':'R','Currency':'CNY','SpotPrices':{'SpotPriceType':[{'ZoneId':'cn-test-a',"
                        + "'InstanceType':'ecs.c7.large','Timestamp':'2030-01-01T01:00:00Z','SpotPrice':0.097,"
                        + "'OriginPrice':0.39},{'ZoneId':'cn-test-z','InstanceType':'ecs.c7.large',"
                        + "'Timestamp':'2030-01-01T01:00:00Z','SpotPrice':0.05,'OriginPrice':0.39}]}}");

        assertThat(market(Part.PRICES, Set.of(HOUR), EciFixtures.TYPE).prices())
                .containsExactlyInAnyOrder(
                        price(EciFixtures.TYPE, "cn-test-a", Market.SPOT, HOUR, "0.097"),
                        price(EciFixtures.TYPE, "cn-test-a", Market.ON_DEMAND, Duration.ZERO, "0.39"));
    }

    @Test
    void aSizeThatEciDoesNotSellHasNoPrice() throws InterruptedException {
        cloud.error(PRICE, 400, "InvalidParameter.CPU.Memory");

        assertThat(market(Part.PRICES, Set.of(), EciFixtures.SIZE).prices()).isEmpty();
    }

    @Test
    void aPriceThatIsNoneIsLeftOut() throws InterruptedException {
        cloud.json(PRICE, "{'RequestId':'R','PriceInfo':{'Price':{'TradePrice':0,'Currency':'CNY'}}}");

        assertThat(market(Part.PRICES, Set.of(), EciFixtures.SIZE).prices()).isEmpty();
    }

    private static String zone(String id, String... resources) {
        return "{'ZoneId':'" + id + "','AvailableResources':{'AvailableResource':[{'Type':'InstanceType',"
                + "'SupportedResources':{'SupportedResource':[" + String.join(",", resources) + "]}}]}}";
    }

    private static String resource(String type, String category) {
        return "{'Value':'" + type + "','StatusCategory':'" + category + "'}";
    }

    private static String zones(String... zones) {
        return "{'RequestId':'R','AvailableZones':{'AvailableZone':[" + String.join(",", zones) + "]}}";
    }

    @Test
    void aSizeIsInStockWhereAnyTypeIsThatItCanBeMadeOf() throws InterruptedException {
        cloud.json(
                STOCK,
                zones(
                        zone(
                                "cn-test-a",
                                resource("ecs.c6.large", "WithoutStock"),
                                resource("ecs.c7.large", "WithStock")),
                        zone("cn-test-b", resource("ecs.c6.large", "ClosedWithoutStock")),
                        zone("cn-test-z", resource("ecs.c6.large", "WithStock"))));

        assertThat(market(Part.STOCK, Set.of(), EciFixtures.SIZE).stock())
                .containsExactlyInAnyOrder(
                        new Stock("2-4Gi", "cn-test-a", Market.ON_DEMAND, true),
                        new Stock("2-4Gi", "cn-test-b", Market.ON_DEMAND, false));
        assertThat(cloud.call(STOCK))
                .containsEntry("DestinationResource.Category", "InstanceType")
                .containsEntry("DestinationResource.Cores", "2")
                .containsEntry("DestinationResource.Memory", "4")
                .containsEntry("SpotResource.SpotStrategy", "NoSpot")
                .doesNotContainKey("DestinationResource.Value");
    }

    @Test
    void aTypeHasAStockOnEachMarket() throws InterruptedException {
        cloud.json(STOCK, zones(zone("cn-test-a", resource("ecs.c7.large", "ClosedWithStock"))))
                .json(
                        STOCK,
                        zones(zone(
                                "cn-test-a",
                                resource("ecs.c7.large", "WithoutStock"),
                                resource("ecs.c6.large", "WithStock"))));

        assertThat(market(Part.STOCK, Set.of(HOUR), EciFixtures.TYPE).stock())
                .extracting(Stock::available)
                .containsExactly(true, false);
        assertThat(cloud.calls(STOCK))
                .allSatisfy(call -> assertThat(call).containsEntry("DestinationResource.Value", "ecs.c7.large"))
                .anySatisfy(call -> assertThat(call)
                        .containsEntry("SpotResource.SpotStrategy", "SpotAsPriceGo")
                        .containsEntry("SpotResource.SpotDuration", "1"));
    }

    @Test
    void releaseRatesAreThoseOfEcs() throws InterruptedException {
        cloud.json(
                "DescribeSpotAdvice",
                "{'RequestId':'R','AvailableSpotZones':{'AvailableSpotZone':[{'ZoneId':'cn-test-a',"
                        + "'AvailableSpotResources':{'AvailableSpotResource':[{'InstanceType':'ecs.c7.large',"
                        + "'InterruptionRate':4,'InterruptRateDesc':'3-5%'}]}}]}}");

        assertThat(market(Part.RELEASE_RATES, Set.of(), EciFixtures.TYPE, EciFixtures.SIZE)
                        .releaseRates())
                .containsExactly(new ReleaseRate("ecs.c7.large", "cn-test-a", 0.04));
    }

    @Test
    void aSpecIsOfferedWhatItIsRoundedUpTo() {
        MachineSpec spec = EciFixtures.spec().millicpus(1500).memoryMib(3000).build();
        MachineType smaller = EciFixtures.size("1-2Gi");

        Offers offers = provider.offers(
                spec, snapshot(List.of(smaller, EciFixtures.SIZE), onDemand(smaller), onDemand(EciFixtures.SIZE)));

        assertThat(offers.offers()).singleElement().satisfies(offer -> {
            assertThat(offer.type()).isEqualTo(EciFixtures.SIZE);
            assertThat(offer.market()).isEqualTo(Market.ON_DEMAND);
            assertThat(offer.provider()).isEqualTo("eci");
        });
        assertThat(offers.rejections()).contains(new Rejection("1-2Gi", "too few vCPUs"));
    }

    @Test
    void spotIsSoldFromTwoVcpusUp() {
        MachineType one = new MachineType("ecs.c7.small", "ecs.c7", Architecture.X86_64, 1000, 4096, 0);
        MachineSpec spec = EciFixtures.spec().millicpus(1000).build();

        Offers offers = provider.offers(
                spec,
                snapshot(
                        List.of(one, EciFixtures.TYPE),
                        spot(one),
                        onDemand(one),
                        spot(EciFixtures.TYPE),
                        onDemand(EciFixtures.TYPE)));

        assertThat(offers.offers())
                .extracting(Offer::describe)
                .containsExactlyInAnyOrder(
                        "ecs.c7.small in cn-test-a (eci, on demand)",
                        "ecs.c7.large in cn-test-a (eci, spot)",
                        "ecs.c7.large in cn-test-a (eci, on demand)");
    }

    @Test
    void anArmSpecIsOfferedArmTypesAndNoSize() {
        MachineType arm = new MachineType("ecs.c7.arm", "ecs.c7", Architecture.ARM64, 2000, 4096, 0);
        MachineSpec spec = EciFixtures.spec().architecture(Architecture.ARM64).build();

        Offers offers = provider.offers(
                spec, snapshot(List.of(arm, EciFixtures.SIZE), onDemand(arm), onDemand(EciFixtures.SIZE)));

        assertThat(offers.offers()).extracting(Offer::type).containsExactly(arm);
        assertThat(offers.rejections()).contains(new Rejection("2-4Gi", "another architecture"));
    }

    @ParameterizedTest
    @CsvSource({"true,0,30,no container image", "false,1,30,GPUs", "false,0,5031,5030 GiB"})
    void aSpecThatNoGroupCanMeetIsRejectedAsAWhole(boolean imageless, int gpus, int disk, String why) {
        MachineSpec.Builder spec = imageless ? MachineSpec.builder().machineImage("m-1") : EciFixtures.spec();

        Offers offers = provider.offers(
                spec.gpus(gpus).diskGib(disk).build(), snapshot(List.of(EciFixtures.SIZE), onDemand(EciFixtures.SIZE)));

        assertThat(offers.offers()).isEmpty();
        assertThat(offers.rejections()).singleElement().satisfies(rejection -> {
            assertThat(rejection.subject()).isEqualTo("eci");
            assertThat(rejection.reason()).contains(why);
        });
    }

    @Test
    void whatIsTooLargeIsRejectedWithTheNearestSizesAndTheirPrices() {
        MachineType largest = EciFixtures.size("64-256Gi");
        MachineSpec spec = EciFixtures.spec().vcpus(96).memoryGib(256).build();

        Offers offers = provider.offers(spec, snapshot(EciSizes.all(), onDemand(largest)));

        assertThat(offers.offers()).isEmpty();
        assertThat(offers.rejections())
                .containsExactly(new Rejection(
                        "eci",
                        "no size is as large as that; the nearest are 64-256Gi at 0.4000 CNY per hour and 64-512Gi"));
    }

    @Test
    void whoWantsSpotOnlyIsToldThatTheSettingsNameNoTypes() {
        MachineSpec spec = EciFixtures.spec().markets(Set.of(Market.SPOT)).build();

        Offers offers = withoutTypes.offers(spec, snapshot(EciSizes.all(), onDemand(EciFixtures.SIZE)));

        assertThat(offers.offers()).isEmpty();
        assertThat(offers.rejections())
                .anySatisfy(rejection -> assertThat(rejection.reason()).contains("instance types"));
    }
}
