package dev.ephemeralbuilder.testing.simulator;

import static dev.ephemeralbuilder.testing.simulator.EcsApiTest.errorOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aliyuncs.ecs.model.v20140526.DescribeInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesResponse;
import com.aliyuncs.ecs.model.v20140526.DescribeRegionsRequest;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.exceptions.ServerException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What ordered faults look like to the real SDK (ecs-openapi, 4.5). */
@Timeout(60)
class FaultsTest {
    private final SimulatedClock clock = SimulatedClock.manual(Instant.parse("2026-01-05T08:00:00Z"));
    private AlibabaCloudSimulator cloud;
    private SimulatorClient client;

    @BeforeEach
    void start() {
        cloud = AlibabaCloudSimulator.builder().clock(clock).start();
        client = new SimulatorClient(cloud);
    }

    @AfterEach
    void close() {
        client.close();
        cloud.close();
    }

    @Test
    void lostAnswerHadItsEffectAndTheSameTokenGivesTheSameMachines() throws Exception {
        cloud.faults().on("RunInstances").times(1).loseAnswer();
        RunInstancesRequest request = client.spot();
        request.setAmount(2);
        request.setClientToken("token-1");
        assertThat(errorOf(() -> client.create(request))).isEqualTo("SDK.ServerUnreachable");
        List<String> made = cloud.machines().stream().map(SimulatedMachine::id).toList();
        assertThat(made).hasSize(2);
        assertThat(client.create(request)).isEqualTo(made);
        assertThat(cloud.machines()).hasSize(2);
    }

    @Test
    void errorComesAsOftenAsOrdered() throws Exception {
        cloud.faults().on("RunInstances").error("OperationDenied.NoStock").times(2);
        assertThat(errorOf(() -> client.create(client.spot()))).isEqualTo("OperationDenied.NoStock");
        assertThat(errorOf(() -> client.create(client.spot()))).isEqualTo("OperationDenied.NoStock");
        assertThat(client.create(client.spot())).hasSize(1);
    }

    @Test
    void ruleKeepsToItsZoneAndType() throws Exception {
        String other = List.copyOf(cloud.vSwitches().keySet()).get(1);
        cloud.faults().on("RunInstances").zone(other).error("OperationDenied.NoStock");
        cloud.faults().on("RunInstances").type("ecs.g7.large").error("Zone.NotOnSale");
        assertThat(client.create(client.spot())).hasSize(1);
        RunInstancesRequest elsewhere = client.spot();
        elsewhere.setZoneId(other);
        elsewhere.setVSwitchId(cloud.vSwitches().get(other));
        assertThat(errorOf(() -> client.create(elsewhere))).isEqualTo("OperationDenied.NoStock");
        RunInstancesRequest otherType = client.spot();
        otherType.setInstanceType("ecs.g7.large");
        assertThat(errorOf(() -> client.create(otherType))).isEqualTo("Zone.NotOnSale");
    }

    @Test
    void tokenDoesNotRememberThrottling() throws Exception {
        cloud.faults().on("RunInstances").throttle().times(1);
        RunInstancesRequest request = client.spot();
        request.setClientToken("token-1");
        assertThat(errorOf(() -> client.create(request))).isEqualTo("Throttling.User");
        assertThat(client.create(request)).hasSize(1);
    }

    @Test
    void pageOfHtmlHasNoCode() {
        cloud.faults().on("RunInstances").html503();
        assertThat(errorOf(() -> client.create(client.spot()))).isEqualTo("null");
        assertThat(cloud.machines()).isEmpty();
    }

    @Test
    void emptyAnswerLooksLikeSuccessWithoutIds() throws Exception {
        cloud.faults().on("RunInstances").emptyOk();
        assertThat(client.create(client.spot())).isEmpty();
        assertThat(cloud.machines()).hasSize(1);
    }

    @Test
    void malformedAnswerBreaksTheSdk() {
        cloud.faults().on("DescribeInstances").malformedJson();
        assertThatThrownBy(() -> client.describe()).isInstanceOf(NullPointerException.class);
    }

