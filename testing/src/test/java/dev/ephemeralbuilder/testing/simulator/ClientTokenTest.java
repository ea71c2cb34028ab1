package dev.ephemeralbuilder.testing.simulator;

import static dev.ephemeralbuilder.testing.simulator.EcsApiTest.errorOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.aliyuncs.ecs.model.v20140526.DeleteInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client token stands for, with the HTTP statuses (ecs-openapi, 1.3). */
@Timeout(60)
class ClientTokenTest {
    private final ManualCloud cloud = new ManualCloud();

    @AfterEach
    void close() {
        cloud.close();
    }

    @Test
    void secondCallIsToldThatTheFirstIsStillRunning() throws Exception {
        cloud.simulator.faults().on("RunInstances").processing(Duration.ofSeconds(30));
        cloud.simulator.loseNextAnswer("RunInstances");
        RunInstancesRequest request = create("token-1");
        assertThat(errorOf(() -> cloud.client.create(request))).isEqualTo("SDK.ServerUnreachable");
        assertThat(cloud.outcome(request)).isEqualTo("403 IdempotentProcessing");
        cloud.clock.advance(Duration.ofSeconds(30));
        List<String> ids = cloud.client.create(request);
        assertThat(cloud.simulator.machines())
                .singleElement()
                .satisfies(machine -> assertThat(machine.id()).isEqualTo(ids.get(0)));
    }

    @Test
    void otherParametersAreAMismatchAlsoWhileTheFirstCallRuns() throws Exception {
        cloud.simulator.faults().on("RunInstances").processing(Duration.ofSeconds(30));
        RunInstancesRequest request = create("token-1");
        cloud.client.create(request);
        request.setAmount(2);
        assertThat(cloud.outcome(request)).isEqualTo("400 IdempotentParameterMismatch");
    }

    @ParameterizedTest
    @ValueSource(strings = {"with space", "ä", "12345678901234567890123456789012345678901234567890123456789012345"})
    void malformedTokenIsRefused(String token) throws Exception {
        assertThat(cloud.outcome(create(token))).isEqualTo("400 InvalidClientToken.ValueNotSupported");
        assertThat(cloud.simulator.machines()).isEmpty();
    }

    @Test
    void tokenOfAFailureFailsAgainAndANewOneWorks() throws Exception {
        cloud.simulator.stockOut(SimulatorClient.TYPE, cloud.client.zone());
        assertThat(cloud.outcome(create("token-1"))).isEqualTo("403 OperationDenied.NoStock");
        cloud.simulator.stock(SimulatorClient.TYPE, cloud.client.zone(), 1);
        assertThat(cloud.outcome(create("token-1"))).isEqualTo("403 OperationDenied.NoStock");
        assertThat(cloud.outcome(create("token-2"))).isEqualTo("200");
    }

    @Test
    void tokenOfAThrottledCallIsGoodInTheNextMinute() throws Exception {
        cloud.simulator.account().callsPerMinute("RunInstances", 0);
        assertThat(cloud.outcome(create("token-1"))).isEqualTo("400 Throttling.User");
        cloud.simulator.account().callsPerMinute("RunInstances", 1);
        assertThat(cloud.outcome(create("token-1"))).isEqualTo("200");
    }

    @Test
    void sameTokenMeansTwoThingsForTwoOperations() throws Exception {
        String id = cloud.client.create(create("token-1")).get(0);
        cloud.clock.advance(ManualCloud.BOOT);
        DeleteInstancesRequest delete = ManualCloud.delete(id);
        delete.setClientToken("token-1");
        assertThat(cloud.outcome(delete)).isEqualTo("200");
        cloud.clock.advance(Duration.ofSeconds(2));
        // The machine is gone, and the repeated call still has the answer of the first.
        assertThat(cloud.outcome(delete)).isEqualTo("200");
        assertThat(cloud.simulator.machines()).isEmpty();
    }

    private RunInstancesRequest create(String token) {
        RunInstancesRequest request = cloud.client.spot();
        request.setClientToken(token);
        return request;
    }
}
