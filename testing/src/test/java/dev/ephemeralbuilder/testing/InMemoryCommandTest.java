package dev.ephemeralbuilder.testing;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Door;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LogPage;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Machines in memory that run a command of their own. */
class InMemoryCommandTest {
    private static final Duration BOOT = Duration.ofSeconds(30);
    private static final KeyPair KEY = newKey();
    private static final MachineSpec SPEC =
            MachineSpec.builder().containerImage("c-test").build();

    private final TestTicker ticker = TestTicker.create();
    private final InMemoryProvider provider =
            InMemoryProvider.builder().ticker(ticker).bootTime(BOOT).logLines(5).build();

    @AfterEach
    void close() {
        provider.close();
    }

    private static KeyPair newKey() {
        try {
            return KeyPairGenerator.getInstance("EC").generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK knows EC", e);
        }
    }

    private Launch.Builder launchOf(String script) throws InterruptedException {
        MarketSnapshot catalog = provider.market(MarketQuery.catalog());
        MarketSnapshot prices = provider.market(
                new MarketQuery(Set.of(Part.PRICES, Part.STOCK), catalog.types(), Set.of(Duration.ZERO)));
        Offer offer = provider.offers(
                        SPEC,
                        new MarketSnapshot(catalog.types(), prices.prices(), prices.stock(), prices.releaseRates()))
                .offers()
                .get(0);
        return Launch.builder()
                .spec(SPEC)
                .offer(offer)
                .token("token-" + script.hashCode())
                .tags(Map.of(MachineTags.OWNER, "me"))
                .cap(ticker.now().plus(Duration.ofHours(1)))
                .hostKey(KEY)
                .clientKey(KEY.getPublic())
                .containerCommand(ContainerCommand.of("sh", "-c", script));
    }

    private String launch(String script) throws InterruptedException {
        return provider.launch(launchOf(script).build()).ids().get(0);
    }

    private Machine described(String id) throws InterruptedException {
        return requireNonNull(provider.describe(List.of(id)).get(id));
    }

    private Machine await(String id, Predicate<Machine> what) {
        return Awaitility.await()
                .pollInterval(Duration.ofMillis(10))
                .atMost(Duration.ofSeconds(20))
                .until(() -> described(id), what);
    }

    private Machine awaitEnd(String id) {
        return await(id, machine -> machine.exitCode().isPresent());
    }

    @Test
    void itsCommandBeginsAfterTheBootTimeAndItsEndEndsTheMachine() throws Exception {
        String id = launch("echo here; exit 9");
        ticker.advance(BOOT.minusMillis(1));
        assertThat(described(id).state()).isEqualTo(MachineState.STARTING);
        assertThat(provider.log(id, null)).isEqualTo(new LogPage("", "0", false));
        assertThat(provider.processes()).isEmpty();
        ticker.advance(Duration.ofMillis(1));
        Machine ended = awaitEnd(id);
        assertThat(ended.state()).isEqualTo(MachineState.ENDED);
        assertThat(ended.exitCode()).hasValue(9);
        assertThat(provider.log(id, null).text()).isEqualTo("here\n");
        assertThat(provider.machines()).as("stays until it is deleted").containsExactly(id);
    }

    @Test
    void itsCommandBeginsThoughNobodyAsks() throws Exception {
        String id = launch("exec sleep 600");
        ticker.advance(BOOT);
        assertThat(provider.processes())
                .anySatisfy(process -> assertThat(process.machine()).isEqualTo(id));
    }

    @Test
    void theEndOfTheCommandTakesWhatItHasStartedAlong() throws Exception {
        String id = launch("sleep 600 & exit 0");
        ticker.advance(BOOT);
        assertThat(awaitEnd(id).exitCode()).hasValue(0);
        assertThat(provider.processes()).isEmpty();
    }

    @Test
    void aDeletedMachineHasNoExitCode() throws Exception {
        String id = launch("exec sleep 600");
        ticker.advance(BOOT);
        await(id, machine -> machine.state() == MachineState.RUNNING);
        provider.delete(List.of(id));
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> provider.processes().isEmpty());
        assertThat(described(id).exitCode()).isEmpty();
        assertThat(described(id).state()).isEqualTo(MachineState.STOPPING);
    }

    @Test
    void onlyTheLastLinesAreKeptAndTheRestIsAGap() throws Exception {
        String id = launch("seq 1 12; printf end");
        ticker.advance(BOOT);
        awaitEnd(id);
        assertThat(provider.log(id, null)).isEqualTo(new LogPage("9\n10\n11\n12\nend\n", "13", true));
        assertThat(provider.log(id, "7").gap()).isTrue();
        assertThat(provider.log(id, "8").gap()).isFalse();
        assertThat(provider.log(id, "13")).isEqualTo(new LogPage("", "13", false));
    }

    @Test
    void aDroppedLogIsAGapForWhoeverHasNotReadIt() throws Exception {
        String id = launch("echo one");
        ticker.advance(BOOT);
        awaitEnd(id);
        LogPage read = provider.log(id, null);
        provider.dropLog(id);
        assertThat(provider.log(id, null)).isEqualTo(new LogPage("", "1", true));
        assertThat(provider.log(id, read.cursor())).isEqualTo(new LogPage("", "1", false));
    }

    @Test
    void aCursorThatIsNoneIsAMistake() throws Exception {
        String id = launch("echo one");
        for (String cursor : List.of("x", "-1", "2")) {
            assertThatThrownBy(() -> provider.log(id, cursor)).isInstanceOf(ConfigurationException.class);
        }
    }

    @Test
    void nobodyGetsIn() throws Exception {
        String id = launch("exec sleep 600");
        ticker.advance(BOOT);
        Machine machine = await(id, m -> m.state() == MachineState.RUNNING);
        assertThat(provider.knock(machine)).isCompletedWithValue(Door.SHUT);
        assertThatThrownBy(() -> provider.open(machine, new ShellKeys(KEY, "any")))
                .isInstanceOf(ProviderException.class);
    }

    @Test
    void aMachineForScriptsHasNoLog() throws Exception {
        String id = provider.launch(launchOf("unused").containerCommand(null).build())
                .ids()
                .get(0);
        assertThatThrownBy(() -> provider.log(id, null))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("no command of its own");
        assertThatThrownBy(() -> provider.dropLog(id)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anotherCommandUnderTheSameTokenIsRefused() throws Exception {
        Launch.Builder launch = launchOf("true");
        provider.launch(launch.build());
        Launch changed = launch.containerCommand(ContainerCommand.of("false")).build();
        assertThatThrownBy(() -> provider.launch(changed))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("IdempotentParameterMismatch");
    }

    @Test
    void aCommandThatIsNotNamedIsRefused() throws Exception {
        Launch launch =
                launchOf("true").containerCommand(ContainerCommand.ofImage()).build();
        assertThatThrownBy(() -> provider.launch(launch))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("name the command");
    }

    @Test
    void aCommandNeedsAContainerImage() throws Exception {
        Launch launch = launchOf("true")
                .spec(MachineSpec.builder().machineImage("m-test").build())
                .build();
        assertThatThrownBy(() -> provider.launch(launch))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("container image");
    }

    @Test
    void anImageThatCannotBeHadIsAFailureOfThatKind() throws Exception {
        provider.failNextPull();
        String id = launch("true");
        ticker.advance(BOOT);
        Machine machine = described(id);
        assertThat(machine.state()).isEqualTo(MachineState.STARTING);
        assertThat(machine.failureKind()).isEqualTo(Machine.FailureKind.IMAGE_PULL);
        assertThat(machine.failure().orElseThrow()).contains("c-test");
    }
}
