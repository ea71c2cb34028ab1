package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aliyuncs.AcsRequest;
import com.aliyuncs.CommonRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeRegionsRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeZonesRequest;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import com.aliyuncs.exceptions.ClientException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class JournalTest {
    private static final Instant START = Instant.parse("2026-01-05T08:00:00Z");

    private final SimulatedClock clock = SimulatedClock.manual(START);
    private AlibabaCloudSimulator cloud;
    private SimulatorClient client;

    @BeforeEach
    void start() {
        cloud = AlibabaCloudSimulator.builder().clock(clock).journalCapacity(5).start();
        client = new SimulatorClient(cloud);
    }

    @AfterEach
    void close() {
        client.close();
        cloud.close();
    }

    @Test
    void callIsWrittenDownWithWhatItAskedForAndWhatCameOfIt() throws Exception {
        RunInstancesRequest request = client.spot("#cloud-config\nsecret: 42\n");
        request.setClientToken("token-1");
        String requestId = client.call(request).getRequestId();

        JournalEntry entry = only();
        assertThat(entry.number()).isEqualTo(1);
        assertThat(entry.time()).isEqualTo(START);
        assertThat(entry.wallTime()).isAfter(START);
        assertThat(entry.action()).isEqualTo("RunInstances");
        assertThat(entry.caller()).isEqualTo(cloud.accessKeyId());
        assertThat(entry.status()).isEqualTo(200);
        assertThat(entry.code()).isNull();
        assertThat(entry.succeeded()).isTrue();
        assertThat(entry.requestId()).isEqualTo(requestId);
        assertThat(entry.faults()).isEmpty();
        assertThat(entry.delay()).isZero();
        assertThat(entry.answerLost()).isFalse();
        assertThat(entry.clientToken()).isEqualTo("token-1");
        assertThat(entry.zone()).isEqualTo(client.zone());
        assertThat(entry.type()).isEqualTo(SimulatorClient.TYPE);
        assertThat(entry.toString()).doesNotContain("Signature", "cloud-config", "I2Nsb3Vk", "secret");
    }

    @Test
    void orderedFaultsAreNamedAndDelaysAreNot() throws Exception {
        cloud.faults().on("DescribeRegions").times(1).error("ServiceUnavailable");
        cloud.faults().on("DescribeRegions").times(1).latency(Duration.ofMillis(5));
        fail(new DescribeRegionsRequest());

        JournalEntry entry = only();
        assertThat(entry.faults()).containsExactly("error", "latency");
        assertThat(entry.delay()).isEqualTo(Duration.ofMillis(5));
        assertThat(entry.status()).isEqualTo(503);
        assertThat(entry.code()).isEqualTo("ServiceUnavailable");
        assertThat(entry.succeeded()).isFalse();
    }

    @Test
    void lostAnswerOfACallThatTookEffectIsASuccessThatWasLost() {
        cloud.faults().on("RunInstances").loseAnswer();
        fail(client.spot());
        JournalEntry entry = only();
        assertThat(entry.answerLost()).isTrue();
        assertThat(entry.succeeded()).isTrue();
        assertThat(cloud.machines()).hasSize(1);
    }

    @Test
    void statusIsTheOneThatWasSent() {
        cloud.faults().on("DescribeRegions").times(1).html503();
        fail(new DescribeRegionsRequest());
        assertThat(only().status()).isEqualTo(503);
        assertThat(only().succeeded()).isFalse();
    }

    @Test
    void callWithAWrongSignatureIsThereWithoutTheWholeName() {
        try (SimulatorClient stranger = new SimulatorClient(cloud, "LTAI-and-more", "wrong")) {
            assertThatThrownBy(() -> stranger.call(new DescribeRegionsRequest()))
                    .isInstanceOf(ClientException.class);
        }
        JournalEntry entry = only();
        assertThat(entry.action()).isEqualTo("DescribeRegions");
        assertThat(entry.caller()).isEqualTo("LTAI…");
        assertThat(entry.code()).isEqualTo("InvalidAccessKeyId.NotFound");
    }

    @Test
    void unknownActionIsThere() {
        CommonRequest request = new CommonRequest();
        request.setSysDomain(cloud.endpoint().getAuthority());
        request.setSysVersion("2014-05-26");
        request.setSysAction("DoAllMyWork");
        assertThatThrownBy(() -> client.common(request)).isInstanceOf(ClientException.class);
        assertThat(only().action()).isEqualTo("DoAllMyWork");
        assertThat(only().code()).isEqualTo("InvalidAction.NotFound");
    }

    @Test
    void oldestCallsAreForgottenAndCounted() throws Exception {
        for (int i = 0; i < 7; i++) {
            client.call(new DescribeRegionsRequest());
        }
        assertThat(cloud.journal().entries()).extracting(JournalEntry::number).containsExactly(3L, 4L, 5L, 6L, 7L);
        assertThat(cloud.journal().dropped()).isEqualTo(2);
        assertThat(cloud.journal().action("RunInstances").dropped()).isEqualTo(2);
    }

    @Test
    void callsAreFoundByActionTimeNumberAndOutcome() throws Exception {
        client.call(new DescribeRegionsRequest());
        clock.advance(Duration.ofMinutes(1));
        cloud.faults().on("DescribeRegions").times(1).throttle();
        fail(new DescribeRegionsRequest());
        client.call(new DescribeZonesRequest());

        Journal journal = cloud.journal();
        assertThat(numbers(journal.action("DescribeRegions"))).containsExactly(1L, 2L);
        assertThat(numbers(journal.since(START.plusSeconds(60)))).containsExactly(2L, 3L);
        assertThat(numbers(journal.after(2))).containsExactly(3L);
        assertThat(numbers(journal.succeeded())).containsExactly(1L, 3L);
        assertThat(numbers(journal.failed())).containsExactly(2L);
        assertThat(numbers(journal.code("Throttling.User"))).containsExactly(2L);
        assertThat(numbers(journal.fault("error"))).containsExactly(2L);
        assertThat(journal.action("DescribeRegions").failed().count()).isEqualTo(1);
        assertThat(journal.countPerAction()).isEqualTo(Map.of("DescribeRegions", 2L, "DescribeZones", 1L));
    }

    @Test
    void journalOfAMomentDoesNotGrow() throws Exception {
        Journal before = cloud.journal();
        client.call(new DescribeRegionsRequest());
        assertThat(before.count()).isZero();
        assertThatThrownBy(() -> cloud.journal().entries().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void capacityMustBePositive() {
        assertThatThrownBy(() -> AlibabaCloudSimulator.builder().journalCapacity(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("journalCapacity must be at least 1, was 0");
    }

    private JournalEntry only() {
        assertThat(cloud.journal().entries()).hasSize(1);
        return cloud.journal().entries().get(0);
    }

    private void fail(AcsRequest<?> request) {
        assertThatThrownBy(() -> client.call(request)).isInstanceOf(ClientException.class);
    }

    private static List<Long> numbers(Journal journal) {
        return journal.entries().stream().map(JournalEntry::number).toList();
    }
}
