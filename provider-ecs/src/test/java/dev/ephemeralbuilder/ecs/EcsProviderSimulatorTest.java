package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.alibaba.AlibabaCredentials;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.simulator.Faults;
import dev.ephemeralbuilder.testing.simulator.SimulatedAccount;
import dev.ephemeralbuilder.testing.simulator.SimulatedCaller;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The provider with the real SDK and real SSH against the simulator, which checks signatures and tokens. */
@Timeout(120)
class EcsProviderSimulatorTest {
    private final SimulatedCloud cloud = new SimulatedCloud();
    private final EcsProvider provider =
            cloud.provider().callTimeout(Duration.ofSeconds(5)).build();
    private final SimulatedLaunches launches = new SimulatedLaunches(cloud, provider);

    @AfterEach
    void close() {
        provider.close();
        cloud.close();
    }

    @Test
    void aMachineLivesFromLaunchToAbsence() throws Exception {
        Launch launch = launches.launch("whole-life").build();
        String id = provider.launch(launch).ids().get(0);
        Machine machine = launches.running(id);
        assertThat(machine.cap()).contains(launch.cap());
        assertThat(machine.tags()).containsAllEntriesOf(launch.tags());

        try (Shell shell = launches.open(machine);
                Channel channel = shell.open("echo built; exit 4")) {
            assertThat(StandardCharsets.UTF_8
                            .decode(channel.read().get(30, TimeUnit.SECONDS))
                            .toString())
                    .isEqualTo("built\n");
            assertThat(channel.read().get(30, TimeUnit.SECONDS).hasRemaining()).isFalse();
            assertThat(channel.ended().get(30, TimeUnit.SECONDS)).isEqualTo(OptionalInt.of(4));
        }

        assertThat(provider.delete(List.of(id))).isEqualTo(Map.of(id, Outcome.accepted()));
        for (int looks = 0; !provider.describe(List.of(id)).isEmpty(); looks++) {
            assertThat(looks).isLessThan(200);
            cloud.pass(Duration.ofSeconds(1));
        }
        assertThat(provider.list("ci", null).machines()).isEmpty();
    }

    @Test
    void newConnectionsAreShownTheHostKeyThatTheMachineWasGiven() throws Exception {
        String id = provider.launch(launches.launch("own-key").build()).ids().get(0);
        Machine machine = launches.running(id);
        KeyPair own = Fixtures.keys();
        ShellKeys known = new ShellKeys(Fixtures.CLIENT, OpenSshKeys.fingerprint(own.getPublic()));
        try (Shell shell = launches.open(machine)) {
            assertThat(shell.replaceHostKey(own)).isTrue();
            provider.open(machine, known).close();
            assertThatThrownBy(() -> launches.open(machine))
                    .isInstanceOfSatisfying(
                            ProviderException.class, e -> assertThat(e.code()).contains("HostKeyMismatch"));
            // The connection from before goes on, and the order may be given again.
            assertThat(shell.replaceHostKey(own)).isTrue();
        }
        try (Shell shell = provider.open(machine, known)) {
            assertThat(shell.replaceHostKey(own)).isTrue();
        }
    }

    @Test
    void aReclaimIsSeenInTheDescription() throws Exception {
        String id = provider.launch(launches.launch("reclaimed").build()).ids().get(0);
        assertThat(launches.running(id).reclaimNotice()).isEmpty();

        cloud.simulator().reclaim(id, Duration.ofMinutes(5));

        Machine machine = Objects.requireNonNull(provider.describe(List.of(id)).get(id));
        assertThat(machine.reclaimNotice())
                .hasValueSatisfying(n -> assertThat(n.source()).isEqualTo("Recycling"));
    }

    @Test
    void aLostAnswerIsUnknownAndTheSameLaunchFindsTheMachine() throws Exception {
        Launch launch = launches.launch("lost").build();
        cloud.simulator().faults().on("RunInstances").times(1).loseAnswer();

        assertThat(failure(launch)).isInstanceOfSatisfying(ProviderException.class, e -> {
            assertThat(e.effect()).isEqualTo(Effect.UNKNOWN);
            assertThat(e.retryable()).isTrue();
        });
        List<String> ids = provider.launch(launch).ids();

        assertThat(provider.list("ci", null).machines()).extracting(Machine::id).containsExactlyElementsOf(ids);
    }

