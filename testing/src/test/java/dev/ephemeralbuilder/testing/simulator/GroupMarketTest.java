package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ephemeralbuilder.Market;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where groups go, what they cost, and how the cloud takes them back. */
@Timeout(60)
class GroupMarketTest {
    private static final String ZONE = "cn-hangzhou-h";
    private static final String TYPE = "ecs.c7.large";
    private static final Duration BOOT = Duration.ofSeconds(10);

    private final SimulatedClock clock = SimulatedClock.manual(ManualCloud.START);
    private AlibabaCloudSimulator cloud;
    private GroupClient client;

    @BeforeEach
    void start() {
        cloud = AlibabaCloudSimulator.builder()
                .seed(7)
                .clock(clock)
                .bootTime(BOOT, BOOT)
                .start();
        client = new GroupClient(cloud);
    }

    @AfterEach
    void close() {
        client.close();
        cloud.close();
    }

    private static Map<String, String> group(String... parameters) {
        Map<String, String> group = GroupClient.group("sleep 600");
        for (int i = 0; i < parameters.length; i += 2) {
            group.put(parameters[i], parameters[i + 1]);
        }
        return group;
    }

    private static Map<String, String> spot(String... parameters) {
        Map<String, String> group = group(parameters);
        group.put("SpotStrategy", "SpotAsPriceGo");
        group.put("SpotDuration", "0");
        return group;
    }

    private String code(Map<String, String> parameters) {
        return client.code("CreateContainerGroup", parameters);
    }

    private String running(Map<String, String> parameters) throws Exception {
        String id = client.create(parameters);
        clock.advance(BOOT);
        await().until(() -> client.status(id).equals("Running"));
        return id;
    }

    @Test
    void aSizeWithoutStockIsRefusedInItsZone() throws Exception {
        cloud.stockOut("2-4Gi", ZONE);
        assertThat(code(group())).isEqualTo("OperationDenied.NoStock");
        String other = client.create(group("ZoneId", "cn-hangzhou-i"));
        assertThat(client.describe(other).path("ZoneId").asText()).isEqualTo("cn-hangzhou-i");
    }

    @Test
    void spotMayBeOutOfStockAlone() throws Exception {
        cloud.stock(TYPE, ZONE, Market.SPOT, 0);
        assertThat(code(spot("InstanceType", TYPE))).isEqualTo("OperationDenied.NoStock");
        client.create(group("InstanceType", TYPE));
        cloud.stock("2-4Gi", ZONE, Market.SPOT, 0);
        assertThat(code(spot("Cpu", "2", "Memory", "4"))).isEqualTo("OperationDenied.NoStock");
        client.create(group("Cpu", "2", "Memory", "4"));
    }

    @Test
    void vSwitchesAreTriedInTheirOrder() throws Exception {
        cloud.stockOut("2-4Gi", "cn-hangzhou-i");
        String id = client.create(group(
                "VSwitchId",
                cloud.vSwitches().get("cn-hangzhou-i") + "," + cloud.vSwitches().get("cn-hangzhou-j")));
        assertThat(client.describe(id).path("ZoneId").asText()).isEqualTo("cn-hangzhou-j");
    }

    @Test
    void typesAreTriedInTheirOrder() throws Exception {
        cloud.stockOut(TYPE, ZONE);
        String id = client.create(group("InstanceType", TYPE + ",ecs.c6.xlarge"));
        assertThat(client.describe(id).path("InstanceType").asText()).isEqualTo("ecs.c6.xlarge");
        assertThat(client.describe(id).path("Cpu").asInt()).isEqualTo(4);
    }

    @Test
    void aSpotGroupBySizeIsBilledAtTheCheapestType() throws Exception {
        client.create(spot("Cpu", "2", "Memory", "4"));
        JsonNode prices = client.call(
                        "DescribeContainerGroupPrice",
                        Map.of(
                                "Cpu",
                                "2",
                                "Memory",
                                "4",
                                "ZoneId",
                                ZONE,
                                "SpotStrategy",
                                "SpotAsPriceGo",
                                "SpotDuration",
                                "0"))
                .at("/PriceInfo/SpotPrices/SpotPrice");
        BigDecimal least = prices.findValues("SpotPrice").stream()
                .map(JsonNode::decimalValue)
                .min(BigDecimal::compareTo)
                .orElseThrow();
        assertThat(cloud.groups().get(0).pricePerHour()).isEqualByComparingTo(least);
        assertThat(cloud.groups().get(0).kind()).isEqualTo("2-4Gi");
    }

    @Test
    void aSpotGroupBelowTwoVcpusIsRefused() {
        assertThat(code(spot("Cpu", "1", "Memory", "2"))).isEqualTo("InvalidSpotCpuMemorySpec");
    }

    @Test
    void aLimitBelowThePriceIsNotMatched() {
        Map<String, String> parameters = group("InstanceType", TYPE, "SpotPriceLimit", "0.001");
        parameters.put("SpotStrategy", "SpotWithPriceLimit");
        assertThat(code(parameters)).isEqualTo("Spot.NotMatched");
    }

