package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.aliyuncs.ecs.model.v20140526.DescribeInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotPriceHistoryRequest;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import java.math.BigDecimal;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.apache.sshd.client.session.ClientSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Machines that the cloud takes back: by order, and because the price went above their limit. */
@Timeout(60)
class ReclaimTest {
    private static final String TERMINATION = "/latest/meta-data/instance/spot/termination-time";
    private static final BigDecimal HIGH = new BigDecimal("0.800");
    private static final float LIMIT = 0.7f;

    private final ManualCloud cloud = new ManualCloud();
    private final HttpClient http = HttpClient.newHttpClient();

    @AfterEach
    void close() {
        cloud.close();
    }

    @Test
    void machineIsLockedForFiveMinutesAndThenGone() throws Exception {
        String id = running(cloud.client.spot());
        cloud.simulator.reclaim(machine(id));
        assertThat(recycling()).containsExactly(id);
        cloud.clock.advance(Duration.ofSeconds(299));
        assertThat(cloud.client.status(id)).isEqualTo("Running");
        cloud.clock.advance(Duration.ofSeconds(2));
        assertThat(cloud.client.status(id)).isEqualTo("absent");
    }

    @Test
    void machineGoesWithoutNoticeToo() throws Exception {
        String id = running(cloud.client.spot());
        cloud.simulator.reclaim(id, Duration.ZERO);
        assertThat(recycling()).isEmpty();
        assertThat(cloud.client.status(id)).isEqualTo("Stopping");
        cloud.clock.advance(Duration.ofSeconds(1));
        assertThat(cloud.client.status(id)).isEqualTo("absent");
        assertThatThrownBy(() -> cloud.simulator.reclaim(id, Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aMachineThatIsGoingHasNoNoticeAnyMore() throws Exception {
        String id = running(cloud.client.spot());
        cloud.simulator.reclaim(id, Duration.ZERO);
        cloud.simulator.reclaim(id, Duration.ofMinutes(5));
        assertThat(recycling()).isEmpty();
        assertThat(termination(id)).startsWith("404");
    }

    @Test
    void instancesAreBilledFromTheirCreationUntilTheyAreTakenBack() throws Exception {
        String id = running(cloud.client.spot());
        cloud.simulator.reclaim(id, Duration.ZERO);
        cloud.clock.advance(Duration.ofMinutes(10));
        assertThat(cloud.simulator.instances()).singleElement().satisfies(instance -> {
            assertThat(instance.id()).isEqualTo(id);
            assertThat(instance.state()).isEqualTo("Gone");
            assertThat(instance.billed()).isEqualTo(ManualCloud.BOOT);
            assertThat(instance.spot()).isTrue();
            assertThat(instance.pricePerHour()).isBetween(new BigDecimal("0.05"), HIGH);
        });
    }

    @Test
    void machineReadsItsOwnEndFromItsMetadata() throws Exception {
        try (SshKit ssh = new SshKit()) {
            String id = running(cloud.client.spot(ssh.userData()));
            awaitSsh(id);
            String base;
            try (ClientSession session = ssh.connect(machine(id))) {
                base = SshKit.run(session, "printf %s \"$EPHEMERAL_METADATA_URL\"")
                        .text();
            }
            assertThat(get(base + "/latest/meta-data/instance-id")).isEqualTo("200 " + id);
            assertThat(get(base + "/latest/meta-data/zone-id")).isEqualTo("200 " + cloud.client.zone());
            assertThat(get(base + TERMINATION)).startsWith("404");
            cloud.simulator.reclaim(machine(id));
            // Started at 8:00:20, up after 100 seconds, and five minutes of notice.
            assertThat(get(base + TERMINATION)).isEqualTo("200 2026-01-05T08:07:00Z");
            cloud.clock.advance(Duration.ofSeconds(301));
            assertThat(get(base + TERMINATION)).startsWith("404");
        }
    }

    @Test
    void aNoticeThatIsWithdrawnTakesNothingBack() throws Exception {
        String id = running(cloud.client.spot());
        cloud.simulator.reclaim(machine(id));
        cloud.simulator.withdrawReclaim(id);
        assertThat(recycling()).isEmpty();
        assertThat(termination(id)).startsWith("404");
        cloud.clock.advance(Duration.ofMinutes(10));
        assertThat(cloud.client.status(id)).isEqualTo("Running");
    }

    @Test
    void theLastTimeThatWasOrderedCounts() throws Exception {
        String id = running(cloud.client.spot());
        cloud.simulator.reclaim(id, Duration.ofMinutes(5));
        cloud.simulator.reclaim(id, Duration.ofMinutes(10));
        // Started at 8:00:20 and up after 100 seconds.
        assertThat(termination(id)).isEqualTo("200 2026-01-05T08:12:00Z");
        cloud.clock.advance(Duration.ofMinutes(9));
        assertThat(cloud.client.status(id)).isEqualTo("Running");
        cloud.clock.advance(Duration.ofMinutes(2));
        assertThat(cloud.client.status(id)).isEqualTo("absent");
    }

    @Test
    void theMachineMayKnowBeforeTheApiShowsIt() throws Exception {
        String id = running(cloud.client.spot());
        cloud.simulator.reclaimUnlocked(id, Duration.ofMinutes(5));
        assertThat(recycling()).isEmpty();
        assertThat(termination(id)).startsWith("200");
        cloud.clock.advance(Duration.ofMinutes(6));
        assertThat(cloud.client.status(id)).isEqualTo("absent");
    }

    @Test
    void hardenedMetadataAreForThoseWithAToken() throws Exception {
        RunInstancesRequest request = cloud.client.spot();
        request.setHttpTokens("required");
        String base = cloud.simulator.endpoint() + "/_metadata/" + running(request) + "/latest/";
        assertThat(get(base + "meta-data/zone-id")).startsWith("403");
        HttpResponse<String> token = http.send(
                HttpRequest.newBuilder(URI.create(base + "api/token"))
                        .header("X-aliyun-ecs-metadata-token-ttl-seconds", "60")
                        .PUT(HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        assertThat(token.statusCode()).isEqualTo(200);
        HttpResponse<String> zone = http.send(
                HttpRequest.newBuilder(URI.create(base + "meta-data/zone-id"))
                        .header("X-aliyun-ecs-metadata-token", token.body())
                        .build(),
                HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        assertThat(zone.body()).isEqualTo(cloud.client.zone());
    }

    @Test
    void metadataOfOneMachineSaysNothingOfAnother() throws Exception {
        String first = running(cloud.client.spot());
        String second = running(cloud.client.spot());
        cloud.simulator.reclaim(machine(first));
        assertThat(termination(second)).startsWith("404");
        assertThat(get(cloud.simulator.endpoint() + "/_metadata/i-none" + TERMINATION))
                .startsWith("404");
    }

    @Test
    void priceAboveTheLimitTakesAMachineBackWithNotice() throws Exception {
        String limited = running(limited(0));
        String following = running(cloud.client.spot());
        raisePrice();
        assertThat(recycling()).containsExactly(limited);
        cloud.clock.advance(Duration.ofSeconds(301));
        assertThat(cloud.client.status(limited)).isEqualTo("absent");
        assertThat(cloud.client.status(following)).isEqualTo("Running");
    }

    @Test
    void protectedMachineIsTakenBackWhenItsHourIsOver() throws Exception {
        String id = cloud.client.create(limited(1)).get(0);
        raisePrice();
        cloud.clock.advance(Duration.ofMinutes(60).minusSeconds(1));
        assertThat(recycling()).isEmpty();
        cloud.clock.advance(Duration.ofSeconds(1));
        assertThat(recycling()).containsExactly(id);
        cloud.clock.advance(Duration.ofSeconds(301));
        assertThat(cloud.client.status(id)).isEqualTo("absent");
    }

    @Test
    void priceThatFallsInTheProtectedHourTakesNothingBack() throws Exception {
        String id = running(limited(1));
        raisePrice();
        cloud.clock.advance(Duration.ofMinutes(30));
        price("0.100");
        cloud.clock.advance(Duration.ofHours(3));
        assertThat(cloud.client.status(id)).isEqualTo("Running");
    }

    @Test
    void orderReclaimsAProtectedMachineAllTheSame() throws Exception {
        String id = running(limited(1));
        cloud.simulator.reclaim(machine(id));
        assertThat(recycling()).containsExactly(id);
    }

    @Test
    void orderedPriceIsInTheHistoryFromItsTimeOn() throws Exception {
        raisePrice();
        cloud.clock.advance(Duration.ofHours(1));
        DescribeSpotPriceHistoryRequest request = new DescribeSpotPriceHistoryRequest();
        request.setInstanceType(SimulatorClient.TYPE);
        request.setNetworkType("vpc");
        request.setZoneId(cloud.client.zone());
        request.setStartTime("2026-01-05T08:00:00Z");
        assertThat(cloud.client.call(request).getSpotPrices())
                .satisfiesExactly(
                        point -> {
                            assertThat(point.getTimestamp()).isEqualTo("2026-01-05T09:00:00Z");
                            assertThat(point.getSpotPrice()).isEqualTo(0.8f);
                        },
                        point -> {
                            assertThat(point.getTimestamp()).isEqualTo("2026-01-05T08:00:20Z");
                            assertThat(point.getSpotPrice()).isEqualTo(0.8f);
                        },
                        point -> {
                            assertThat(point.getTimestamp()).isEqualTo("2026-01-05T08:00:00Z");
                            assertThat(point.getSpotPrice()).isLessThan(0.7f);
                        });
        assertThat(cloud.outcome(limited(0))).isEqualTo("400 InvalidSpotPriceLimit.LowerThanPublicPrice");
    }

    @Test
    void priceAboveTheListPriceIsRefused() {
        assertThatThrownBy(() -> price("0.816")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> price("0")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> cloud.simulator.price("ecs.none", cloud.client.zone(), HIGH))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private void raisePrice() {
        cloud.simulator.price(SimulatorClient.TYPE, cloud.client.zone(), HIGH);
    }

    private void price(String amount) {
        cloud.simulator.price(SimulatorClient.TYPE, cloud.client.zone(), new BigDecimal(amount));
    }

    private RunInstancesRequest limited(int duration) {
        RunInstancesRequest request = cloud.client.spot();
        request.setSpotStrategy("SpotWithPriceLimit");
        request.setSpotPriceLimit(LIMIT);
        request.setSpotDuration(duration);
        return request;
    }

    private String running(RunInstancesRequest request) throws Exception {
        String id = cloud.client.create(request).get(0);
        cloud.clock.advance(ManualCloud.BOOT);
        return id;
    }

    private List<String> recycling() throws Exception {
        DescribeInstancesRequest request = ManualCloud.describe();
        request.setLockReason("Recycling");
        return cloud.visible(request);
    }

    private SimulatedMachine machine(String id) {
        return cloud.simulator.machines().stream()
                .filter(machine -> machine.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private void awaitSsh(String id) {
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> {
            new Socket(machine(id).address(), machine(id).sshPort()).close();
            return true;
        });
    }

    private String termination(String id) throws Exception {
        return get(cloud.simulator.endpoint() + "/_metadata/" + id + TERMINATION);
    }

    private String get(String url) throws Exception {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(URI.create(url))
                        .timeout(Duration.ofSeconds(20))
                        .build(),
                HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        return response.statusCode() + " " + response.body();
    }
}