    @Test
    void everyFaultOfTheAnswerIsUnknown() throws Exception {
        Launch launch = launches.launch("faults").build();
        Faults faults = cloud.simulator().faults();
        for (Runnable fault : List.<Runnable>of(
                () -> faults.on("RunInstances").times(1).html503(),
                () -> faults.on("RunInstances").times(1).emptyOk(),
                () -> faults.on("RunInstances").times(1).malformedJson(),
                () -> faults.on("RunInstances").times(1).truncatedJson(),
                () -> faults.on("RunInstances").times(1).error(500, "InternalError"))) {
            fault.run();
            assertThat(failure(launch)).isInstanceOfSatisfying(ProviderException.class, e -> {
                assertThat(e.effect()).isEqualTo(Effect.UNKNOWN);
                assertThat(e.retryable()).isTrue();
            });
        }
        assertThat(provider.launch(launch).ids()).hasSize(1);
        assertThat(provider.list("ci", null).machines()).hasSize(1);
    }

    @Test
    void anAnswerThatTakesTooLongIsUnknown() throws Exception {
        Launch launch = launches.launch("slow").build();
        cloud.simulator().faults().on("RunInstances").times(1).slowBody(Duration.ofSeconds(20));
        try (EcsProvider hasty =
                cloud.provider().callTimeout(Duration.ofSeconds(1)).build()) {
            assertThat(failure(hasty, launch))
                    .isInstanceOfSatisfying(
                            ProviderException.class, e -> assertThat(e.effect()).isEqualTo(Effect.UNKNOWN));
        }
    }

    @Test
    void errorsHaveTheirTypes() throws Exception {
        Launch launch = launches.launch("errors").build();
        Faults faults = cloud.simulator().faults();

        faults.on("RunInstances").times(1).throttle();
        assertThat(failure(launch)).isInstanceOf(ThrottledException.class);

        cloud.simulator().stockOut(launch.offer().type().id(), launch.offer().zone());
        assertThat(failure(launch))
                .isInstanceOfSatisfying(
                        CapacityException.class,
                        e -> assertThat(e.reason()).isEqualTo(CapacityException.Reason.NO_STOCK));

        try (EcsProvider stranger = cloud.provider()
                .credentials(AlibabaCredentials.fixed(cloud.simulator().accessKeyId(), "wrong-secret"))
                .build()) {
            assertThat(failure(stranger, launch)).isInstanceOf(CredentialsException.class);
        }
    }

    @Test
    void quotaAndAFullNetworkHaveTheirTypes() throws Exception {
        Launch launch = launches.launch("account").build();
        SimulatedAccount account = cloud.simulator().account();

        account.spotVcpus(1);
        assertThat(failure(launch)).isInstanceOf(QuotaException.class);

        Launch next = launches.launch("network").build();
        account.spotVcpus(100);
        cloud.simulator().vSwitches().values().forEach(vSwitch -> account.addresses(vSwitch, 0));
        assertThat(failure(next)).isInstanceOf(CapacityException.class);
    }

    @Test
    void callerWhoMayNotLookIsToldSoAndSeesNoMachineGone() throws Exception {
        SimulatedCaller blind = cloud.simulator().account().caller("blind").deny("DescribeInstances");
        String id = provider.launch(launches.launch("blind").build()).ids().get(0);
        try (EcsProvider other = cloud.provider()
                .credentials(AlibabaCredentials.fixed(blind.accessKeyId(), blind.accessKeySecret()))
                .build()) {
            assertThatThrownBy(() -> other.describe(List.of(id))).isInstanceOf(CredentialsException.class);
            assertThatThrownBy(() -> other.list("ci", null)).isInstanceOf(CredentialsException.class);
        }
    }

    private BuilderException failure(Launch launch) throws InterruptedException {
        return failure(provider, launch);
    }

    /** Launches in vain, and checks that what is thrown holds no secret. */
    private BuilderException failure(EcsProvider by, Launch launch) throws InterruptedException {
        try {
            by.launch(launch);
        } catch (BuilderException e) {
            StringWriter all = new StringWriter();
            e.printStackTrace(new PrintWriter(all));
            assertThat(all.toString())
                    .doesNotContain(cloud.simulator().accessKeyId())
                    .doesNotContain(cloud.simulator().accessKeySecret())
                    .doesNotContain("wrong-secret")
                    .doesNotContain("Signature=")
                    .doesNotContain("UserData")
                    .doesNotContain("PRIVATE KEY")
                    .doesNotContain("http://");
            return e;
        }
        throw new AssertionError("the launch succeeded");
    }
}
