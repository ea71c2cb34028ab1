package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.alibaba.FakeEndpoint;
import dev.ephemeralbuilder.spi.LaunchResult;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EcsProviderLaunchTest {
    private static final String ONE = "{'RequestId':'R-7','InstanceIdSets':{'InstanceIdSet':['i-1']}}";

    private final FakeEndpoint endpoint = new FakeEndpoint();
    private final EcsProvider provider = Fixtures.provider(endpoint.uri()).build();

    @AfterEach
    void close() {
        provider.close();
        endpoint.close();
    }

    @Test
    void aSpotLaunchSaysEverythingInOneCall() throws InterruptedException {
        endpoint.json("RunInstances", ONE);

        LaunchResult result = provider.launch(Fixtures.spotLaunch(Duration.ZERO));

        assertThat(result).isEqualTo(new LaunchResult(java.util.List.of("i-1"), "R-7"));
        FakeEndpoint.Call call = endpoint.call();
        assertThat(call.method()).isEqualTo("POST");
        assertThat(call.query())
                .containsEntry("Action", "RunInstances")
                .containsEntry("RegionId", "cn-test")
                .containsEntry("ClientToken", "job-1.a1")
                .containsEntry("Amount", "1")
                .containsEntry("MinAmount", "1")
                .containsEntry("InstanceType", "ecs.c7.large")
                .containsEntry("ZoneId", "cn-test-a")
                .containsEntry("VSwitchId", "vsw-a")
                .containsEntry("SecurityGroupId", "sg-1")
                .containsEntry("ImageId", "m-1")
                .containsEntry("InstanceName", "ephemeral-job-1.a1")
                .containsEntry("InstanceChargeType", "PostPaid")
                .containsEntry("SpotStrategy", "SpotWithPriceLimit")
                .containsEntry("SpotPriceLimit", "0.345")
                .containsEntry("SpotDuration", "0")
                .containsEntry("SpotInterruptionBehavior", "Terminate")
                .containsEntry("AutoReleaseTime", "2030-01-01T10:30:00Z")
                .containsEntry("SystemDisk.Category", "cloud_essd")
                .containsEntry("SystemDisk.Size", "40")
                .containsEntry("InternetMaxBandwidthOut", "0")
                .containsEntry("SecurityToken", Fixtures.TOKEN)
                .doesNotContainKey("ResourceGroupId")
                .doesNotContainKey("UserData");
        assertThat(tags(call))
                .containsEntry("ephemeral:owner", "ci&team=1")
                .containsEntry("ephemeral:lease", "1700000000");
        assertThat(call.form()).containsOnlyKeys("UserData");
        assertThat(new String(Base64.getDecoder().decode(call.form().get("UserData")), StandardCharsets.UTF_8))
                .startsWith("#cloud-config\n");
    }

    @Test
    void anEqualLaunchIsSentUnchanged() throws InterruptedException {
        endpoint.json("RunInstances", ONE);

        provider.launch(Fixtures.spotLaunch(Duration.ZERO));
        provider.launch(Fixtures.spotLaunch(Duration.ZERO));

        FakeEndpoint.Call first = endpoint.calls().get(0);
        FakeEndpoint.Call second = endpoint.calls().get(1);
        assertThat(second.form()).isEqualTo(first.form());
        assertThat(withoutSignature(second)).isEqualTo(withoutSignature(first));
        assertThat(second.query().get("SignatureNonce"))
                .isNotEqualTo(first.query().get("SignatureNonce"));
    }

    @Test
    void protectionOfOneHourIsAskedForAsSpotDuration() throws InterruptedException {
        endpoint.json("RunInstances", ONE);

        provider.launch(Fixtures.spotLaunch(Duration.ofHours(1)));

        assertThat(endpoint.call().query()).containsEntry("SpotDuration", "1");
    }

    @Test
    void anUnknownProtectionIsRefusedBeforeAnyCall() {
        assertThatThrownBy(() -> provider.launch(Fixtures.spotLaunch(Duration.ofHours(2))))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("protection");
        assertThat(endpoint.calls()).isEmpty();
    }

    @Test
    void anOnDemandLaunchBidsNothing() throws InterruptedException {
        endpoint.json("RunInstances", ONE);

        provider.launch(
                Fixtures.launch(Fixtures.offer(Market.ON_DEMAND).build()).build());

        assertThat(endpoint.call().query())
                .containsEntry("SpotStrategy", "NoSpot")
                .doesNotContainKeys("SpotPriceLimit", "SpotDuration", "SpotInterruptionBehavior");
    }

    @Test
    void theSpecsHighestPriceIsTheBidWhereItIsLower() throws InterruptedException {
        endpoint.json("RunInstances", ONE);

        provider.launch(Fixtures.launch(Fixtures.offer(Market.SPOT).build())
                .spec(Fixtures.spec().maxHourlyPrice(Money.of("0.0029", "CNY")).build())
                .build());

        assertThat(endpoint.call().query()).containsEntry("SpotPriceLimit", "0.002");
    }

    @Test
    void theBidIsNeverBelowTheSmallestOne() throws InterruptedException {
        endpoint.json("RunInstances", ONE);

        provider.launch(Fixtures.launch(Fixtures.offer(Market.SPOT).build())
                .spec(Fixtures.spec().maxHourlyPrice(Money.of("0.0004", "CNY")).build())
                .build());

        assertThat(endpoint.call().query()).containsEntry("SpotPriceLimit", "0.001");
    }

    @Test
    void aHighestPriceInAnotherCurrencyIsRefusedBeforeAnyCall() {
        assertThatThrownBy(() -> provider.launch(
                        Fixtures.launch(Fixtures.offer(Market.SPOT).build())
                                .spec(Fixtures.spec()
                                        .maxHourlyPrice(Money.of("1", "USD"))
                                        .build())
                                .build()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("maxHourlyPrice");
        assertThat(endpoint.calls()).isEmpty();
    }

    @Test
    void theCapIsRoundedUpToTheMinute() throws InterruptedException {
        endpoint.json("RunInstances", ONE);

        provider.launch(Fixtures.launch(Fixtures.offer(Market.SPOT).build())
                .cap(Instant.parse("2030-01-01T10:29:00.001Z"))
                .build());

        assertThat(endpoint.call().query()).containsEntry("AutoReleaseTime", "2030-01-01T10:30:00Z");
    }

    @Test
    void publicBandwidthIsAskedForByTraffic() throws InterruptedException {
        endpoint.json("RunInstances", ONE);

        provider.launch(Fixtures.launch(Fixtures.offer(Market.SPOT).build())
                .spec(Fixtures.spec().publicBandwidthMbit(20).build())
                .build());

        assertThat(endpoint.call().query())
                .containsEntry("InternetMaxBandwidthOut", "20")
                .containsEntry("InternetChargeType", "PayByTraffic");
    }

    @Test
    void severalMachinesComeFromOneCallAndAllIdsAreReturned() throws InterruptedException {
        endpoint.json("RunInstances", "{'RequestId':'R','InstanceIdSets':{'InstanceIdSet':['i-1','i-2','i-3']}}");

        LaunchResult result = provider.launch(
                Fixtures.launch(Fixtures.offer(Market.SPOT).build()).count(2, 5).build());

        assertThat(result.ids()).containsExactly("i-1", "i-2", "i-3");
        assertThat(endpoint.call().query()).containsEntry("Amount", "5").containsEntry("MinAmount", "2");
    }

    @Test
    void anAnswerWithoutIdsIsAnUnknownOutcome() {
        endpoint.json("RunInstances", "{'RequestId':'R','InstanceIdSets':{'InstanceIdSet':[]}}");

        assertThatThrownBy(() -> provider.launch(Fixtures.spotLaunch(Duration.ZERO)))
                .asInstanceOf(InstanceOfAssertFactories.type(ProviderException.class))
                .satisfies(e -> {
                    assertThat(e.effect()).isEqualTo(Effect.UNKNOWN);
                    assertThat(e.retryable()).isTrue();
                });
    }

    @Test
    void aZoneWithoutVSwitchIsRefusedBeforeAnyCall() {
        assertThatThrownBy(() -> provider.launch(Fixtures.launch(
                                Fixtures.offer(Market.SPOT).zone("cn-test-z").build())
                        .build()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("cn-test-z");
        assertThat(endpoint.calls()).isEmpty();
    }

    private static Map<String, String> tags(FakeEndpoint.Call call) {
        Map<String, String> tags = new HashMap<>();
        for (int n = 1; call.query().containsKey("Tag." + n + ".Key"); n++) {
            tags.put(call.query().get("Tag." + n + ".Key"), call.query().get("Tag." + n + ".Value"));
        }
        return tags;
    }

    private static Map<String, String> withoutSignature(FakeEndpoint.Call call) {
        Map<String, String> query = new HashMap<>(call.query());
        query.keySet().removeAll(java.util.Set.of("Signature", "SignatureNonce", "Timestamp"));
        return query;
    }
}
