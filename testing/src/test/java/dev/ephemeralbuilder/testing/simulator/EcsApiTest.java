package dev.ephemeralbuilder.testing.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.aliyuncs.CommonRequest;
import com.aliyuncs.ecs.model.v20140526.DeleteInstanceRequest;
import com.aliyuncs.ecs.model.v20140526.DeleteInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesResponse;
import com.aliyuncs.ecs.model.v20140526.GetInstanceConsoleOutputRequest;
import com.aliyuncs.ecs.model.v20140526.ListTagResourcesRequest;
import com.aliyuncs.ecs.model.v20140526.ListTagResourcesResponse;
import com.aliyuncs.ecs.model.v20140526.ModifyInstanceAutoReleaseTimeRequest;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.TagResourcesRequest;
import com.aliyuncs.exceptions.ClientException;
import dev.ephemeralbuilder.Market;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The operations on instances as the real SDK sees them, on a clock that stands still. */
@Timeout(60)
class EcsApiTest {
    private static final Instant START = Instant.parse("2026-01-05T08:00:20Z");

    private final SimulatedClock clock = SimulatedClock.manual(START);
    private AlibabaCloudSimulator cloud;
    private SimulatorClient client;

    @BeforeEach
    void start() {
        cloud = AlibabaCloudSimulator.builder()
                .seed(7)
                .clock(clock)
                .bootTime(Duration.ofSeconds(40), Duration.ofSeconds(50))
                .start();
        client = new SimulatorClient(cloud);
    }

    @AfterEach
    void close() {
        client.close();
        cloud.close();
    }

    @Test
    void machinesGoFromPendingToRunning() throws Exception {
        String id = client.create(client.spot()).get(0);
        assertThat(client.status(id)).isEqualTo("Pending");
        clock.advance(Duration.ofSeconds(20));
        assertThat(client.status(id)).isEqualTo("Starting");
        clock.advance(Duration.ofSeconds(30));
        assertThat(client.status(id)).isEqualTo("Running");
    }

    @Test
    void describeShowsWhatTheCreateCallSaid() throws Exception {
        RunInstancesRequest request = client.spot();
        request.setSpotStrategy("SpotWithPriceLimit");
        request.setSpotPriceLimit(0.815f);
        request.setSpotDuration(1);
        request.setInstanceName("job-1");
        request.setAutoReleaseTime("2026-01-05T09:00:59Z");
        SimulatorClient.tag(request, Map.of("owner", "ci & co"));
        String id = client.create(request).get(0);

        DescribeInstancesResponse.Instance instance = client.describe().get(0);
        assertThat(instance.getInstanceId()).isEqualTo(id);
        assertThat(instance.getInstanceName()).isEqualTo("job-1");
        assertThat(instance.getInstanceType()).isEqualTo(SimulatorClient.TYPE);
        assertThat(instance.getCpu()).isEqualTo(4);
        assertThat(instance.getMemory()).isEqualTo(8192);
        assertThat(instance.getZoneId()).isEqualTo(client.zone());
        assertThat(instance.getSpotStrategy()).isEqualTo("SpotWithPriceLimit");
        assertThat(instance.getSpotPriceLimit()).isEqualTo(0.815f);
        assertThat(instance.getSpotDuration()).isEqualTo(1);
        assertThat(instance.getCreationTime()).isEqualTo("2026-01-05T08:00Z");
        assertThat(instance.getAutoReleaseTime()).isEqualTo("2026-01-05T09:00Z");
        assertThat(instance.getOperationLocks()).isEmpty();
        assertThat(instance.getVpcAttributes().getVSwitchId())
                .isEqualTo(cloud.vSwitches().get(client.zone()));
        assertThat(instance.getVpcAttributes().getPrivateIpAddress())
                .containsExactly(cloud.machines().get(0).address());
        assertThat(instance.getTags()).singleElement().satisfies(tag -> {
            assertThat(tag.getTagKey()).isEqualTo("owner");
            assertThat(tag.getTagValue()).isEqualTo("ci & co");
        });
    }

    @Test
    void sameTokenGivesTheSameMachines() throws Exception {
        RunInstancesRequest request = client.spot();
        request.setAmount(3);
        request.setClientToken("token-1");
        List<String> first = client.create(request);
        assertThat(first).hasSize(3);
        assertThat(client.create(request)).isEqualTo(first);
        assertThat(cloud.machines()).hasSize(3);
    }

