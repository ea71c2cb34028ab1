package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Call;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Failure;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** No exception and no {@code toString} shows a key: they end up in logs. */
abstract class SecretPromises extends Promises {
    SecretPromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    @TestFactory
    Stream<DynamicTest> noFailedLaunchShowsASecret() {
        return Stream.of(Failure.values())
                .map(failure -> dynamicTest(failure.name(), () -> {
                    Launch launch = rig().newLaunch();
                    setup().failNext(Call.LAUNCH, failure);
                    assertShowsNoSecret(
                            "the exception of launch after " + failure,
                            print(Objects.requireNonNull(catchThrowable(() -> rig().launch(launch)), "no failure")));
                }));
    }

    @Test
    void noRefusedConnectionShowsASecret() throws Exception {
        assumeTrue(
                setup().provesKeys(),
                "not checked: that refused keys are not shown; the transport of this provider needs no keys");
        Machine machine = rig().running();
        rig().connect(machine).close();
        for (ShellKeys wrong : List.of(
                new ShellKeys(rig().client, ContractRig.fingerprint(ContractRig.newKey())),
                new ShellKeys(ContractRig.newKey(), ContractRig.fingerprint(rig().host)))) {
            Throwable refusal = catchThrowable(() -> provider().open(machine, wrong));
            assertThat(refusal).as("open must refuse wrong keys").isNotNull();
            assertShowsNoSecret("the exception of open", print(refusal));
        }
    }

    @Test
    void noDescriptionShowsASecret() throws Exception {
        Machine machine = rig().running();
        assertShowsNoSecret("toString of the provider", provider().toString());
        assertShowsNoSecret("toString or a tag of the machine", machine + " " + machine.tags());
        try (Shell shell = rig().connect(machine);
                Channel channel = shell.open("true")) {
            assertShowsNoSecret("toString of the shell", shell.toString());
            assertShowsNoSecret("toString of the channel", channel.toString());
        }
    }

    private void assertShowsNoSecret(String what, String text) {
        // Not by AssertJ: its message would show what must not be shown.
        boolean shows = ContractSecrets.of(setup().secrets(), rig().client, rig().host).stream()
                .anyMatch(text::contains);
        assertThat(shows)
                .as(
                        "%s must show no secret: no access key, no private key, no user data. The messages of a cloud's SDK"
                                + " often hold the whole signed request, so pass on its error code and request id instead of its"
                                + " exception",
                        what)
                .isFalse();
    }

    private static String print(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
