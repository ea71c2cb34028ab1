package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is told of a machine that does not get ready. */
@Timeout(120)
class FailedBootTest {
    /** Begins an acquire whose machine lets nobody in. */
    private static CompletableFuture<EphemeralBuilder> acquire(FleetRig rig, String says) {
        CompletableFuture<EphemeralBuilder> acquiring = rig.begin();
        String id = rig.firstMachine();
        rig.cloud.refuseConnections(id, true);
        rig.cloud.console(id, says);
        return acquiring;
    }

    private static BuilderException failure(FleetRig rig, CompletableFuture<EphemeralBuilder> acquiring) {
        return catchThrowableOfType(BuilderException.class, () -> rig.await(acquiring, Duration.ofHours(1)));
    }

    @Test
    void theExceptionCarriesTheEndOfTheConsole() {
        try (FleetRig rig = new FleetRig()) {
            BuilderException failure = failure(rig, acquire(rig, "booting\nno root device\n"));
            assertThat(failure).isInstanceOf(BuilderTimeoutException.class);
            assertThat(failure.console()).hasValue("booting\nno root device");
            assertThat(failure).hasMessageContaining("was not ready within").hasMessageEndingWith("\n  no root device");
            assertThat(rig.event(BuilderEvent.LaunchFailed.class).failure()).isSameAs(failure);
            rig.passUntilEmpty(FleetRig.PATIENCE);
        }
    }

    @Test
    void keysDoNotGetIntoIt() {
        try (FleetRig rig = new FleetRig()) {
            BuilderException failure = failure(
                    rig, acquire(rig, "up\n-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----\nend\n"));
            assertThat(failure.console())
                    .hasValueSatisfying(text -> assertThat(text)
                            .startsWith("up\n")
                            .endsWith("\nend")
                            .doesNotContain("abc"));
        }
    }

    @Test
    void aConsoleThatCannotBeHadChangesNothing() {
        try (FleetRig rig = new FleetRig()) {
            CompletableFuture<EphemeralBuilder> acquiring = acquire(rig, "words");
            rig.cloud.failNext(Call.CONSOLE, new ProviderException("broken", Effect.NONE, true, null, null, null));
            BuilderException failure = failure(rig, acquiring);
            assertThat(failure).isInstanceOf(BuilderTimeoutException.class).hasMessageNotContaining("words");
            assertThat(failure.console()).isEmpty();
            rig.passUntilEmpty(FleetRig.PATIENCE);
        }
    }

    @Test
    void aMachineThatVanishesIsNotAsked() {
        try (FleetRig rig = new FleetRig()) {
            rig.cloud.vanishNextLaunch();
            rig.acquire();
            assertThat(rig.event(BuilderEvent.LaunchFailed.class).failure()).isInstanceOf(CapacityException.class);
            assertThat(rig.cloud.calls(Call.CONSOLE)).isZero();
        }
    }
}
