package dev.ephemeralbuilder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.cost.CostEstimate;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ValuesTest {
    @Test
    void moneyOfATimeIsExactToTheSecond() {
        Money hourly = Money.of("0.36", "CNY");
        assertThat(hourly.forDuration(Duration.ofSeconds(10)).amount()).isEqualByComparingTo("0.001");
        assertThat(hourly.forDuration(Duration.ofHours(30)).amount()).isEqualByComparingTo("10.8");
    }

    @Test
    void moneyOfTwoCurrenciesIsNotCompared() {
        assertThatThrownBy(() -> Money.of("1", "CNY").compareTo(Money.of("1", "USD")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void costShowsWhatOnDemandWouldHaveBeen() {
        CostEstimate cost = CostEstimate.of(Money.of("0.1", "CNY"), Money.of("0.4", "CNY"), Duration.ofMinutes(30));
        assertThat(cost.amount().amount()).isEqualByComparingTo(new BigDecimal("0.05"));
        assertThat(cost.onDemand().amount()).isEqualByComparingTo(new BigDecimal("0.2"));
    }

    @Test
    void specsWithTheSamePartsAreEqual() {
        MachineSpec spec = MachineSpec.builder()
                .millicpus(500)
                .memoryMib(1024)
                .machineImage("m-1")
                .containerImage("c:1")
                .gpus(1)
                .architecture(Architecture.ARM64)
                .markets(Set.of(Market.SPOT))
                .maxHourlyPrice(Money.of("1", "CNY"))
                .maxLifetime(Duration.ofHours(1))
                .publicBandwidthMbit(5)
                .diskGib(60)
                .build();
        assertThat(spec.toBuilder().build()).isEqualTo(spec).hasSameHashCodeAs(spec);
        assertThat(spec.toBuilder().diskGib(61).build()).isNotEqualTo(spec);
        assertThat(spec.toString()).contains("0.5 vCPU", "1.0 GiB", "1 GPU", "m-1", "c:1");
    }

    @Test
    void specsRefuseNonsense() {
        assertThatThrownBy(() -> MachineSpec.builder().vcpus(0)).hasMessageContaining("vcpus must be from 1");
        assertThatThrownBy(() -> MachineSpec.builder().memoryMib(0)).hasMessageContaining("memoryMib");
        assertThatThrownBy(() -> MachineSpec.builder().markets(Set.of())).hasMessageContaining("markets");
        assertThatThrownBy(() -> MachineSpec.builder().machineImage(" ")).hasMessageContaining("machineImage");
        assertThatThrownBy(() -> MachineSpec.builder().maxLifetime(Duration.ZERO))
                .hasMessageContaining("maxLifetime");
    }

    @Test
    void scriptsShowNothingOfWhatTheyHold() {
        Script script =
                Script.of("echo s3cret-text").env("TOKEN", "s3cret-value").stdin("s3cret-input");
        assertThat(script.toString()).doesNotContain("s3cret").contains("1 variables");
    }

    @Test
    void scriptsRefuseWhatAShellCannotTake() {
        assertThatThrownBy(() -> Script.of("true").env("1X", "v")).hasMessageContaining("1X");
        assertThatThrownBy(() -> Script.of("true").env("X", "a\0b")).hasMessageContaining("NUL");
        assertThatThrownBy(() -> Script.of("true").timeout(Duration.ofMillis(10)))
                .hasMessageContaining("timeout");
    }

    @Test
    void requestsRefuseWhatTagsCannotTake() {
        assertThatThrownBy(() -> AcquireRequest.builder().requestId("a b")).hasMessageContaining("requestId");
        assertThatThrownBy(() -> AcquireRequest.builder().putLabel("k", "v".repeat(129)))
                .hasMessageContaining("128");
        AcquireRequest.Builder many = AcquireRequest.builder();
        for (int i = 0; i < AcquireRequest.MAX_LABELS; i++) {
            many.putLabel("k" + i, "v");
        }
        assertThatThrownBy(() -> many.putLabel("one-more", "v")).hasMessageContaining("at most 8");
    }

    @Test
    void exceptionsCarryCodeAndRequestId() {
        BuilderException e = new QuotaException("no more vCPUs", "QuotaExceed.ElasticQuota", "REQ-1", null);
        assertThat(e).hasMessage("no more vCPUs [code=QuotaExceed.ElasticQuota, requestId=REQ-1]");
        assertThat(e.code()).contains("QuotaExceed.ElasticQuota");
        assertThat(e.requestId()).contains("REQ-1");
        assertThat(e.retryable()).isFalse();
    }
}
