package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How many calls the looks, the deletions and their verification take. */
@Timeout(120)
class CallEconomyTest {
    private static final Duration BOOT = Duration.ofSeconds(40);

    private static FleetRig rig() {
        return new FleetRig(cloud -> cloud.bootTime(BOOT), fleet -> fleet);
    }

    private static int calls(FleetRig rig) {
        return rig.cloud.calls(Call.LAUNCH)
                + rig.cloud.calls(Call.DESCRIBE)
                + rig.cloud.calls(Call.LIST)
                + rig.cloud.calls(Call.RENEW)
                + rig.cloud.calls(Call.DELETE);
    }

    @Test
    void oneBuilderTakesSixCallsAtMost() {
        try (FleetRig rig = rig()) {
            rig.acquire().close();
            rig.passUntilEmpty(FleetRig.PATIENCE);
            rig.close(rig.fleet);

            assertThat(calls(rig)).isLessThanOrEqualTo(6);
        }
    }

    @Test
    void aMachineIsUsedAsSoonAsItsDoorIsOpenThoughTheCloudIsHardlyAsked() {
        try (FleetRig rig = rig()) {
            Instant began = rig.ticker.now();

            rig.acquire();

            assertThat(Duration.between(began, rig.ticker.now())).isLessThan(BOOT.plusSeconds(1));
            assertThat(rig.cloud.calls(Call.DESCRIBE)).isLessThanOrEqualTo(2);
            assertThat(rig.event(BuilderEvent.Running.class).took()).isLessThan(BOOT.plusSeconds(1));
        }
    }

    @Test
    void manyMachinesShareTheirLooksAndTheirDeletions() {
        try (FleetRig rig = rig()) {
            int many = 40;
            List<EphemeralBuilder> all =
                    rig.await(rig.fleet.acquireAllAsync(FleetRig.SPEC, many, AcquireRequest.defaults()));

            all.forEach(EphemeralBuilder::close);
            rig.passUntilEmpty(FleetRig.PATIENCE);
            rig.close(rig.fleet);

            assertThat(calls(rig)).isLessThanOrEqualTo(8);
        }
    }

    @Test
    void machinesThatComeAndGoOneByOneShareThemToo() {
        try (FleetRig rig = rig()) {
            int many = 40;
            List<CompletableFuture<Void>> over = new ArrayList<>();
            for (int i = 0; i < many; i++) {
                over.add(rig.begin().thenAccept(EphemeralBuilder::close));
                rig.pass(Duration.ofMillis(500));
            }
            over.forEach(rig::await);
            rig.passUntilEmpty(FleetRig.PATIENCE);
            rig.close(rig.fleet);

            // Ten looks for addresses and some more, ten rounds of deletions: 20 s pass while they come and while they
            // go.
            assertThat(calls(rig) - many).isLessThanOrEqualTo(many);
        }
    }
}
