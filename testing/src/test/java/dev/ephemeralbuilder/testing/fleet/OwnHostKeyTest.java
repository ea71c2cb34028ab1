package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.FleetRig.SPEC;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.ForwardingShell;
import dev.ephemeralbuilder.testing.TestTicker;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Machines of one create call share a host key only until they are handed out. */
@Timeout(120)
@Tag("once")
class OwnHostKeyTest {
    private static final int MANY = 3;

    private final StateStore store = StateStore.inMemory();
    private final AtomicReference<SilencedProvider> first = new AtomicReference<>();

    /** By which keys each machine was accepted when it was connected to last, by whichever fleet. */
    private final Map<String, Set<String>> accepted = new ConcurrentHashMap<>();

    private volatile Replacement replacement = (machine, shell, key) -> shell.replaceHostKey(key);

    /** What becomes of the order to replace a host key. */
    interface Replacement {
        boolean replace(String machine, Shell shell, KeyPair key) throws InterruptedException;
    }

    private final class ReplacingShell extends ForwardingShell {
        private final String machine;
        private final Shell shell;

        ReplacingShell(String machine, Shell shell) {
            super(shell);
            this.machine = machine;
            this.shell = shell;
        }

        @Override
        public boolean replaceHostKey(KeyPair newKey) throws InterruptedException {
            return replacement.replace(machine, shell, newKey);
        }
    }