    @Test
    void sameTokenWithOtherParametersIsRefused() throws Exception {
        RunInstancesRequest request = client.spot();
        request.setClientToken("token-1");
        client.create(request);
        request.setAmount(2);
        assertThat(errorOf(() -> client.create(request))).isEqualTo("IdempotentParameterMismatch");
    }

    @Test
    void tokenRemembersAFailure() throws Exception {
        cloud.stockOut(SimulatorClient.TYPE, client.zone());
        RunInstancesRequest request = client.spot();
        request.setClientToken("token-1");
        assertThat(errorOf(() -> client.create(request))).isEqualTo("OperationDenied.NoStock");
        cloud.stock(SimulatorClient.TYPE, client.zone(), 5);
        assertThat(errorOf(() -> client.create(request))).isEqualTo("OperationDenied.NoStock");
        request.setClientToken("token-2");
        assertThat(client.create(request)).hasSize(1);
    }

    @Test
    void scarceStockGivesFewerMachinesIfTheCallAllowsIt() throws Exception {
        cloud.stock(SimulatorClient.TYPE, client.zone(), 3);
        RunInstancesRequest request = client.spot();
        request.setAmount(5);
        assertThat(errorOf(() -> client.create(request))).isEqualTo("OperationDenied.NoStock");
        request.setMinAmount(1);
        assertThat(client.create(request)).hasSize(3);
        assertThat(errorOf(() -> client.create(request))).isEqualTo("OperationDenied.NoStock");
    }

    @Test
    void spotMayBeOutOfStockAlone() throws Exception {
        cloud.stock(SimulatorClient.TYPE, client.zone(), Market.SPOT, 1);
        RunInstancesRequest request = client.spot();
        assertThat(client.create(request)).hasSize(1);
        assertThat(errorOf(() -> client.create(request))).isEqualTo("OperationDenied.NoStock");
        request.setSpotStrategy("NoSpot");
        assertThat(client.create(request)).hasSize(1);
    }

    @Test
    void describeGivesTenRowsUnlessTold() throws Exception {
        RunInstancesRequest request = client.spot();
        request.setAmount(25);
        Set<String> created = new HashSet<>(client.create(request));

        DescribeInstancesRequest describe = new DescribeInstancesRequest();
        DescribeInstancesResponse page = client.call(describe);
        assertThat(page.getInstances()).hasSize(10);
        assertThat(page.getTotalCount()).isEqualTo(25);
        Set<String> seen = new HashSet<>();
        List<Integer> sizes = new ArrayList<>();
        while (true) {
            page.getInstances().forEach(instance -> seen.add(instance.getInstanceId()));
            sizes.add(page.getInstances().size());
            if (page.getNextToken().isEmpty()) {
                break;
            }
            describe.setNextToken(page.getNextToken());
            page = client.call(describe);
        }
        assertThat(seen).isEqualTo(created);
        assertThat(sizes).containsExactly(10, 10, 5);
    }

    @ParameterizedTest
    @CsvSource({"1, 10", "50, 30", "1000, 30"})
    void pageSizeIsClampedToTheApisBounds(int wanted, int rows) throws Exception {
        RunInstancesRequest request = client.spot();
        request.setAmount(30);
        client.create(request);
        DescribeInstancesRequest describe = new DescribeInstancesRequest();
        describe.setMaxResults(wanted);
        assertThat(client.call(describe).getInstances()).hasSize(rows);
    }

    @Test
    void pagesByNumberWorkToo() throws Exception {
        RunInstancesRequest request = client.spot();
        request.setAmount(15);
        client.create(request);
        DescribeInstancesRequest describe = new DescribeInstancesRequest();
        describe.setPageNumber(2);
        describe.setPageSize(10);
        assertThat(client.call(describe).getInstances()).hasSize(5);
    }