    @Test
    void theListPriceIsPerSecond() throws Exception {
        JsonNode price = client.call("DescribeContainerGroupPrice", Map.of("Cpu", "2", "Memory", "4"))
                .at("/PriceInfo/Price");
        assertThat(price.path("TradePrice").decimalValue()).isEqualByComparingTo("0.00012252");
        assertThat(price.path("Currency").asText()).isEqualTo("CNY");
    }

    @Test
    void stockIsToldByType() throws Exception {
        cloud.stockOut(TYPE, ZONE);
        JsonNode zones = client.call(
                        "DescribeAvailableResource",
                        Map.of("DestinationResource.Category", "InstanceType", "DestinationResource.Value", TYPE))
                .at("/AvailableZones/AvailableZone");
        assertThat(zones.findValuesAsText("StatusCategory")).startsWith("WithoutStock", "WithStock");
    }

    @Test
    void stockIsToldByMarket() throws Exception {
        cloud.stock(TYPE, ZONE, Market.SPOT, 0);
        Map<String, String> question = new HashMap<>(
                Map.of("DestinationResource.Category", "InstanceType", "DestinationResource.Value", TYPE));
        assertThat(firstStock(question)).isEqualTo("WithStock");
        question.put("SpotResource.SpotStrategy", "SpotAsPriceGo");
        assertThat(firstStock(question)).isEqualTo("WithoutStock");
    }

    private String firstStock(Map<String, String> question) throws Exception {
        return client.call("DescribeAvailableResource", question)
                .at("/AvailableZones/AvailableZone")
                .findValue("StatusCategory")
                .asText();
    }

    @Test
    void usageCountsVcpusAgainstTheQuota() throws Exception {
        cloud.account().groupVcpus(3);
        client.create(group());
        JsonNode usage = client.call("ListUsage", Map.of()).path("Attributes");
        assertThat(usage.path("UsedCpu").asDouble()).isEqualTo(2);
        assertThat(usage.path("MaxCpu").asInt()).isEqualTo(3);
        assertThat(code(group())).isEqualTo("QuotaExceeded");
    }

    @Test
    void aVSwitchWithoutAddressesIsRefused() {
        cloud.account().addresses(cloud.vSwitches().getOrDefault(ZONE, "none"), 0);
        assertThat(code(group())).isEqualTo("InvalidVSwitchId.IpNotEnough");
    }

    @Test
    void aLateStockOutIsScheduleFailedAndNotBilled() throws Exception {
        cloud.faults().on("CreateContainerGroup").times(1).vanish();
        String id = client.create(group());
        clock.advance(BOOT);
        assertThat(client.status(id)).isEqualTo("ScheduleFailed");
        assertThat(client.reasons(id)).contains("NoStock");
        JsonNode conditions =
                client.call("DescribeContainerGroupStatus", Map.of()).at("/Data/0/PodStatus/Conditions");
        assertThat(conditions.findValuesAsText("Reason")).contains("ContainerGroup.NoStock");
        assertThat(cloud.groups().get(0).billed()).isZero();
        assertThat(cloud.machines()).isEmpty();
        clock.advance(Duration.ofHours(24));
        assertThat(client.status(id)).isEqualTo("absent");
    }

    @Test
    void aReclaimedGroupHasAnEventAndThenIsExpired() throws Exception {
        String id = running(spot());
        cloud.reclaim(cloud.machines().get(0));
        JsonNode events = client.call("DescribeContainerGroupEvents", Map.of("ContainerGroupIds", "[\"" + id + "\"]"))
                .at("/Data/0/Events");
        assertThat(events.findValuesAsText("Reason")).contains("SpotToBeReleased");
        assertThat(events.findValuesAsText("Message")).contains("Spot ECI will be released in 3 minutes");
        clock.advance(Duration.ofSeconds(179));
        assertThat(client.status(id)).isEqualTo("Running");
        clock.advance(Duration.ofSeconds(1));
        assertThat(client.status(id)).isEqualTo("Expired");
        assertThat(client.state(id).path("ExitCode").asInt()).isEqualTo(137);
        assertThat(client.describe(id).path("ExpiredTime").asText()).isEqualTo("2026-01-05T08:03:30Z");
    }

    @Test
    void onlyStatesHaveATokenForTheNextOnes() throws Exception {
        running(spot());
        assertThat(client.call("DescribeContainerGroupStatus", Map.of()).has("NextToken"))
                .isTrue();
        assertThat(client.call("DescribeContainerGroupEvents", Map.of()).has("NextToken"))
                .isFalse();
    }

    @Test
    void aFailedBidIsFailed() throws Exception {
        String id = running(spot());
        cloud.failBid(id, Duration.ofMinutes(3));
        clock.advance(Duration.ofMinutes(3));
        assertThat(client.status(id)).isEqualTo("Failed");
        JsonNode conditions =
                client.call("DescribeContainerGroupStatus", Map.of()).at("/Data/0/PodStatus/Conditions");
        assertThat(conditions.findValuesAsText("Reason")).contains("BidFailed");
    }

