package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aliyuncs.ecs.model.v20140526.DescribeInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeZonesRequest;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Limits per minute of the cloud's clock, which shows 8:00:20 at first. */
@Timeout(60)
class RateLimitsTest {
    private final ManualCloud cloud = new ManualCloud();

    @AfterEach
    void close() {
        cloud.close();
    }

    @Test
    void throttledCallerIsServedAgainInTheNextMinute() throws Exception {
        cloud.simulator.account().callsPerMinute("DescribeInstances", 2);
        assertThat(cloud.outcome(ManualCloud.describe())).isEqualTo("200");
        assertThat(cloud.outcome(ManualCloud.describe())).isEqualTo("200");
        assertThat(cloud.outcome(ManualCloud.describe())).isEqualTo("400 Throttling.User");
        cloud.clock.advance(Duration.ofSeconds(39));
        assertThat(cloud.outcome(ManualCloud.describe())).isEqualTo("400 Throttling.User");
        cloud.clock.advance(Duration.ofSeconds(1));
        assertThat(cloud.outcome(ManualCloud.describe())).isEqualTo("200");
    }

    @Test
    void limitIsOfOneOperationAndOfAllCallers() throws Exception {
        SimulatedCaller bot = cloud.simulator.account().caller("bot");
        cloud.simulator.account().callsPerMinute("DescribeInstances", 1);
        try (SimulatorClient client = new SimulatorClient(cloud.simulator, bot.accessKeyId(), bot.accessKeySecret())) {
            assertThat(ManualCloud.outcome(client, ManualCloud.describe())).isEqualTo("200");
        }
        assertThat(cloud.outcome(ManualCloud.describe())).isEqualTo("400 Throttling.User");
        assertThat(cloud.outcome(new DescribeZonesRequest())).isEqualTo("200");
    }

    @Test
    void headerTellsWhatIsLeftToThoseWhoAsk() throws Exception {
        cloud.simulator.account().callsPerMinute("DescribeInstances", 5);
        DescribeInstancesRequest request = ManualCloud.describe();
        assertThat(cloud.client.header(request, "X-RateLimit-User-API")).isNull();
        request.putHeaderParameter("x-sdk-throttling-control", "enable");
        assertThat(cloud.client.header(request, "X-RateLimit-User-API")).isEqualTo("Remain:3,TimeLeft:40000");
    }

    @Test
    void accountCreatesSoManyMachinesAMinute() throws Exception {
        cloud.simulator.account().instancesPerMinute(10);
        RunInstancesRequest request = cloud.client.spot();
        request.setAmount(7);
        request.setClientToken("token-1");
        assertThat(cloud.outcome(request)).isEqualTo("200");
        request.setClientToken("token-2");
        assertThat(cloud.outcome(request)).isEqualTo("429 Throttling.Resource");
        cloud.clock.advance(Duration.ofMinutes(1));
        assertThat(cloud.outcome(request)).isEqualTo("200");
    }

    @Test
    void fiveThousandMachinesAMinuteAreTheLimitOfAnyAccount() {
        RateLimits limits = new RateLimits(cloud.clock::now);
        limits.create(4_950);
        assertThatThrownBy(() -> limits.create(51))
                .isInstanceOfSatisfying(
                        ApiError.class, e -> assertThat(e.code()).isEqualTo("Throttling.Resource"));
        limits.create(50);
    }
}
