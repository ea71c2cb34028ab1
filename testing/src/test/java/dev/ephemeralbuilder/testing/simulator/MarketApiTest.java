package dev.ephemeralbuilder.testing.simulator;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.aliyuncs.ecs.model.v20140526.DescribeAvailableResourceRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeAvailableResourceResponse;
import com.aliyuncs.ecs.model.v20140526.DescribeInstanceTypesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstanceTypesResponse;
import com.aliyuncs.ecs.model.v20140526.DescribePriceRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeRegionsRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotAdviceRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotPriceHistoryRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotPriceHistoryResponse;
import com.aliyuncs.ecs.model.v20140526.DescribeZonesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeZonesResponse;
import dev.ephemeralbuilder.Market;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Types, prices and stock as the real SDK sees them. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MarketApiTest {
    private AlibabaCloudSimulator cloud;
    private SimulatorClient client;

    @BeforeAll
    void start() {
        cloud = simulator(3);
        client = new SimulatorClient(cloud);
    }

    @AfterAll
    void close() {
        client.close();
        cloud.close();
    }

    private static AlibabaCloudSimulator simulator(long seed) {
        return AlibabaCloudSimulator.builder()
                .seed(seed)
                .clock(SimulatedClock.manual(Instant.parse("2026-01-05T08:10:00Z")))
                .start();
    }

    @Test
    void priceHistoryHasAPointPerHourAndZone() throws Exception {
        List<DescribeSpotPriceHistoryResponse.SpotPriceType> points =
                client.call(history(1)).getSpotPrices();
        assertThat(points)
                .extracting(DescribeSpotPriceHistoryResponse.SpotPriceType::getZoneId)
                .hasSameElementsAs(cloud.vSwitches().keySet());
        assertThat(points.stream()
                        .filter(point -> point.getZoneId().equals(client.zone()))
                        .map(DescribeSpotPriceHistoryResponse.SpotPriceType::getTimestamp))
                .containsExactly(
                        "2026-01-05T08:00:00Z", "2026-01-05T07:00:00Z", "2026-01-05T06:00:00Z", "2026-01-05T05:00:00Z");
        assertThat(points).allSatisfy(point -> {
            assertThat(point.getOriginPrice()).isEqualTo(0.815f);
            assertThat(point.getSpotPrice()).isPositive().isLessThanOrEqualTo(0.815f);
        });
    }

    @Test
    void priceWithoutProtectionIsLower() throws Exception {
        float with = client.call(history(1)).getSpotPrices().get(0).getSpotPrice();
        float without = client.call(history(0)).getSpotPrices().get(0).getSpotPrice();
        assertThat(without).isLessThan(with);
    }

    @Test
    void sameSeedMeansTheSamePrices() throws Exception {
        try (AlibabaCloudSimulator twin = simulator(3);
                SimulatorClient twinClient = new SimulatorClient(twin);
                AlibabaCloudSimulator other = simulator(4);
                SimulatorClient otherClient = new SimulatorClient(other)) {
            assertThat(prices(twinClient)).isEqualTo(prices(client));
            assertThat(prices(otherClient)).isNotEqualTo(prices(client));
        }
    }

    @Test
    void longHistoryComesInPages() throws Exception {
        DescribeSpotPriceHistoryRequest request = history(1);
        request.setStartTime("2025-12-10T00:00:00Z");
        int rows = 0;
        int pages = 0;
        while (true) {
            request.setOffset(rows);
            DescribeSpotPriceHistoryResponse page = client.call(request);
            if (page.getSpotPrices().isEmpty()) {
                break;
            }
            rows += page.getSpotPrices().size();
            pages++;
            assertThat(page.getNextOffset()).isEqualTo(rows);
        }
        // 26 days of 24 hours and 9 hours more, in 4 zones.
        assertThat(rows).isEqualTo((26 * 24 + 9) * 4);
        assertThat(pages).isEqualTo(3);
    }

    @Test
    void typesHaveSizeAndArchitecture() throws Exception {
        DescribeInstanceTypesRequest request = new DescribeInstanceTypesRequest();
        request.setMaxResults(20L);
        List<DescribeInstanceTypesResponse.InstanceType> all = new ArrayList<>();
        DescribeInstanceTypesResponse page = client.call(request);
        all.addAll(page.getInstanceTypes());
        while (!page.getNextToken().isEmpty()) {
            request.setNextToken(page.getNextToken());
            page = client.call(request);
            all.addAll(page.getInstanceTypes());
        }
        assertThat(all).hasSizeGreaterThan(40).doesNotHaveDuplicates();
        assertThat(all)
                .filteredOn(type -> type.getInstanceTypeId().equals("ecs.c8y.xlarge"))
                .singleElement()
                .satisfies(type -> {
                    assertThat(type.getCpuCoreCount()).isEqualTo(4);
                    assertThat(type.getMemorySize()).isEqualTo(8f);
                    assertThat(type.getCpuArchitecture()).isEqualTo("ARM");
                    assertThat(type.getInstanceTypeFamily()).isEqualTo("ecs.c8y");
                });
    }

    @Test
    void adviceHasABandAndADiscountPerZoneAndType() throws Exception {
        DescribeSpotAdviceRequest request = new DescribeSpotAdviceRequest();
        request.setInstanceTypess(List.of(SimulatorClient.TYPE, "ecs.g7.xlarge"));
        assertThat(client.call(request).getAvailableSpotZones())
                .hasSize(4)
                .allSatisfy(zone -> assertThat(zone.getAvailableSpotResources())
                        .hasSize(2)
                        .allSatisfy(row -> {
                            assertThat(row.getInterruptRateDesc()).matches("\\d+-\\d+%");
                            assertThat(row.getInterruptionRate()).isPositive();
                            assertThat(row.getAverageSpotDiscount()).isBetween(1, 100);
                        }));
    }

    @Test
    void stockOutOfSpotAloneShowsInTheListOfSpotResources() throws Exception {
        cloud.stock("ecs.c6.large", client.zone(), Market.SPOT, 0);
        DescribeAvailableResourceRequest request = new DescribeAvailableResourceRequest();
        request.setDestinationResource("InstanceType");
        request.setInstanceType("ecs.c6.large");
        request.setZoneId(client.zone());
        request.setSpotStrategy("SpotWithPriceLimit");
        assertThat(client.call(request).getAvailableZones())
                .extracting(DescribeAvailableResourceResponse.AvailableZone::getStatus)
                .containsExactly("SoldOut");
        request.setSpotStrategy("NoSpot");
        assertThat(client.call(request).getAvailableZones())
                .extracting(DescribeAvailableResourceResponse.AvailableZone::getStatus)
                .containsExactly("Available");
    }

    @Test
    void stockOutShowsInTheListOfResources() throws Exception {
        cloud.stockOut("ecs.c6.xlarge", client.zone());
        DescribeAvailableResourceRequest request = new DescribeAvailableResourceRequest();
        request.setDestinationResource("InstanceType");
        request.setInstanceType("ecs.c6.xlarge");
        request.setSpotStrategy("SpotAsPriceGo");
        List<DescribeAvailableResourceResponse.AvailableZone> zones =
                client.call(request).getAvailableZones();
        assertThat(zones).hasSize(4);
        assertThat(zones)
                .filteredOn(zone -> zone.getStatus().equals("SoldOut"))
                .singleElement()
                .satisfies(zone -> {
                    assertThat(zone.getZoneId()).isEqualTo(client.zone());
                    assertThat(zone.getAvailableResources()
                                    .get(0)
                                    .getSupportedResources()
                                    .get(0)
                                    .getStatusCategory())
                            .isEqualTo("WithoutStock");
                });
    }

    @Test
    void zonesAndRegionsAreListed() throws Exception {
        assertThat(client.call(new DescribeZonesRequest()).getZones())
                .extracting(DescribeZonesResponse.Zone::getZoneId)
                .containsExactlyElementsOf(cloud.vSwitches().keySet());
        assertThat(client.call(new DescribeRegionsRequest()).getRegions())
                .singleElement()
                .satisfies(region -> assertThat(region.getRegionId()).isEqualTo("cn-hangzhou"));
    }

    @Test
    void priceOfASpotMachineIsThatOfTheMarket() throws Exception {
        DescribePriceRequest request = new DescribePriceRequest();
        request.setInstanceType(SimulatorClient.TYPE);
        request.setPriceUnit("Hour");
        request.setPeriod(1);
        request.setZoneId(client.zone());
        request.setSpotStrategy("SpotAsPriceGo");
        request.setSpotDuration(1);
        var price = client.call(request).getPriceInfo().getPrice();
        assertThat(price.getCurrency()).isEqualTo("CNY");
        assertThat(price.getOriginalPrice()).isEqualTo(0.815f);
        assertThat(price.getTradePrice()).isEqualTo(prices(client).get(0));
    }

    @Test
    void mostPricesAreAboutAFifthOfTheListPrice() {
        SpotMarket market = new SpotMarket(1);
        Region region = new Region("cn-hangzhou");
        Instant now = Instant.parse("2026-01-05T08:10:00Z");
        List<Double> factors = region.zones().stream()
                .flatMap(zone -> region.catalogue().all().stream()
                        .map(type -> market.price(type, zone, 1, now).doubleValue()
                                / type.price().doubleValue()))
                .sorted()
                .toList();
        assertThat(factors.get(factors.size() / 2)).isBetween(0.18, 0.26);
        assertThat(factors.get(factors.size() - 1)).isGreaterThan(0.6);
    }

    @Test
    void pricesMoveFromHourToHour() {
        SpotMarket market = new SpotMarket(1);
        Catalogue.Type type =
                requireNonNull(new Region("cn-hangzhou").catalogue().find("ecs.g7.2xlarge"));
        Instant noon = Instant.parse("2026-01-05T12:00:00Z");
        assertThat(market.history(type, "cn-hangzhou-h", 1, noon.minus(Duration.ofDays(1)), noon))
                .hasSize(25)
                .extracting(SpotMarket.Point::price)
                .containsOnlyOnce(market.price(type, "cn-hangzhou-h", 1, noon));
    }

    private static List<Float> prices(SimulatorClient client) throws Exception {
        return client.call(history(1)).getSpotPrices().stream()
                .map(DescribeSpotPriceHistoryResponse.SpotPriceType::getSpotPrice)
                .toList();
    }

    private static DescribeSpotPriceHistoryRequest history(int duration) {
        DescribeSpotPriceHistoryRequest request = new DescribeSpotPriceHistoryRequest();
        request.setInstanceType(SimulatorClient.TYPE);
        request.setNetworkType("vpc");
        request.setSpotDuration(duration);
        return request;
    }
}
