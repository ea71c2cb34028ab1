package dev.ephemeralbuilder.testing.simulator;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aliyuncs.ecs.model.v20140526.DescribeVSwitchesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeVSwitchesResponse;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import com.aliyuncs.exceptions.ClientException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Callers, quotas and addresses as the real SDK sees them. */
@Timeout(60)
class SimulatedAccountTest {
    private final ManualCloud cloud = new ManualCloud();
    private final SimulatedAccount account = cloud.simulator.account();

    @AfterEach
    void close() {
        cloud.close();
    }

    @Test
    void callerMayDoWhatIsNotDenied() throws Exception {
        String id = running();
        SimulatedCaller bot = account.caller("ci-bot").deny("DeleteInstances");
        try (SimulatorClient client = client(bot)) {
            assertThat(ManualCloud.outcome(client, ManualCloud.describe(id))).isEqualTo("200");
            assertThat(ManualCloud.outcome(client, ManualCloud.delete(id))).isEqualTo("403 Forbidden.RAM");
            assertThat(cloud.client.status(id)).isEqualTo("Running");
            bot.allow("DeleteInstances");
            assertThat(ManualCloud.outcome(client, ManualCloud.delete(id))).isEqualTo("200");
        }
    }

    @Test
    void refusalNamesTheMissingPermission() {
        try (SimulatorClient client = client(account.caller("ci-bot").deny("*"))) {
            assertThatThrownBy(client::describe)
                    .isInstanceOfSatisfying(
                            ClientException.class,
                            e -> assertThat(e.getAccessDeniedDetail())
                                    .containsEntry("AuthAction", "ecs:DescribeInstances"));
        }
    }

    @Test
    void callerFromWhomInstancesAreHiddenGetsAnEmptyListAndNoError() throws Exception {
        String id = running();
        try (SimulatorClient client = client(account.caller("ci-bot").hideInstances())) {
            assertThat(client.call(ManualCloud.describe(id)).getTotalCount()).isZero();
            assertThat(client.describe()).isEmpty();
        }
        assertThat(cloud.client.status(id)).isEqualTo("Running");
    }

    @Test
    void callerKeepsItsKeyAndItsDenials() throws Exception {
        account.caller("ci-bot").deny("DescribeInstances");
        SimulatedCaller again = account.caller("ci-bot");
        assertThat(again.accessKeyId()).isNotEqualTo(cloud.simulator.accessKeyId());
        try (SimulatorClient client = client(again)) {
            assertThat(ManualCloud.outcome(client, ManualCloud.describe())).isEqualTo("403 Forbidden.RAM");
        }
    }

    @Test
    void wrongSecretOfACallerIsAWrongSignature() throws Exception {
        String key = account.caller("ci-bot").accessKeyId();
        try (SimulatorClient client = new SimulatorClient(cloud.simulator, key, cloud.simulator.accessKeySecret())) {
            assertThat(ManualCloud.outcome(client, ManualCloud.describe())).isEqualTo("400 SignatureDoesNotMatch");
        }
    }

    @Test
    void quotaOfVcpusIsOneForSpotAndOneForOnDemand() throws Exception {
        account.spotVcpus(8).onDemandVcpus(4);
        assertThat(cloud.outcome(spot(3))).isEqualTo("403 QuotaExceed.ElasticQuota");
        assertThat(cloud.outcome(spot(2))).isEqualTo("200");
        assertThat(cloud.outcome(onDemand(1))).isEqualTo("200");
        assertThat(cloud.outcome(onDemand(1))).isEqualTo("403 QuotaExceed.ElasticQuota");
    }

    @Test
    void quotaOfInstancesIsFreedByThoseThatGo() throws Exception {
        account.instances(1);
        String id = running();
        assertThat(cloud.outcome(onDemand(1))).isEqualTo("400 QuotaExceed.AfterpayInstance");
        cloud.client.call(ManualCloud.delete(id));
        cloud.clock.advance(Duration.ofSeconds(2));
        assertThat(cloud.outcome(onDemand(1))).isEqualTo("200");
    }

    @Test
    void addressesAreTakenByMachinesAndFreedWithThem() throws Exception {
        String vSwitch = requireNonNull(cloud.simulator.vSwitches().get(cloud.client.zone()));
        account.addresses(vSwitch, 2);
        String id = running();
        assertThat(free(vSwitch)).isEqualTo(1);
        assertThat(cloud.outcome(spot(2))).isEqualTo("400 QuotaExceeded.PrivateIpAddress");
        assertThat(cloud.outcome(spot(1))).isEqualTo("200");
        assertThat(free(vSwitch)).isZero();
        cloud.client.call(ManualCloud.delete(id));
        cloud.clock.advance(Duration.ofSeconds(2));
        assertThat(free(vSwitch)).isEqualTo(1);
    }

    @Test
    void vSwitchesAreListedWithTheirZones() throws Exception {
        assertThat(cloud.client.call(new DescribeVSwitchesRequest()).getVSwitches())
                .hasSize(4)
                .allSatisfy(row -> {
                    assertThat(cloud.simulator.vSwitches()).containsEntry(row.getZoneId(), row.getVSwitchId());
                    assertThat(row.getAvailableIpAddressCount()).isEqualTo(65_532L);
                    assertThat(row.getVpcId()).isNotBlank();
                });
    }

    @Test
    void nonsenseIsRefused() {
        assertThatThrownBy(() -> account.caller("a b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> account.addresses("vsw-none", 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> account.spotVcpus(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    private SimulatorClient client(SimulatedCaller caller) {
        return new SimulatorClient(cloud.simulator, caller.accessKeyId(), caller.accessKeySecret());
    }

    private String running() throws Exception {
        String id = cloud.client.create(cloud.client.spot()).get(0);
        cloud.clock.advance(ManualCloud.BOOT);
        return id;
    }

    private RunInstancesRequest spot(int amount) {
        RunInstancesRequest request = cloud.client.spot();
        request.setAmount(amount);
        return request;
    }

    private RunInstancesRequest onDemand(int amount) {
        RunInstancesRequest request = spot(amount);
        request.setSpotStrategy("NoSpot");
        return request;
    }

    private long free(String vSwitch) throws Exception {
        DescribeVSwitchesRequest request = new DescribeVSwitchesRequest();
        request.setVSwitchId(vSwitch);
        DescribeVSwitchesResponse.VSwitch row =
                cloud.client.call(request).getVSwitches().get(0);
        return row.getAvailableIpAddressCount();
    }
}
