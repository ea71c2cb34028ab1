package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Machine;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** {@link CloudProvider#launch}: what is made. */
abstract class LaunchPromises extends Promises {
    LaunchPromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    @Test
    void aLaunchedMachineCarriesAllItsTagsFromTheCreateCallOn() throws Exception {
        Launch launch = rig().newLaunch();
        List<String> ids = rig().launch(launch);
        assertThat(ids).as("launch of one machine must return one id").hasSize(1);
        assertThat(rig().described(ids.get(0)).tags())
                .as(
                        "launch must send all tags in the create call itself: a machine that gets its owner later leaks when"
                                + " the process dies in between")
                .containsAllEntriesOf(launch.tags());
    }

    @Test
    void aLaunchedMachineIsWhatTheOfferSaid() throws Exception {
        Map<Market, Offer> oneOfEach = new TreeMap<>();
        rig().offers().forEach(offer -> oneOfEach.putIfAbsent(offer.market(), offer));
        for (Offer offer : oneOfEach.values()) {
            Launch launch = rig().launchOf(offer).build();
            Machine machine = rig().described(rig().launch(launch).get(0));
            assertThat(machine.market())
                    .as("launch must buy on the market of the offer, and describe must say which it was")
                    .isEqualTo(offer.market());
            assertThat(machine.zone())
                    .as("launch must use the zone of the offer")
                    .isEqualTo(offer.zone());
            assertThat(machine.region())
                    .as("launch must use the region of the offer")
                    .isEqualTo(offer.region());
            assertThat(machine.type())
                    .as("launch must use the type of the offer")
                    .isEqualTo(offer.type().id());
            machine.cap()
                    .ifPresent(cap -> assertThat(cap)
                            .as(
                                    "launch must send the cap in the create call, unchanged: it ends the machine when nobody"
                                            + " else does")
                            .isEqualTo(launch.cap()));
        }
    }

    @Test
    void theCloudItselfEndsAMachineAtItsCap() throws Exception {
        assumeTrue(
                rig().time.movedByHand(),
                "not checked: that the cloud ends a machine at its cap; let setup().ticker() be a TestTicker to have it"
                        + " checked, since the cap is hours away");
        Launch launch = rig().newLaunch();
        Machine machine = rig().running(rig().launch(launch).get(0));
        rig().time.pass(Duration.between(rig().time.now(), launch.cap()));
        rig().awaitGone(machine.id());
    }

    @Test
    void noStockIsACapacityExceptionAndLeavesNothing() throws Exception {
        Launch launch = rig().newLaunch();
        setup().stockOut(launch.offer());
        Throwable failure = catchThrowable(() -> rig().launch(launch));
        assertThat(failure)
                .as("launch must throw a CapacityException when the cloud has no stock: the engine then tries the next"
                        + " offer")
                .isInstanceOfSatisfying(CapacityException.class, refusal -> {
                    assertThat(refusal.reason())
                            .as("the reason must be NO_STOCK: the engine leaves the offer out for a while")
                            .isEqualTo(CapacityException.Reason.NO_STOCK);
                    assertThat(refusal.code())
                            .as("the exception must carry the cloud's own code: users are shown it")
                            .isPresent();
                });
        assertThat(rig().left()).as("a refused launch must leave nothing").isEmpty();
    }

    @Test
    void oneCallLaunchesSeveralEqualMachines() throws Exception {
        assumeTrue(
                provider().limits().launchBatch() >= 2,
                "not checked: several machines in one launch, since limits().launchBatch() is 1");
        Launch launch = rig().launchOf(rig().offers().get(0)).count(2, 2).build();
        List<String> ids = rig().launch(launch);
        assertThat(ids)
                .as("launch of two machines must return two ids")
                .hasSize(2)
                .doesNotHaveDuplicates();
        for (String id : ids) {
            assertThat(rig().described(id).tags())
                    .as("each machine of a launch must carry all tags")
                    .containsAllEntriesOf(launch.tags());
        }
    }

    @Test
    void moreThanALaunchBatchIsRefused() throws Exception {
        int tooMany = provider().limits().launchBatch() + 1;
        Launch launch = rig().launchOf(rig().offers().get(0)).count(1, tooMany).build();
        assertThatThrownBy(
                        () -> rig().launch(launch),
                        "launch must refuse a count above limits().launchBatch() with a ConfigurationException, before it"
                                + " asks the cloud")
                .isInstanceOf(ConfigurationException.class);
        assertThat(rig().left()).as("a refused launch must leave nothing").isEmpty();
    }

    @Test
    void anotherTokenMakesAnotherMachine() throws Exception {
        Offer offer = rig().offers().get(0);
        Set<String> ids = new HashSet<>(rig().launch(rig().launchOf(offer).build()));
        ids.addAll(rig().launch(rig().launchOf(offer).build()));
        assertThat(ids)
                .as("launches that differ in their token must make a machine each: pass the launch's own token on")
                .hasSize(2);
    }
}
