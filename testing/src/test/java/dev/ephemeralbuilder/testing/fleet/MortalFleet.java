package dev.ephemeralbuilder.testing.fleet;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.event.BuilderEvent.Ready;
import dev.ephemeralbuilder.spi.StateStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A fleet on host "b" whose process will die: the fleet of a rig, with the same store, is that of another process there. */
final class MortalFleet {
    final BuildFleet fleet;
    private final FleetRig rig;
    private final List<Ready> ready = new CopyOnWriteArrayList<>();
    private @Nullable SilencedProvider cloud;

    MortalFleet(FleetRig rig, StateStore store) {
        this.rig = rig;
        this.fleet = rig.another(
                settings -> settings.stateStore(store)
                        .host("b")
                        .noReaper()
                        .selectionPolicy(LostTest.UNPROTECTED)
                        .listener(event -> {
                            if (event instanceof Ready e) {
                                ready.add(e);
                            }
                        })
                        .closeTimeout(Duration.ofSeconds(2)),
                next -> {
                    cloud = new SilencedProvider(next);
                    return cloud;
                });
    }

    /** Returns how it sees the cloud. */
    SilencedProvider cloud() {
        return requireNonNull(cloud);
    }

    EphemeralBuilder acquire(String requestId) {
        return rig.await(fleet.acquireAsync(
                FleetRig.SPEC, AcquireRequest.builder().requestId(requestId).build()));
    }

    /** Acquires a machine as an attempt of a job would, lets a script run on it, and returns its id. */
    String begun(String requestId) {
        EphemeralBuilder builder = acquire(requestId);
        assertThat(rig.await(builder.start(Script.of("sleep 300")))).isNotNull();
        return builder.id();
    }

    /** Returns the machine of its newest builder. */
    String newest() {
        return ready.get(ready.size() - 1).machineId();
    }

    /** Says nothing to the cloud any more, and ends. */
    void die() {
        cloud().silence();
        rig.close(fleet);
    }
}
