package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.alibaba.FakeEndpoint;
import dev.ephemeralbuilder.selection.MachineType;
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
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EcsProviderMarketTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final FakeEndpoint endpoint = new FakeEndpoint();
    private EcsProvider provider = Fixtures.provider(endpoint.uri()).build();

    @AfterEach
    void close() {
        provider.close();
        endpoint.close();
    }

    private static String type(String id, String family, String architecture) {
        return "{'InstanceTypeId':'" + id + "','InstanceTypeFamily':'" + family
                + "','CpuCoreCount':2,'MemorySize':0.5,'CpuArchitecture':'" + architecture + "','GPUAmount':0}";
    }

    private static String types(String next, String... rows) {
        return "{'RequestId':'R','NextToken':'" + next + "','InstanceTypes':{'InstanceType':[" + String.join(",", rows)
                + "]}}";
    }

    private static String point(String zone, String time, String spot, String origin) {
        return "{'ZoneId':'" + zone + "','InstanceType':'ecs.c7.large','Timestamp':'" + time + "','SpotPrice':" + spot
                + ",'OriginPrice':" + origin + "}";
    }

    private static String history(String more, String... points) {
        return "{'RequestId':'R','Currency':'CNY'" + more + ",'SpotPrices':{'SpotPriceType':["
                + String.join(",", points) + "]}}";
    }

    private MarketSnapshot market(Part part, Set<Duration> protections, MachineType... types)
            throws InterruptedException {
        return provider.market(new MarketQuery(EnumSet.of(part), List.of(types), protections));
    }

    @Test
    void theCatalogueIsReadToItsEnd() throws InterruptedException {
        endpoint.json("DescribeInstanceTypes", types("next", type("ecs.c7.large", "ecs.c7", "X86")))
                .json(
                        "DescribeInstanceTypes",
                        types("", type("ecs.c8y.large", "ecs.c8y", "ARM"), type("ecs.q.large", "ecs.q", "Quantum")));

        assertThat(provider.market(MarketQuery.catalog()).types())
                .containsExactly(
                        new MachineType("ecs.c7.large", "ecs.c7", Architecture.X86_64, 2000, 512, 0),
                        new MachineType("ecs.c8y.large", "ecs.c8y", Architecture.ARM64, 2000, 512, 0));
        assertThat(endpoint.calls().get(0).query()).containsEntry("MaxResults", "100");
        assertThat(endpoint.calls().get(1).query()).containsEntry("NextToken", "next");
    }

    @Test
    void onlyTheFamiliesThatAreAllowedAreAskedForAndReturned() throws InterruptedException {
        provider.close();
        provider = Fixtures.provider(endpoint.uri()).families(Set.of("ecs.c7")).build();
        endpoint.json(
                "DescribeInstanceTypes",
                types("", type("ecs.c7.large", "ecs.c7", "X86"), type("ecs.g7.large", "ecs.g7", "X86")));

        assertThat(provider.market(MarketQuery.catalog()).types())
                .extracting(MachineType::id)
                .containsExactly("ecs.c7.large");
        assertThat(endpoint.call().query()).containsEntry("InstanceTypeFamilies.1", "ecs.c7");
    }

    @Test
    void familiesAndTypesTogetherAllowWhatEitherNames() throws InterruptedException {
        provider.close();
        provider = Fixtures.provider(endpoint.uri())
                .families(Set.of("ecs.c7"))
                .types(Set.of("ecs.g7.large"))
                .build();
        endpoint.json(
                "DescribeInstanceTypes",
                types(
                        "",
                        type("ecs.c7.large", "ecs.c7", "X86"),
                        type("ecs.g7.large", "ecs.g7", "X86"),
                        type("ecs.g7.xlarge", "ecs.g7", "X86")));

        assertThat(provider.market(MarketQuery.catalog()).types())
                .extracting(MachineType::id)
                .containsExactly("ecs.c7.large", "ecs.g7.large");
        assertThat(endpoint.call().query()).doesNotContainKeys("InstanceTypeFamilies.1", "InstanceTypes.1");
    }

    @Test
    void theLatestPriceOfEachZoneCounts() throws InterruptedException {
        endpoint.json(
                        "DescribeSpotPriceHistory",
                        history(
                                ",'NextOffset':2",
                                point("cn-test-a", "2030-01-01T01:00:00Z", "0.097", "0.39"),
                                point("cn-test-a", "2030-01-01T03:00:00Z", "0.0985", "0.39")))
                .json(
                        "DescribeSpotPriceHistory",
                        history(
                                "",
                                point("cn-test-a", "2030-01-01T02:00:00Z", "0.2", "0.39"),
                                point("cn-test-b", "2030-01-01T02:00:00Z", "0.1", "0.39"),
                                point("cn-test-z", "2030-01-01T02:00:00Z", "0.1", "0.39")));

        assertThat(market(Part.PRICES, Set.of(Duration.ZERO), Fixtures.TYPE).prices())
                .containsExactlyInAnyOrder(
                        price("cn-test-a", Market.SPOT, Duration.ZERO, "0.0985"),
                        price("cn-test-b", Market.SPOT, Duration.ZERO, "0.1"),
                        price("cn-test-a", Market.ON_DEMAND, Duration.ZERO, "0.39"),
                        price("cn-test-b", Market.ON_DEMAND, Duration.ZERO, "0.39"));
        assertThat(endpoint.calls().get(0).query())
                .containsEntry("InstanceType", "ecs.c7.large")
                .containsEntry("NetworkType", "vpc")
                .containsEntry("SpotDuration", "0")
                .doesNotContainKeys("Offset", "ZoneId");
        assertThat(endpoint.calls().get(1).query()).containsEntry("Offset", "2");
    }

    private static Price price(String zone, Market market, Duration protection, String amount) {
        return new Price("ecs.c7.large", zone, market, protection, Money.of(amount, "CNY"));
    }

    @Test
    void eachProtectionHasAPriceOfItsOwn() throws InterruptedException {
        endpoint.json("DescribeSpotPriceHistory", history("", point("cn-test-a", "2030-01-01T01:00:00Z", "0.1", "0.4")))
                .json(
                        "DescribeSpotPriceHistory",
                        history("", point("cn-test-a", "2030-01-01T01:00:00Z", "0.15", "0.4")));

        assertThat(market(Part.PRICES, Set.of(HOUR, Duration.ZERO), Fixtures.TYPE)
                        .prices())
                .containsExactlyInAnyOrder(
                        price("cn-test-a", Market.SPOT, Duration.ZERO, "0.1"),
                        price("cn-test-a", Market.SPOT, HOUR, "0.15"),
                        price("cn-test-a", Market.ON_DEMAND, Duration.ZERO, "0.4"));
        assertThat(endpoint.calls())
                .extracting(call -> call.query().get("SpotDuration"))
                .containsExactly("0", "1");
    }

    @Test
    void aTypeThatIsNotSoldHasNoPrice() throws InterruptedException {
        endpoint.error("DescribeSpotPriceHistory", 403, "InvalidInstanceType.ValueNotSupported");

        assertThat(market(Part.PRICES, Set.of(Duration.ZERO), Fixtures.TYPE).prices())
                .isEmpty();
    }

    @Test
    void pricesWithoutACurrencyAreNoAnswer() {
        endpoint.json(
                "DescribeSpotPriceHistory",
                "{'RequestId':'R','SpotPrices':{'SpotPriceType':["
                        + point("cn-test-a", "2030-01-01T01:00:00Z", "0.1", "0.4") + "]}}");

        assertThatThrownBy(() -> market(Part.PRICES, Set.of(Duration.ZERO), Fixtures.TYPE))
                .isInstanceOf(ProviderException.class);
    }

    @Test
    void stockIsAskedForPerMarket() throws InterruptedException {
        String zone = "{'RequestId':'R','AvailableZones':{'AvailableZone':[{'ZoneId':'cn-test-a','AvailableResources':"
                + "{'AvailableResource':[{'Type':'InstanceType','SupportedResources':{'SupportedResource':["
                + "{'Value':'ecs.c7.large','Status':'%s','StatusCategory':'%s'},"
                + "{'Value':'ecs.other.large','Status':'Available','StatusCategory':'WithStock'}]}}]}}]}}";
        endpoint.json("DescribeAvailableResource", zone.formatted("SoldOut", "WithoutStock"))
                .json("DescribeAvailableResource", zone.formatted("Available", "ClosedWithStock"));

        MachineType other = new MachineType("ecs.c9.large", "ecs.c9", Architecture.X86_64, 2000, 512, 0);
        assertThat(market(Part.STOCK, Set.of(Duration.ZERO), Fixtures.TYPE, other)
                        .stock())
                .containsExactly(
                        new Stock("ecs.c7.large", "cn-test-a", Market.SPOT, false),
                        new Stock("ecs.c7.large", "cn-test-a", Market.ON_DEMAND, true));
        assertThat(endpoint.calls().get(0).query())
                .containsEntry("DestinationResource", "InstanceType")
                .containsEntry("SpotStrategy", "SpotWithPriceLimit")
                .containsEntry("SpotDuration", "0");
        assertThat(endpoint.calls().get(1).query())
                .containsEntry("SpotStrategy", "NoSpot")
                .doesNotContainKey("SpotDuration");
    }

    @Test
    void releaseRatesAreAskedForTenTypesAtATime() throws InterruptedException {
        endpoint.json(
                        "DescribeSpotAdvice",
                        "{'RequestId':'R','AvailableSpotZones':{'AvailableSpotZone':[{'ZoneId':'cn-test-a',"
                                + "'AvailableSpotResources':{'AvailableSpotResource':["
                                + "{'InstanceType':'ecs.c7.t00','InterruptionRate':2.5,'InterruptRateDesc':'0-3%'}]}}]}}")
                .json("DescribeSpotAdvice", "{'RequestId':'R'}");
        MachineType[] types = IntStream.range(0, 12)
                .mapToObj(
                        n -> new MachineType("ecs.c7.t%02d".formatted(n), "ecs.c7", Architecture.X86_64, 2000, 512, 0))
                .toArray(MachineType[]::new);

        assertThat(market(Part.RELEASE_RATES, Set.of(), types).releaseRates())
                .containsExactly(new ReleaseRate("ecs.c7.t00", "cn-test-a", 0.025));
        assertThat(endpoint.calls()).hasSize(2);
        assertThat(endpoint.calls().get(0).query())
                .containsEntry("InstanceTypes.10", "ecs.c7.t09")
                .doesNotContainKey("InstanceTypes.11");
        assertThat(endpoint.calls().get(1).query()).containsEntry("InstanceTypes.2", "ecs.c7.t11");
    }

    @ParameterizedTest
    @CsvSource({"0,0-3%,0", "2,0-3%,0.02", "0,3-5%,0.04", "7,5-10%,0.07", "0,10-100%,0.25", "30,10-100%,0.3"})
    void aRateOutsideOfItsBandBecomesTheMiddleOfTheBand(String rate, String band, double share)
            throws InterruptedException {
        endpoint.json(
                "DescribeSpotAdvice",
                "{'RequestId':'R','AvailableSpotZones':{'AvailableSpotZone':[{'ZoneId':'cn-test-a',"
                        + "'AvailableSpotResources':{'AvailableSpotResource':[{'InstanceType':'ecs.c7.large',"
                        + "'InterruptionRate':" + rate + ",'InterruptRateDesc':'" + band + "'}]}}]}}");

        assertThat(market(Part.RELEASE_RATES, Set.of(), Fixtures.TYPE).releaseRates())
                .containsExactly(new ReleaseRate("ecs.c7.large", "cn-test-a", share));
    }

    @Test
    void typesThatAreNotAllowedAreNotAskedFor() throws InterruptedException {
        provider.close();
        provider = Fixtures.provider(endpoint.uri()).families(Set.of("ecs.g7")).build();

        MarketSnapshot market = provider.market(new MarketQuery(
                EnumSet.of(Part.PRICES, Part.STOCK, Part.RELEASE_RATES), List.of(Fixtures.TYPE), Set.of(HOUR)));

        assertThat(market).isEqualTo(new MarketSnapshot(List.of(), List.of(), List.of(), List.of()));
        assertThat(endpoint.calls()).isEmpty();
    }

    @Test
    void aSpecWithoutMachineImageIsRejectedAsAWhole() {
        MarketSnapshot market = new MarketSnapshot(List.of(Fixtures.TYPE), List.of(), List.of(), List.of());

        Offers offers = provider.offers(MachineSpec.builder().build(), market);

        assertThat(offers.offers()).isEmpty();
        assertThat(offers.rejections()).containsExactly(new Rejection("ecs", "the spec names no machine image"));
    }
}