    @Test
    void tagFilterWantsAllTags() throws Exception {
        RunInstancesRequest one = client.spot();
        SimulatorClient.tag(one, Map.of("owner", "a", "job", "1"));
        String first = client.create(one).get(0);
        RunInstancesRequest two = client.spot();
        SimulatorClient.tag(two, Map.of("owner", "a", "job", "2"));
        client.create(two);

        DescribeInstancesRequest describe = new DescribeInstancesRequest();
        describe.setTags(List.of(tag("owner", "a"), tag("job", "1")));
        assertThat(client.call(describe).getInstances())
                .extracting(DescribeInstancesResponse.Instance::getInstanceId)
                .containsExactly(first);
        DescribeInstancesRequest anyValue = new DescribeInstancesRequest();
        anyValue.setTags(List.of(tag("owner", null)));
        assertThat(client.call(anyValue).getInstances()).hasSize(2);
    }

    @Test
    void unknownIdsAreMissingRows() throws Exception {
        String id = client.create(client.spot()).get(0);
        DescribeInstancesRequest describe = new DescribeInstancesRequest();
        describe.setInstanceIds("[\"i-none\",\"" + id + "\"]");
        DescribeInstancesResponse answer = client.call(describe);
        assertThat(answer.getTotalCount()).isEqualTo(1);
        assertThat(answer.getRequestId()).isNotBlank();
        describe.setInstanceIds("i-none");
        assertThat(errorOf(() -> client.call(describe))).isEqualTo("InvalidInstanceIds.Malformed");
    }

    @Test
    void machineCannotBeDeletedWhilePending() throws Exception {
        String id = client.create(client.spot()).get(0);
        assertThat(errorOf(() -> delete(id, true))).isEqualTo("IncorrectInstanceStatus.Initializing");
        clock.advance(Duration.ofSeconds(60));
        assertThat(errorOf(() -> delete(id, false))).isEqualTo("IncorrectInstanceStatus");
        delete(id, true);
        assertThat(client.status(id)).isEqualTo("Stopping");
        clock.advance(Duration.ofSeconds(2));
        assertThat(client.status(id)).isEqualTo("absent");
        assertThat(errorOf(() -> delete(id, true))).isEqualTo("InvalidInstanceId.NotFound");
    }

    @Test
    void oneBadIdMakesTheWholeBatchFail() throws Exception {
        String id = client.create(client.spot()).get(0);
        clock.advance(Duration.ofSeconds(60));
        DeleteInstancesRequest request = new DeleteInstancesRequest();
        request.setForce(true);
        request.setInstanceIds(List.of(id, "i-none"));
        assertThat(errorOf(() -> client.call(request))).isEqualTo("InvalidInstanceId.NotFound");
        assertThat(client.status(id)).isEqualTo("Running");
        DeleteInstancesRequest again = new DeleteInstancesRequest();
        again.setForce(true);
        again.setInstanceIds(List.of(id));
        assertThat(client.call(again).getRequestId()).isNotBlank();
        clock.advance(Duration.ofSeconds(2));
        assertThat(cloud.machines()).isEmpty();
    }

    @Test
    void capEndsAMachine() throws Exception {
        RunInstancesRequest request = client.spot();
        request.setAutoReleaseTime("2026-01-05T08:31:00Z");
        String id = client.create(request).get(0);
        clock.advance(Duration.ofMinutes(30));
        assertThat(client.status(id)).isEqualTo("Running");
        clock.advance(Duration.ofMinutes(1));
        assertThat(client.status(id)).isEqualTo("absent");
    }

    @Test
    void capCanBeMovedAndCancelled() throws Exception {
        RunInstancesRequest request = client.spot();
        request.setAutoReleaseTime("2026-01-05T08:31:00Z");
        String moved = client.create(request).get(0);
        String cancelled = client.create(request).get(0);
        ModifyInstanceAutoReleaseTimeRequest modify = new ModifyInstanceAutoReleaseTimeRequest();
        modify.setInstanceId(moved);
        modify.setAutoReleaseTime("2026-01-05T09:00:00Z");
        client.call(modify);
        ModifyInstanceAutoReleaseTimeRequest cancel = new ModifyInstanceAutoReleaseTimeRequest();
        cancel.setInstanceId(cancelled);
        client.call(cancel);
        clock.advance(Duration.ofMinutes(59));
        assertThat(client.status(moved)).isEqualTo("Running");
        clock.advance(Duration.ofHours(1));
        assertThat(client.status(moved)).isEqualTo("absent");
        assertThat(client.status(cancelled)).isEqualTo("Running");
    }

