package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a fleet that starts makes of the records that others have left in the store. */
@Timeout(120)
class ReconcileTest {
    private static final MachineSpec TWO_HOURS = MachineSpec.builder()
            .vcpus(2)
            .memoryGib(4)
            .machineImage("m-any")
            .maxLifetime(Duration.ofHours(2))
            .build();

    private final StateStore store = StateStore.inMemory();
    private final AtomicReference<SilencedProvider> first = new AtomicReference<>();

    private BuildFleet.Builder sharing(BuildFleet.Builder fleet) {
        return fleet.stateStore(store).noReaper();
    }

    /** Returns a rig whose fleet can be made dead to the cloud. */
    private FleetRig rig() {
        return new FleetRig(TestTicker.create(), cloud -> cloud, this::sharing, cloud -> {
            first.set(new SilencedProvider(cloud));
            return first.get();
        });
    }

    private void start(FleetRig rig) {
        var unused = rig.another(this::sharing);
        rig.pass(Duration.ofMinutes(3));
    }

    private List<Map<String, String>> ledger() {
        return store.lines(StateStore.Log.LEDGER, Instant.EPOCH);
    }

    private Map<String, Map<String, String>> records() {
        return store.readAll(Kind.BUILDER);
    }

    private String token() {
        return records().keySet().iterator().next();
    }

    /** Makes a record as it is when its process dies before it can write the machine's id down. */
    private void forgetMachine(String token) {
        var unused = store.update(Kind.BUILDER, token, record -> {
            Map<String, String> changed = new LinkedHashMap<>(record);
            changed.remove("machine");
            changed.remove("launchedAt");
            return changed;
        });
    }

    @Test
    void theRecordOfAMachineThatIsGoneIsClosed() {
        try (FleetRig rig = rig()) {
            String id = rig.acquire().id();
            first.get().silence();
            rig.cloud.vanish(id);
            rig.pass(Duration.ofMinutes(30));
            assertThat(records()).hasSize(1);
            start(rig);
            assertThat(records()).isEmpty();
            assertThat(ledger())
                    .singleElement()
                    .satisfies(line -> assertThat(line)
                            .containsEntry("machine", id)
                            .containsEntry("estimate", "true")
                            .containsEntry("end", "unknown")
                            .doesNotContainKey("clientKey"));
        }
    }

    @Test
    void itCostsNoMoreThanUntilItsCap() {
        try (FleetRig rig = rig()) {
            String id = rig.acquire(TWO_HOURS).id();
            first.get().silence();
            rig.cloud.vanish(id);
            rig.pass(Duration.ofHours(9));
            start(rig);
            assertThat(ledger())
                    .singleElement()
                    .satisfies(line -> assertThat(Long.parseLong(line.get("billedSeconds")))
                            .isCloseTo(Duration.ofHours(2).toSeconds(), within(90L)));
        }
    }

    @Test
    void whatIsAliveIsLeftWithItsRecord() throws Exception {
        try (FleetRig rig = rig()) {
            String id = rig.acquire().id();
            rig.pass(Duration.ofMinutes(30));
            Map<String, Map<String, String>> before = records();
            start(rig);
            assertThat(records()).isEqualTo(before);
            assertThat(rig.cloud.machines()).containsExactly(id);
            assertThat(rig.cloud.calls(Call.DELETE)).isZero();
        }
    }

    @Test
    void theMachineOfARecordThatDoesNotNameItIsFoundByItsTag() {
        try (FleetRig rig = rig()) {
            String id = rig.acquire().id();
            String token = token();
            forgetMachine(token);
            rig.pass(Duration.ofMinutes(16));
            start(rig);
            assertThat(records().get(token)).containsEntry("machine", id).containsKey("launchedAt");
            assertThat(rig.cloud.machines()).containsExactly(id);
        }
    }

    @Test
    void aRecordOfWhichThereIsNoMachineIsForgottenButNotTooSoon() {
        try (FleetRig rig = rig()) {
            String id = rig.acquire().id();
            forgetMachine(token());
            first.get().silence();
            rig.cloud.vanish(id);
            start(rig);
            assertThat(records()).hasSize(1);
            rig.pass(Duration.ofMinutes(15));
            start(rig);
            assertThat(records()).isEmpty();
            assertThat(ledger()).isEmpty();
        }
    }

    @Test
    void whatCannotBeAskedIsLeft() {
        try (FleetRig rig = rig()) {
            String id = rig.acquire().id();
            first.get().silence();
            rig.cloud.vanish(id);
            rig.pass(Duration.ofMinutes(30));
            rig.cloud.failNext(Call.DESCRIBE, new CredentialsException("not you", null, null, null));
            start(rig);
            assertThat(records()).hasSize(1);
        }
    }

    @Test
    void aRecordOfAnotherVersionIsLeft() {
        try (FleetRig rig = rig()) {
            String id = rig.acquire().id();
            var unused = store.update(Kind.BUILDER, token(), record -> {
                Map<String, String> changed = new LinkedHashMap<>(record);
                changed.put("schema", "99");
                return changed;
            });
            first.get().silence();
            rig.cloud.vanish(id);
            rig.pass(Duration.ofMinutes(30));
            start(rig);
            assertThat(records()).hasSize(1);
        }
    }

    @Test
    void aFleetWithoutOthersRecordsAsksNobody() {
        try (FleetRig rig = rig()) {
            var unused = rig.acquire();
            int before = rig.cloud.calls(Call.LIST);
            rig.pass(Duration.ofMinutes(30));
            assertThat(rig.cloud.calls(Call.LIST)).isEqualTo(before);
        }
    }

    @Test
    void aReapingFleetLooksAfterRecordsAgainAndAgain() {
        try (FleetRig rig = rig()) {
            var unused = rig.another(fleet -> fleet.stateStore(store).reaper(Duration.ofMinutes(1)));
            rig.pass(Duration.ofMinutes(10));
            String id = rig.acquire().id();
            first.get().silence();
            rig.cloud.vanish(id);
            rig.pass(Duration.ofMinutes(5));
            assertThat(records()).isEmpty();
            assertThat(ledger()).hasSize(1);
        }
    }
}
