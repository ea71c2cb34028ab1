package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.event.BuilderEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of an acquire whose machine is taken from it before it is ready. */
@Timeout(120)
class EarlyEndTest {
    private static FleetRig rig() {
        return new FleetRig(cloud -> cloud.bootTime(Duration.ofSeconds(30)), fleet -> fleet);
    }

    @Test
    void aMachineThatIsReleasedByItsIdWhileItBootsIsNotHandedOut() {
        try (FleetRig rig = rig()) {
            CompletableFuture<EphemeralBuilder> acquired = rig.begin();
            String id = rig.firstMachine();

            rig.release(rig.fleet, id);

            assertThatThrownBy(() -> rig.await(acquired))
                    .isInstanceOf(BuilderLostException.class)
                    .hasMessageContaining(id);
            assertThat(rig.cloud.machines()).isEmpty();
            rig.pass(Duration.ofMinutes(1));
            assertThat(rig.events(BuilderEvent.Ready.class)).isEmpty();
            assertThat(rig.events(BuilderEvent.Running.class)).isEmpty();
        }
    }

    @Test
    void closingTheFleetFailsWhatIsUnderWayAsItSays() {
        FleetRig rig = rig();
        CompletableFuture<EphemeralBuilder> one = rig.begin();
        CompletableFuture<List<EphemeralBuilder>> all =
                rig.fleet.acquireAllAsync(FleetRig.SPEC, 2, AcquireRequest.defaults());
        rig.pass(Duration.ofSeconds(5));

        rig.close();

        assertThat(one).failsWithin(Duration.ZERO).withThrowableThat().withCauseInstanceOf(BuilderLostException.class);
        assertThat(all).failsWithin(Duration.ZERO).withThrowableThat().withCauseInstanceOf(BuilderLostException.class);
        assertThat(rig.cloud.machines()).isEmpty();
    }
}
