package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The question to a spot machine when it is to be taken back: over real SSH, of real metadata. */
@Timeout(120)
class MachineNoticeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    private final SimulatedCloud cloud = new SimulatedCloud();
    private final BuildFleet fleet = BuildFleet.builder()
            .owner("notice-test")
            .provider(cloud.provider().build())
            .ticker(cloud.ticker())
            .build();

    @AfterEach
    void end() {
        fleet.close();
        cloud.close();
    }

    private EphemeralBuilder acquire(Market market) throws InterruptedException {
        return fleet.acquire(cloud.spec().markets(Set.of(market)).build());
    }

    /** Each running script has one for its output, and the question has one, which waits for the end of its input. */
    private long cats(EphemeralBuilder builder) {
        return cloud.simulator().processes().stream()
                .filter(process -> builder.id().equals(process.machine())
                        && process.program().equals("cat"))
                .count();
    }

    private void awaitCats(EphemeralBuilder builder, long count) {
        Awaitility.await().atMost(PATIENCE).until(() -> cats(builder) == count);
    }

    @Test
    void aSpotMachineIsAskedWhileAScriptRunsAndNoLonger() throws Exception {
        EphemeralBuilder builder = acquire(Market.SPOT);
        RunningScript script = builder.start(Script.of("while [ ! -e done ]; do sleep 0.05; done"))
                .get(40, TimeUnit.SECONDS);
        awaitCats(builder, 2);
        builder.start(Script.of("touch done"))
                .get(40, TimeUnit.SECONDS)
                .result()
                .get(40, TimeUnit.SECONDS);
        assertThat(script.result().get(40, TimeUnit.SECONDS).exitCode()).isZero();
        awaitCats(builder, 0);
        assertThat(builder.reclaimNotice()).isNotDone();
    }

    @Test
    void itIsAskedAgainAfterTheConnectionWasLost() throws Exception {
        EphemeralBuilder builder = acquire(Market.SPOT);
        RunningScript script = builder.start(Script.of("sleep 600")).get(40, TimeUnit.SECONDS);
        awaitCats(builder, 2);
        cloud.simulator().cutSsh(builder.id());
        Instant end = cloud.now().plus(Duration.ofHours(1));
        cloud.simulator().reclaimUnlocked(builder.id(), Duration.ofHours(1));
        ReclaimNotice notice = builder.reclaimNotice().get(40, TimeUnit.SECONDS);
        assertThat(notice.source()).isEqualTo("termination-time");
        assertThat(notice.deadline()).isBetween(end.minusSeconds(60), end.plusSeconds(60));
        assertThat(script.result()).isNotDone();
    }

    @Test
    void aMachineOnDemandIsNotAsked() throws Exception {
        EphemeralBuilder builder = acquire(Market.ON_DEMAND);
        RunningScript script = builder.start(Script.of("sleep 600")).get(40, TimeUnit.SECONDS);
        // Six times as long as a spot machine waits for the question.
        cloud.pass(Duration.ofSeconds(20));
        assertThat(script.result()).isNotDone();
        assertThat(cats(builder)).isEqualTo(1);
    }

    @Test
    void theCloudsWordIsDatedByTheCloudsClock() throws Exception {
        EphemeralBuilder builder = acquire(Market.SPOT);
        Instant before = cloud.now();
        cloud.simulator().reclaim(builder.id(), Duration.ofMinutes(5));
        ReclaimNotice notice = builder.reclaimNotice().get(40, TimeUnit.SECONDS);
        assertThat(notice.source()).isEqualTo("Recycling");
        assertThat(notice.deadline())
                .isBetween(
                        before.plus(Duration.ofMinutes(5)).minusSeconds(10),
                        cloud.now().plus(Duration.ofMinutes(5)).plusSeconds(10));
    }
}
