package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.event.BuilderEvent.ReclaimNoticed;
import dev.ephemeralbuilder.event.BuilderEvent.ReclaimWithdrawn;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Notices of reclaim that do not come true as they were told. */
@Timeout(60)
class FalseAlarmTest {
    private static final Duration NOTICE = Duration.ofMinutes(5);
    private static final Duration LOOK = Duration.ofSeconds(40);
    private static final MachineSpec SPOT =
            FleetRig.SPEC.toBuilder().markets(Set.of(Market.SPOT)).build();

    private final FleetRig rig = new FleetRig(
            // Longer than the engine takes to look again.
            cloud -> cloud.bootTime(Duration.ofMinutes(2)),
            fleet -> fleet.selectionPolicy(LostTest.UNPROTECTED));

    private EphemeralBuilder acquire() {
        return rig.acquire(SPOT);
    }

    @Test
    void aNoticeThatIsWithdrawnLeavesTheBuilderAsItWas() {
        try (rig) {
            EphemeralBuilder builder = acquire();
            rig.cloud.reclaim(builder.id(), NOTICE);
            ReclaimNotice notice = rig.await(builder.reclaimNotice());
            rig.cloud.withdrawReclaim(builder.id());
            rig.pass(LOOK);
            assertThat(rig.events(ReclaimWithdrawn.class)).singleElement().satisfies(event -> {
                assertThat(event.machineId()).isEqualTo(builder.id());
                assertThat(event.requestId()).isEqualTo(builder.requestId());
                assertThat(event.notice()).isEqualTo(notice);
            });
            rig.pass(NOTICE.multipliedBy(2));
            RunningScript script = rig.await(builder.start(Script.of("exit 7")));
            assertThat(rig.await(script.result()).exitCode()).isEqualTo(7);
            assertThat(builder.gone()).isNotDone();
            assertThat(builder.reclaimNotice()).isCompletedWithValue(notice);
        }
    }

    @Test
    void aMachineThatGoesAfterAFalseAlarmIsLostAndNotReclaimed() {
        try (rig) {
            EphemeralBuilder builder = acquire();
            rig.cloud.reclaim(builder.id(), NOTICE);
            rig.await(builder.reclaimNotice());
            rig.cloud.withdrawReclaim(builder.id());
            rig.pass(LOOK);
            rig.cloud.vanish(builder.id());
            rig.await(builder.gone());
            assertThatThrownBy(() -> rig.await(builder.start(Script.of("true"))))
                    .isInstanceOf(BuilderLostException.class);
        }
    }

    @Test
    void aSecondNoticeWithAnotherDeadlineIsToldAndOneWithTheSameIsNot() {
        try (rig) {
            EphemeralBuilder builder = acquire();
            rig.cloud.reclaim(builder.id(), Duration.ofMinutes(20));
            ReclaimNotice first = rig.await(builder.reclaimNotice());
            rig.pass(LOOK.multipliedBy(3));
            rig.cloud.reclaim(builder.id(), NOTICE);
            Instant deadline = rig.ticker.now().plus(NOTICE);
            rig.pass(LOOK.multipliedBy(3));
            assertThat(rig.events(ReclaimNoticed.class))
                    .extracting(event -> event.notice().deadline())
                    .containsExactly(first.deadline(), deadline);
            rig.await(builder.gone());
            assertThat(rig.ticker.now()).isBefore(first.deadline());
            assertThat(rig.events(ReclaimWithdrawn.class)).isEmpty();
            assertThatThrownBy(() -> rig.await(builder.start(Script.of("true"))))
                    .isInstanceOfSatisfying(
                            BuilderReclaimedException.class,
                            e -> assertThat(e.notice().deadline()).isEqualTo(deadline));
        }
    }

    @Test
    void aMachineWithANoticeFromItsBootOnIsLeftForAnother() {
        try (rig) {
            var acquiring = rig.fleet.acquireAsync(SPOT, AcquireRequest.defaults());
            rig.pass(Duration.ofSeconds(3));
            String doomed = rig.firstMachine();
            rig.cloud.reclaim(doomed, NOTICE);
            EphemeralBuilder builder = rig.await(acquiring);
            assertThat(builder.id()).isNotEqualTo(doomed);
            assertThat(builder.reclaimNotice()).isNotDone();
            assertThat(rig.events(ReclaimNoticed.class)).isEmpty();
        }
    }
}
