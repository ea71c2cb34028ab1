package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Machines that go while a script runs: a typed reason, and never an exit code. */
abstract class LossPromises extends FleetPromises {
    LossPromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs, fleets);
    }

    @Test
    void aMachineThatVanishesIsLostAndHasNoExitCode() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        fleet().commandsMayTakeLong();
        RunningScript script = fleet().start(builder, "sleep 600");
        CompletableFuture<ScriptResult> result = script.result();
        setup().vanish(fleet().machine(builder));
        assertThatThrownBy(
                        () -> fleet().time().await("the end of a script whose machine has vanished", result),
                        "a script whose machine has vanished must end with BuilderLostException: describe must leave the"
                                + " machine out (or show it as ENDED), and channels must end without an exit code")
                .isInstanceOf(BuilderLostException.class);
        fleet().time().await("gone of a builder whose machine has vanished", builder.gone());
        assertThatThrownBy(
                        () -> fleet().start(builder, "true"),
                        "a script on a machine that has vanished must fail with BuilderLostException")
                .isInstanceOf(BuilderLostException.class);
    }

    @Test
    void aMachineThatShowsAnotherHostKeyIsNotUsed() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        setup().changeHostKey(fleet().machine(builder));
        setup().cutConnections(fleet().machine(builder));
        assertThatThrownBy(
                        () -> fleet().run(builder, Script.of("true")),
                        "nothing may be sent to a machine that shows another host key than the pinned one: open must refuse"
                                + " it with a ProviderException that is not retryable")
                .isInstanceOf(ProviderException.class)
                .matches(Promises::forGood, "retryable() is false");
    }
}