    /** Read by hand: the SDK's reader never returns from such a text. */
    @Test
    void truncatedAnswerEndsInTheMiddle() throws Exception {
        cloud.faults().on("DescribeRegions").truncatedJson();
        assertThat(client.raw(new DescribeRegionsRequest()))
                .startsWith("200 {\"Regions\":")
                .doesNotEndWith("}");
    }

    @Test
    void slowAnswerArrivesWhole() throws Exception {
        client.create(client.spot());
        cloud.faults().on("DescribeInstances").slowBody(Duration.ofMillis(300));
        assertThat(client.describe()).hasSize(1);
    }

    @Test
    void latencyOutlastsAnImpatientClient() {
        cloud.faults().on("*").latency(Duration.ofSeconds(20));
        DescribeInstancesRequest request = new DescribeInstancesRequest();
        request.setSysReadTimeout(200);
        assertThat(errorOf(() -> client.call(request))).isEqualTo("SDK.ReadTimeout");
    }

    @Test
    void machinesMayVanishBeforeTheyRun() throws Exception {
        cloud.faults().on("RunInstances").vanish();
        String id = client.create(client.spot()).get(0);
        assertThat(client.status(id)).isEqualTo("Pending");
        clock.advance(Duration.ofSeconds(2));
        assertThat(client.status(id)).isEqualTo("absent");
    }

    @Test
    void serverErrorIsOneForTheSdkToo() {
        cloud.faults().on("DescribeInstances").error("ServiceUnavailable");
        assertThatThrownBy(() -> client.describe()).isInstanceOf(ServerException.class);
    }

    @Test
    void clearEndsAllRules() throws Exception {
        cloud.faults().on("*").throttle();
        cloud.faults().clear();
        assertThat(client.describe()).isEmpty();
    }

    @Test
    void sameSeedDrawsTheSameFaults() {
        assertThat(draws(new Faults(5))).isEqualTo(draws(new Faults(5))).isNotEqualTo(draws(new Faults(6)));
        assertThat(draws(new Faults(5)).stream().filter(hit -> hit).count()).isBetween(200L, 400L);
    }

    private static List<Boolean> draws(Faults faults) {
        faults.on("DescribeInstances").probability(0.3).throttle();
        List<Boolean> hits = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            hits.add(faults.judge("DescribeInstances", null, null).effect().kind() == Faults.Kind.ERROR);
        }
        return hits;
    }

    @Test
    void wrongKeyIsNotFound() {
        try (SimulatorClient stranger = new SimulatorClient(cloud, "someone", "else")) {
            assertThat(errorOf(stranger::describe)).isEqualTo("InvalidAccessKeyId.NotFound");
        }
    }

    @Test
    void wrongSecretGivesAWrongSignature() {
        try (SimulatorClient stranger = new SimulatorClient(cloud, cloud.accessKeyId(), "wrong")) {
            assertThatThrownBy(stranger::describe).isInstanceOfSatisfying(ClientException.class, e -> {
                assertThat(e.getErrCode()).isEqualTo("SignatureDoesNotMatch");
                assertThat(e.getErrMsg()).doesNotContain("AccessKeyId", "Nonce");
            });
        }
    }

    @Test
    void answersOfManyThreadsAreRight() throws Exception {
        List<Thread> threads = new ArrayList<>();
        List<Integer> rows = Collections.synchronizedList(new ArrayList<>());
        RunInstancesRequest request = client.spot();
        request.setAmount(20);
        client.create(request);
        for (int i = 0; i < 16; i++) {
            Thread thread = new Thread(
                    () -> {
                        try {
                            for (int call = 0; call < 10; call++) {
                                List<DescribeInstancesResponse.Instance> found = client.describe();
                                rows.add(found.size());
                            }
                        } catch (ClientException e) {
                            rows.add(-1);
                        }
                    },
                    "ephemeral-test-" + i);
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join(30_000);
        }
        assertThat(rows).hasSize(160).containsOnly(20);
    }
}