    @ParameterizedTest
    @CsvSource({"2026-01-05T08:30:59Z", "2026-01-05 09:00", "2029-01-06T08:00:00Z"})
    void capOutOfBoundsIsRefused(String time) {
        RunInstancesRequest request = client.spot();
        request.setAutoReleaseTime(time);
        assertThat(errorOf(() -> client.create(request))).isEqualTo("InvalidAutoReleaseTime.Malformed");
    }

    @Test
    void reclaimShowsALockAndThenTakesTheMachine() throws Exception {
        String id = client.create(client.spot()).get(0);
        clock.advance(Duration.ofMinutes(1));
        cloud.reclaim(id, Duration.ofMinutes(5));
        DescribeInstancesRequest recycling = new DescribeInstancesRequest();
        recycling.setLockReason("Recycling");
        assertThat(client.call(recycling).getInstances().get(0).getOperationLocks())
                .extracting(DescribeInstancesResponse.Instance.LockReason::getLockReason)
                .containsExactly("Recycling");
        clock.advance(Duration.ofSeconds(301));
        assertThat(client.status(id)).isEqualTo("absent");
    }

    @Test
    void tagsCanBeAddedAndListed() throws Exception {
        String id = client.create(client.spot()).get(0);
        TagResourcesRequest add = new TagResourcesRequest();
        add.setResourceType("instance");
        add.setResourceIds(List.of(id));
        TagResourcesRequest.Tag tag = new TagResourcesRequest.Tag();
        tag.setKey("lease");
        tag.setValue("17");
        add.setTags(List.of(tag));
        client.call(add);

        ListTagResourcesRequest list = new ListTagResourcesRequest();
        list.setResourceType("instance");
        ListTagResourcesRequest.Tag wanted = new ListTagResourcesRequest.Tag();
        wanted.setKey("lease");
        list.setTags(List.of(wanted));
        assertThat(client.call(list).getTagResources())
                .singleElement()
                .extracting(
                        ListTagResourcesResponse.TagResource::getResourceId,
                        ListTagResourcesResponse.TagResource::getTagValue)
                .containsExactly(id, "17");
    }

    @Test
    void consoleSpeaksOnceTheMachineRuns() throws Exception {
        String id = client.create(client.spot()).get(0);
        clock.advance(Duration.ofMinutes(1));
        GetInstanceConsoleOutputRequest request = new GetInstanceConsoleOutputRequest();
        request.setInstanceId(id);
        await().until(() -> {
            byte[] text = Base64.getDecoder().decode(client.call(request).getConsoleOutput());
            return new String(text, UTF_8).contains("sshd: listening");
        });
    }

    @Test
    void passingDryRunIsReportedAsAnError() {
        RunInstancesRequest request = client.spot();
        request.setDryRun(true);
        assertThat(errorOf(() -> client.create(request))).isEqualTo("DryRunOperation");
        assertThat(cloud.machines()).isEmpty();
    }

    @Test
    void unknownActionIsNotFound() {
        CommonRequest request = new CommonRequest();
        request.setSysDomain(cloud.endpoint().getAuthority());
        request.setSysVersion("2014-05-26");
        request.setSysAction("DescribeUnicorns");
        assertThat(errorOf(() -> client.common(request))).isEqualTo("InvalidAction.NotFound");
    }

    @Test
    void userDataOfTheGreatestSizeArrives() throws Exception {
        RunInstancesRequest request = client.spot("#cloud-config\n" + "#".repeat(32 * 1024 - 14));
        assertThat(client.create(request)).hasSize(1);
        RunInstancesRequest tooLarge = client.spot("#".repeat(32 * 1024 + 1));
        assertThat(errorOf(() -> client.create(tooLarge))).isEqualTo("InvalidUserData.SizeExceeded");
        RunInstancesRequest notEncoded = client.spot();
        notEncoded.setUserData("#!/bin/sh");
        assertThat(errorOf(() -> client.create(notEncoded))).isEqualTo("InvalidUserData.Base64FormatInvalid");
    }

    @Test
    void parametersMayComeInTheBody() throws Exception {
        assertThat(client.create(new BodyRequest(client.spot()))).hasSize(1);
    }