    private CloudProvider watched(CloudProvider cloud) {
        return new ForwardingProvider(cloud) {
            @Override
            public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
                Shell shell = super.open(machine, keys);
                accepted.put(machine.id(), keys.hostKeyFingerprints());
                return new ReplacingShell(machine.id(), shell);
            }
        };
    }

    private FleetRig rig() {
        return new FleetRig(
                TestTicker.create(),
                cloud -> cloud.bootTime(Duration.ofSeconds(20)),
                fleet -> fleet.stateStore(store),
                cloud -> {
                    first.set(new SilencedProvider(watched(cloud)));
                    return first.get();
                });
    }

    private static CompletableFuture<List<EphemeralBuilder>> begin(FleetRig rig) {
        return rig.fleet.acquireAllAsync(SPEC, MANY, AcquireRequest.defaults());
    }

    private BuildFleet another(FleetRig rig) {
        return rig.another(fleet -> fleet.stateStore(store), this::watched);
    }

    private static String shared(FleetRig rig, String machine) throws InterruptedException {
        return requireNonNull(rig.tags(machine).get(MachineTags.HOST_KEY));
    }

    /** Runs something over a connection that is opened for it. */
    private static void runAnew(FleetRig rig, EphemeralBuilder builder) {
        rig.cloud.cutShells(builder.id());
        assertThat(rig.await(builder.start(Script.of("exit 3")).thenCompose(s -> s.result()))
                        .exitCode())
                .isEqualTo(3);
    }

    private Map<String, String> record(String machine) {
        return store.readAll(Kind.BUILDER).values().stream()
                .filter(record -> machine.equals(record.get("machine")))
                .findFirst()
                .orElseThrow();
    }

    /** Asserts that one key of its own, which is not the shared one, is all that is accepted of a machine. */
    private String assertOwnKey(FleetRig rig, EphemeralBuilder builder) throws InterruptedException {
        runAnew(rig, builder);
        Set<String> keys = requireNonNull(accepted.get(builder.id()));
        assertThat(keys).hasSize(1).doesNotContain(shared(rig, builder.id()));
        String own = keys.iterator().next();
        assertThat(record(builder.id()))
                .containsEntry("hostKey", own)
                .doesNotContainKeys("nextHostKey", "nextHostPublicKey");
        return own;
    }

    @Test
    void machinesOfOneCreateCallHaveAHostKeyEach() throws Exception {
        try (FleetRig rig = rig()) {
            List<EphemeralBuilder> all = rig.await(begin(rig));

            assertThat(rig.creates).hasSize(1);
            Set<String> keys = new TreeSet<>();
            for (EphemeralBuilder builder : all) {
                keys.add(assertOwnKey(rig, builder));
            }
            assertThat(keys).hasSize(MANY);
        }
    }

    @Test
    void theTagGoesOnSayingTheKeyOfTheCreateCall() throws Exception {
        try (FleetRig rig = rig()) {
            Set<String> tags = new TreeSet<>();
            for (EphemeralBuilder builder : rig.await(begin(rig))) {
                tags.add(shared(rig, builder.id()));
            }
            assertThat(tags).hasSize(1);
        }
    }

    @Test
    void aMachineThatIsAloneKeepsTheKeyOfItsCreateCall() throws Exception {
        replacement = (machine, shell, key) -> {
            throw new AssertionError("nobody shares it");
        };
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            runAnew(rig, builder);
            assertThat(accepted.get(builder.id())).containsExactly(shared(rig, builder.id()));
        }
    }

    @Test
    void anotherFleetKnowsTheNewKey() throws Exception {
        try (FleetRig rig = rig()) {
            List<EphemeralBuilder> all = rig.await(begin(rig));
            BuildFleet other = another(rig);
            for (EphemeralBuilder builder : all) {
                String own = assertOwnKey(rig, rig.await(other.attachAsync(builder.id())));
                assertThat(record(builder.id())).containsEntry("hostKey", own);
            }
        }
    }

    @Test
    void whoeverStillShowsTheSharedKeyIsRefused() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.await(begin(rig)).get(0);
            rig.cloud.showHostKey(
                    builder.id(), rig.creates.get(0).launch().hostKey().getPublic());
            rig.cloud.cutShells(builder.id());

            assertThatThrownBy(() -> rig.await(builder.start(Script.of("true"))))
                    .isInstanceOfSatisfying(
                            ProviderException.class, e -> assertThat(e.code()).contains("HostKeyMismatch"));
        }
    }

    @Test
    void aProviderThatReplacesNoKeysKeepsTheSharedOne() throws Exception {
        replacement = (machine, shell, key) -> false;
        try (FleetRig rig = rig()) {
            for (EphemeralBuilder builder : rig.await(begin(rig))) {
                runAnew(rig, builder);
                assertThat(accepted.get(builder.id())).containsExactly(shared(rig, builder.id()));
                assertThat(record(builder.id()))
                        .containsEntry("hostKey", shared(rig, builder.id()))
                        .doesNotContainKeys("nextHostKey", "nextHostPublicKey");
            }
        }
    }

    @Test
    void aConnectionThatIsLostAfterTheKeyWasTakenIsOpenedAgain() throws Exception {
        Set<String> lost = ConcurrentHashMap.newKeySet();
        replacement = (machine, shell, key) -> {
            boolean replaced = shell.replaceHostKey(key);
            if (lost.add(machine)) {
                shell.close();
                throw new ProviderException("lost", Effect.UNKNOWN, true, null, null, null);
            }
            return replaced;
        };
        try (FleetRig rig = rig()) {
            for (EphemeralBuilder builder : rig.await(begin(rig))) {
                assertOwnKey(rig, builder);
            }
            assertThat(lost).hasSize(MANY);
        }
    }

    @Test
    void aMachineThatCannotTakeAnotherKeyIsGivenBack() {
        replacement = (machine, shell, key) -> {
            throw new ConfigurationException("no sudo", null, null, null);
        };
        try (FleetRig rig = rig()) {
            CompletableFuture<List<EphemeralBuilder>> all = begin(rig);
            assertThatThrownBy(() -> rig.await(all))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("no sudo");
            rig.passUntilEmpty(FleetRig.PATIENCE);
        }
    }

    /** The first fleet dies while it replaces the keys, before or after the machines have taken them. */
    private void assertTheNextFleetEndsIt(Replacement dying) throws Exception {
        try (FleetRig rig = rig()) {
            replacement = dying;
            CompletableFuture<List<EphemeralBuilder>> all = begin(rig);
            assertThatThrownBy(() -> rig.await(all)).isInstanceOf(ProviderException.class);
            Set<String> machines = Set.copyOf(rig.cloud.machines());
            assertThat(machines).hasSize(MANY);
            machines.forEach(id -> assertThat(record(id)).containsKeys("nextHostKey", "nextHostPublicKey"));
            Set<String> announced = new TreeSet<>();
            machines.forEach(id -> announced.add(requireNonNull(record(id).get("hostKey"))));
            machines.forEach(rig.cloud::cutShells);

            replacement = (machine, shell, key) -> shell.replaceHostKey(key);
            BuildFleet other = another(rig);
            Set<String> keys = new TreeSet<>();
            for (String id : machines) {
                EphemeralBuilder attached = rig.await(other.attachAsync(id));
                assertThat(accepted.get(id)).hasSize(2).contains(shared(rig, id));
                keys.add(shared(rig, id) + " " + assertOwnKey(rig, attached));
            }
            assertThat(keys).isEqualTo(announced);
        }
    }

    private ProviderException die() {
        first.get().silence();
        return new ProviderException("this process is dead", Effect.UNKNOWN, false, null, null, null);
    }

    @Test
    void aFleetThatAttachesAfterACrashBeforeTheKeyWasTakenReplacesIt() throws Exception {
        assertTheNextFleetEndsIt((machine, shell, key) -> {
            throw die();
        });
    }

    @Test
    void aFleetThatAttachesAfterACrashOnceTheKeyWasTakenAcceptsIt() throws Exception {
        assertTheNextFleetEndsIt((machine, shell, key) -> {
            assertThat(shell.replaceHostKey(key)).isTrue();
            throw die();
        });
    }

    @Test
    void theNewKeyIsInTheRecordBeforeTheMachineHasItAndInNoEvent() throws Exception {
        Set<String> texts = ConcurrentHashMap.newKeySet();
        replacement = (machine, shell, key) -> {
            String text = Base64.getEncoder().encodeToString(key.getPrivate().getEncoded());
            assertThat(record(machine)).containsEntry("nextHostKey", text);
            texts.add(text);
            return shell.replaceHostKey(key);
        };
        try (FleetRig rig = rig()) {
            List<EphemeralBuilder> all = rig.await(begin(rig));
            assertThat(texts).hasSize(MANY);
            all.forEach(EphemeralBuilder::close);
            rig.passUntilEmpty(FleetRig.PATIENCE);
            rig.close(rig.fleet);
            String said = rig.events + " " + all + " "
                    + store.lines(StateStore.Log.LEDGER, rig.ticker.now().minus(Duration.ofDays(1)));
            texts.forEach(text -> assertThat(said).doesNotContain(text));
        }
    }
}
