package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ImagePullException;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Machine.FailureKind;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.MachineCopies;
import dev.ephemeralbuilder.testing.TestTicker;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of a machine of which the cloud says that it will never be ready. */
@Timeout(120)
class UnableMachineTest {
    private static FleetRig rig(MachineState state, FailureKind kind, String words) {
        return new FleetRig(TestTicker.create(), cloud -> cloud, fleet -> fleet, next -> new ForwardingProvider(next) {
            @Override
            public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
                return super.describe(ids).values().stream()
                        .map(machine -> unable(machine, state, kind, words))
                        .collect(Collectors.toMap(Machine::id, machine -> machine));
            }
        });
    }

    private static Machine unable(Machine machine, MachineState state, FailureKind kind, String words) {
        return MachineCopies.of(machine).state(state).failure(kind, words).build();
    }

    @Test
    void anImageThatCannotBeHadEndsTheAcquireAtOnceAndTheMachineIsGivenBack() {
        try (FleetRig rig = rig(MachineState.STARTING, FailureKind.IMAGE_PULL, "no image \"build:21\"")) {
            assertThatThrownBy(rig::acquire)
                    .isInstanceOf(ImagePullException.class)
                    .hasMessageContaining("no image \"build:21\"");
            assertThat(rig.creates).hasSize(1);
            rig.passUntilEmpty(FleetRig.PATIENCE);
        }
    }

    @Test
    void aMachineThatHasEndedBecauseItCannotRunItsCommandIsNoLackOfStock() {
        try (FleetRig rig = rig(MachineState.ENDED, FailureKind.BOOT, "there is no sh in it")) {
            assertThatThrownBy(rig::acquire)
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("there is no sh in it");
            assertThat(rig.creates).hasSize(1);
            assertThat(rig.event(BuilderEvent.LaunchFailed.class).failure()).isInstanceOf(ConfigurationException.class);
        }
    }
}