    @Test
    void aPriceAboveTheLimitTakesTheGroupBack() throws Exception {
        Map<String, String> parameters = spot("InstanceType", TYPE);
        parameters.put("SpotStrategy", "SpotWithPriceLimit");
        parameters.put("SpotPriceLimit", "0.3");
        cloud.price(TYPE, ZONE, new BigDecimal("0.2"));
        String id = running(parameters);
        cloud.price(TYPE, ZONE, new BigDecimal("0.35"));
        assertThat(client.reasons(id)).contains("SpotToBeReleased");
    }

    @Test
    void protectedGroupsAreTakenBackAfterTheirHour() throws Exception {
        Map<String, String> parameters = spot("InstanceType", TYPE);
        parameters.put("SpotStrategy", "SpotWithPriceLimit");
        parameters.put("SpotPriceLimit", "0.3");
        parameters.put("SpotDuration", "1");
        cloud.price(TYPE, ZONE, new BigDecimal("0.2"));
        String id = running(parameters);
        cloud.price(TYPE, ZONE, new BigDecimal("0.35"));
        assertThat(client.reasons(id)).doesNotContain("SpotToBeReleased");
        clock.advance(Duration.ofHours(1));
        assertThat(client.reasons(id)).contains("SpotToBeReleased");
    }

    @Test
    void injectedErrorsAndLagsConcernGroupsToo() throws Exception {
        cloud.faults().on("CreateContainerGroup").zone("cn-hangzhou-i").error("OperationDenied.NoStock");
        cloud.faults().on("CreateContainerGroup").describeLag(Duration.ofSeconds(20));
        String zones =
                cloud.vSwitches().get("cn-hangzhou-i") + "," + cloud.vSwitches().get(ZONE);
        assertThat(code(group("VSwitchId", zones))).isEqualTo("OperationDenied.NoStock");
        String id = client.create(group());
        assertThat(client.status(id)).isEqualTo("absent");
        clock.advance(Duration.ofSeconds(20));
        assertThat(client.status(id)).isNotEqualTo("absent");
    }

    @Test
    void deniedCallersAreRefused() {
        SimulatedCaller bot = cloud.account().caller("bot").deny("ListUsage");
        try (GroupClient denied = new GroupClient(cloud, bot.accessKeyId(), bot.accessKeySecret())) {
            assertThat(denied.code("ListUsage", Map.of())).isEqualTo("Forbidden.RAM");
        }
    }

    @Test
    void theDocumentedRatesHold() {
        cloud.account().callsPerMinute("DescribeContainerGroups", 1);
        assertThat(client.code("DescribeContainerGroups", Map.of())).isEmpty();
        assertThat(client.code("DescribeContainerGroups", Map.of())).isEqualTo("Throttling.User");
        RateLimits limits = new RateLimits(clock::now);
        for (int i = 0; i < 500; i++) {
            limits.call(Product.ECI, "ExecContainerCommand");
        }
        assertThat(catchThrowableOfType(ApiError.class, () -> limits.call(Product.ECI, "ExecContainerCommand"))
                        .code())
                .isEqualTo("Throttling.User");
    }

    @Test
    void operationsOfOneProductAreUnknownToTheOther() {
        assertThat(client.code("RunInstances", Map.of())).isEqualTo("InvalidAction.NotFound");
        assertThat(client.code("DescribeRegions", Map.of())).isEmpty();
    }

    @Test
    void sizesAreRoundedUp() {
        Map<List<Double>, String> rounded = new HashMap<>();
        for (List<Double> asked :
                List.of(List.of(3.25, 7.5), List.of(0.3, 0.3), List.of(1.0, 16.0), List.of(7.0, 13.0))) {
            rounded.put(asked, GroupSize.atLeast(asked.get(0), asked.get(1)).key());
        }
        assertThat(rounded)
                .containsEntry(List.of(3.25, 7.5), "4-8Gi")
                .containsEntry(List.of(0.3, 0.3), "0.5-1Gi")
                .containsEntry(List.of(1.0, 16.0), "2-16Gi")
                .containsEntry(List.of(7.0, 13.0), "8-16Gi");
    }

    @Test
    void recordsAreKeptForAnHourAndTheLatestHundredOfThemLonger() throws Exception {
        for (int i = 0; i < 102; i++) {
            cloud.reclaim(client.create(group()), Duration.ZERO);
        }
        clock.advance(Duration.ofMinutes(59));
        assertThat(total()).isEqualTo(102);
        clock.advance(Duration.ofMinutes(1));
        assertThat(total()).isEqualTo(100);
        assertThat(cloud.groups()).hasSize(102);
    }

    private int total() throws Exception {
        return client.call("DescribeContainerGroups", Map.of("Limit", "1"))
                .path("TotalCount")
                .asInt();
    }

    @Test
    void groupsThatAreNotEndedCountAsMachines() throws Exception {
        String id = client.create(group("InstanceType", TYPE));
        assertThat(cloud.machines()).singleElement().satisfies(machine -> {
            assertThat(machine.id()).isEqualTo(id);
            assertThat(machine.type()).isEqualTo(TYPE);
            assertThat(machine.state()).isEqualTo("Scheduling");
        });
    }
}