    @Test
    void wrongParametersHaveTheCodesOfTheApi() {
        String otherZone = List.copyOf(cloud.vSwitches().keySet()).get(1);
        assertThat(refusal(r -> r.setImageId("m-none"))).isEqualTo("InvalidImageId.NotFound");
        assertThat(refusal(r -> r.setImageId(""))).isEqualTo("MissingParameter");
        assertThat(refusal(r -> r.setSecurityGroupId("sg-none"))).isEqualTo("InvalidSecurityGroupId.NotFound");
        assertThat(refusal(r -> r.setVSwitchId("vsw-none"))).isEqualTo("InvalidVSwitchId.NotFound");
        assertThat(refusal(r -> r.setZoneId(otherZone))).isEqualTo("InvalidParameter.Mismatch");
        assertThat(refusal(r -> r.setZoneId("cn-hangzhou-z"))).isEqualTo("InvalidZoneId.NotFound");
        assertThat(refusal(r -> r.setInstanceType("ecs.none"))).isEqualTo("InvalidInstanceType.ValueNotSupported");
        assertThat(refusal(r -> {
                    r.setZoneId("");
                    r.setVSwitchId("");
                }))
                .isEqualTo("InvalidSpotParam.EmptyZoneID");
        assertThat(refusal(r -> r.setVSwitchId(""))).isEqualTo("InvalidSpotParam.EmptyVSwitchId");
        assertThat(refusal(r -> r.setDeletionProtection(true))).isEqualTo("InvalidChargeType.ValueNotSupported");
        assertThat(refusal(r -> r.setSpotDuration(6))).isEqualTo("InvalidSpotDuration");
        assertThat(refusal(r -> r.setAmount(101))).isEqualTo("InvalidAmount.NotSupported");
        assertThat(refusal(r -> r.setMinAmount(2))).isEqualTo("InvalidMinAmount.Malformed");
        assertThat(refusal(r -> r.setClientToken("ä"))).isEqualTo("InvalidClientToken.ValueNotSupported");
        assertThat(refusal(r -> SimulatorClient.tag(r, Map.of("acs:x", "y")))).isEqualTo("InvalidTagKey.Malformed");
        assertThat(refusal(r -> r.setSysRegionId("cn-beijing"))).isEqualTo("InvalidRegionId.NotFound");
        assertThat(cloud.machines()).isEmpty();
    }

    @Test
    void priceLimitMustBeWellFormedAndAboveTheMarket() {
        assertThat(refusal(r -> limit(r, 0.001f))).isEqualTo("InvalidSpotPriceLimit.LowerThanPublicPrice");
        assertThat(refusal(r -> limit(r, 0.8155f))).isEqualTo("InvalidSpotPriceLimit");
        assertThat(refusal(r -> r.setSpotPriceLimit(0.8f))).isEqualTo("InvalidSpotPriceLimit");
    }

    private static void limit(RunInstancesRequest request, float limit) {
        request.setSpotStrategy("SpotWithPriceLimit");
        request.setSpotPriceLimit(limit);
    }

    private String refusal(Consumer<RunInstancesRequest> spoil) {
        RunInstancesRequest request = client.spot();
        spoil.accept(request);
        return errorOf(() -> client.create(request));
    }

    private void delete(String id, boolean force) throws ClientException {
        DeleteInstanceRequest request = new DeleteInstanceRequest();
        request.setInstanceId(id);
        request.setForce(force);
        client.call(request);
    }

    private static DescribeInstancesRequest.Tag tag(String key, @Nullable String value) {
        DescribeInstancesRequest.Tag tag = new DescribeInstancesRequest.Tag();
        tag.setKey(key);
        tag.setValue(value);
        return tag;
    }

    static String errorOf(SdkCall call) {
        try {
            call.run();
            return "no error";
        } catch (ClientException e) {
            return String.valueOf(e.getErrCode());
        }
    }

    @FunctionalInterface
    interface SdkCall {
        void run() throws ClientException;
    }

    /** Sends user data in the body, as clients do that fear long URLs. */
    private static final class BodyRequest extends RunInstancesRequest {
        BodyRequest(RunInstancesRequest model) {
            setInstanceType(model.getInstanceType());
            setImageId(model.getImageId());
            setSecurityGroupId(model.getSecurityGroupId());
            setVSwitchId(model.getVSwitchId());
            putBodyParameter("UserData", "I2Nsb3VkLWNvbmZpZwo=");
            putBodyParameter("InstanceName", "a b&c=d+é*~");
        }
    }
}
