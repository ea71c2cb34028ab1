package dev.ephemeralbuilder.testing.simulator;

import static dev.ephemeralbuilder.testing.simulator.EcsApiTest.errorOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.aliyuncs.ecs.model.v20140526.DescribeInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.ListTagResourcesRequest;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Machines that are there before calls see them. */
@Timeout(60)
class DescribeLagTest {
    private static final Duration LAG = Duration.ofSeconds(150);

    private final ManualCloud cloud = new ManualCloud();

    @AfterEach
    void close() {
        cloud.close();
    }

    @Test
    void newMachineIsUnseenByIdAndByTagForAWhile() throws Exception {
        cloud.simulator.faults().on("RunInstances").describeLag(LAG);
        String id = cloud.client.create(tagged()).get(0);
        cloud.clock.advance(LAG.minusSeconds(1));
        assertThat(cloud.visible(ManualCloud.describe(id))).isEmpty();
        assertThat(cloud.visible(byTag())).isEmpty();
        assertThat(cloud.client.call(listTags()).getTagResources()).isEmpty();
        assertThat(cloud.simulator.machines()).hasSize(1);
        cloud.clock.advance(Duration.ofSeconds(1));
        assertThat(cloud.visible(ManualCloud.describe(id))).containsExactly(id);
        assertThat(cloud.visible(byTag())).containsExactly(id);
        assertThat(cloud.client.call(listTags()).getTagResources()).hasSize(1);
    }

    @Test
    void unseenMachineCannotBeDeletedByItsIdYet() throws Exception {
        cloud.simulator.faults().on("RunInstances").describeLag(LAG);
        String id = cloud.client.create(tagged()).get(0);
        cloud.clock.advance(ManualCloud.BOOT);
        assertThat(cloud.outcome(ManualCloud.delete(id))).isEqualTo("404 InvalidInstanceId.NotFound");
        cloud.clock.advance(LAG);
        assertThat(cloud.outcome(ManualCloud.delete(id))).isEqualTo("200");
    }

    @Test
    void lagGoesTogetherWithALostAnswer() throws Exception {
        cloud.simulator.faults().on("RunInstances").times(1).describeLag(LAG);
        cloud.simulator.loseNextAnswer("RunInstances");
        RunInstancesRequest request = tagged();
        request.setClientToken("token-1");
        assertThat(errorOf(() -> cloud.client.create(request))).isEqualTo("SDK.ServerUnreachable");
        assertThat(cloud.visible(byTag())).isEmpty();
        List<String> ids = cloud.client.create(request);
        cloud.clock.advance(LAG);
        assertThat(cloud.visible(byTag())).isEqualTo(ids);
    }

    @Test
    void seedDecidesWhichMachinesLag() throws Exception {
        try (ManualCloud twin = new ManualCloud()) {
            List<Integer> here = laggards(cloud);
            assertThat(here).hasSizeBetween(1, 19).isEqualTo(laggards(twin));
        }
    }

    private static List<Integer> laggards(ManualCloud cloud) throws Exception {
        cloud.simulator.faults().on("RunInstances").probability(0.5).describeLag(LAG);
        List<Integer> unseen = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String id = cloud.client.create(cloud.client.spot()).get(0);
            if (cloud.client.status(id).equals("absent")) {
                unseen.add(i);
            }
        }
        return unseen;
    }

    private RunInstancesRequest tagged() {
        RunInstancesRequest request = cloud.client.spot();
        SimulatorClient.tag(request, Map.of("owner", "a"));
        return request;
    }

    private static DescribeInstancesRequest byTag() {
        DescribeInstancesRequest request = ManualCloud.describe();
        DescribeInstancesRequest.Tag tag = new DescribeInstancesRequest.Tag();
        tag.setKey("owner");
        tag.setValue("a");
        request.setTags(List.of(tag));
        return request;
    }

    private static ListTagResourcesRequest listTags() {
        ListTagResourcesRequest request = new ListTagResourcesRequest();
        request.setResourceType("instance");
        return request;
    }
}
