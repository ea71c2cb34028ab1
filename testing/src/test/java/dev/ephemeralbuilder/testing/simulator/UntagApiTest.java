package dev.ephemeralbuilder.testing.simulator;

import static dev.ephemeralbuilder.testing.simulator.EcsApiTest.errorOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.aliyuncs.ecs.model.v20140526.DescribeInstancesResponse;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.UntagResourcesRequest;
import com.aliyuncs.exceptions.ClientException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Taking tags away, as the real SDK sees it. */
@Timeout(60)
class UntagApiTest {
    private AlibabaCloudSimulator cloud;
    private SimulatorClient client;
    private List<String> ids;

    @BeforeEach
    void start() throws Exception {
        cloud = AlibabaCloudSimulator.builder()
                .clock(SimulatedClock.manual(Instant.parse("2026-01-05T08:00:00Z")))
                .start();
        client = new SimulatorClient(cloud);
        RunInstancesRequest request = client.spot();
        request.setAmount(2);
        SimulatorClient.tag(request, Map.of("owner", "a", "job", "1"));
        ids = client.create(request);
    }

    @AfterEach
    void close() {
        client.close();
        cloud.close();
    }

    @Test
    void namedKeysGoAndUnknownOnesAreNoError() throws Exception {
        untag(ids.subList(0, 1), List.of("job", "none"), null);
        assertThat(keys()).containsExactlyInAnyOrder("owner", "owner", "job");
    }

    @Test
    void allCountsOnlyWithoutKeys() throws Exception {
        untag(ids, List.of("job"), true);
        assertThat(keys()).containsExactly("owner", "owner");
        untag(ids, List.of(), true);
        assertThat(keys()).isEmpty();
    }

    @Test
    void oneUnknownIdMakesTheWholeCallFail() throws Exception {
        assertThat(errorOf(() -> untag(List.of(ids.get(0), "i-none"), List.of("job"), null)))
                .isEqualTo("InvalidResourceId.NotFound");
        assertThat(keys()).hasSize(4);
    }

    @Test
    void eitherKeysOrAllMustBeSaid() {
        assertThat(errorOf(() -> untag(ids, List.of(), null))).isEqualTo("MissingParameter");
        assertThat(errorOf(() -> untag(List.of(), List.of("job"), null))).isEqualTo("MissingParameter");
    }

    private void untag(List<String> resources, List<String> keys, @Nullable Boolean all) throws ClientException {
        UntagResourcesRequest request = new UntagResourcesRequest();
        request.setResourceType("instance");
        request.setResourceIds(resources);
        request.setTagKeys(keys);
        if (all != null) {
            request.setAll(all);
        }
        client.call(request);
    }

    private List<String> keys() throws ClientException {
        return client.describe().stream()
                .flatMap(instance -> instance.getTags().stream())
                .map(DescribeInstancesResponse.Instance.Tag::getTagKey)
                .toList();
    }
}
