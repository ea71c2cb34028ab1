package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** {@link CloudProvider#describe} and {@link CloudProvider#list}. */
abstract class LookPromises extends Promises {
    LookPromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    @Test
    void unknownIdsAreAbsentAndNoError() throws Exception {
        String known = rig().described(rig().launchOne()).id();
        assertThat(provider().describe(List.of(setup().unknownId(1), known)))
                .as("describe must leave out an id that the cloud does not know and return the others")
                .containsOnlyKeys(known);
        assertThat(provider().describe(List.of(setup().unknownId(1))))
                .as("describe of unknown ids alone must return an empty map: not an error, and not every machine")
                .isEmpty();
    }

    @Test
    void aMachineThatIsGoneIsAbsentAmongOthers() throws Exception {
        String gone = rig().launchOne();
        String there = rig().launchOne();
        rig().delete(provider(), List.of(gone));
        rig().awaitGone(gone);
        var found = provider().describe(List.of(gone, there));
        assertThat(found)
                .as("describe must go on returning the other machines when one of those asked for is gone")
                .containsKey(there);
        assertThat(rig().listed(provider(), rig().owner))
                .as("list must agree with describe about which machines are there")
                .extracting(Machine::id)
                .hasSameElementsAs(found.keySet());
    }

    @Test
    void noIdsAreNoMachines() throws Exception {
        rig().launchOne();
        assertThat(provider().describe(List.of()))
                .as(
                        "describe of no ids must return an empty map without asking: clouds tend to take an empty filter for"
                                + " no filter")
                .isEmpty();
    }

    @Test
    void aFullBatchIsAnswered() throws Exception {
        String known = rig().described(rig().launchOne()).id();
        List<String> ids = new ArrayList<>(unknownIds(provider().limits().describeBatch() - 1));
        ids.add(known);
        assertThat(provider().describe(ids))
                .as("describe must answer for as many ids as limits().describeBatch() says, down to the last one; mind"
                        + " the cloud's default page size")
                .containsOnlyKeys(known);
    }

    @Test
    void moreThanADescribeBatchIsRefused() {
        List<String> ids = unknownIds(provider().limits().describeBatch() + 1);
        assertThatThrownBy(
                        () -> provider().describe(ids),
                        "describe must refuse more ids than limits().describeBatch() with a ConfigurationException: an id"
                                + " that is dropped in silence would count as absent")
                .isInstanceOf(ConfigurationException.class);
    }

    @Test
    void listFindsTheOwnersMachinesOnly() throws Exception {
        Offer offer = rig().offers().get(0);
        String mine = rig().launch(rig().launchOf(offer).build()).get(0);
        String other = rig().owner + "-other";
        String theirs = rig().launch(rig().launchOf(offer, other).build()).get(0);
        rig().described(mine);
        rig().described(theirs);
        assertThat(rig().listed(provider(), rig().owner))
                .as("list must return exactly the machines whose owner tag has this value, whole and not as a prefix,"
                        + " from the create call on")
                .extracting(Machine::id)
                .containsExactly(mine);
        assertThat(rig().listed(provider(), other))
                .as("list must return the machines of the owner that is asked for")
                .extracting(Machine::id)
                .containsExactly(theirs);
    }

    @Test
    void listAndDescribeShowTheSame() throws Exception {
        Machine described = rig().running();
        assertThat(rig().listed(provider(), rig().owner))
                .as(
                        "list must return machines as whole as describe does: who looks for lost machines has no other call")
                .singleElement()
                .usingRecursiveComparison()
                .isEqualTo(described);
    }

    @Test
    void aMachineSaysWhenItWasCreatedByTheCloudsClock() throws Exception {
        Machine machine = rig().described(rig().launchOne());
        assertThat(Duration.between(machine.createdAt(), rig().time.now()).abs())
                .as("createdAt must be the creation by the cloud's clock, which is setup().ticker(); mind time zones")
                .isLessThan(Duration.ofMinutes(10));
    }

    @Test
    void listIsEmptyForAnOwnerOfNothing() throws Exception {
        MachinePage page = provider().list(rig().owner, null);
        assertThat(page.machines())
                .as("list must be empty for an owner without machines")
                .isEmpty();
        assertThat(page.next())
                .as("the last page must have no cursor: null, not an empty text")
                .isNull();
    }

    @Test
    void listPagesThroughMoreThanAPage() throws Exception {
        int count = setup().moreThanAPage();
        assumeTrue(
                count > 0,
                "not checked: a list of more than one page; implement ContractSetup.moreThanAPage to have it checked");
        Set<String> ids = launchMany(count);
        MachinePage first = provider().list(rig().owner, null);
        assertThat(first.next())
                .as(
                        "list must return a cursor while there is more: %s machines, setup().moreThanAPage(), are more than"
                                + " a page",
                        count)
                .isNotNull();
        assertThat(rig().listed(provider(), rig().owner))
                .as("the pages of list together must hold every machine once")
                .extracting(Machine::id)
                .containsExactlyInAnyOrderElementsOf(ids);
        assertThat(setup().other().list(rig().owner, first.next()).machines())
                .as("a cursor of list must work in another instance as well: it must hold all that is needed")
                .extracting(Machine::id)
                .isNotEmpty()
                .isSubsetOf(ids)
                .doesNotContainAnyElementsOf(
                        first.machines().stream().map(Machine::id).toList());
    }

    private Set<String> launchMany(int count) throws Exception {
        Offer offer = rig().offers().get(0);
        Set<String> ids = new HashSet<>();
        while (ids.size() < count) {
            int batch = Math.min(count - ids.size(), provider().limits().launchBatch());
            ids.addAll(rig().launch(rig().launchOf(offer).count(batch, batch).build()));
        }
        for (String id : ids) {
            if (!setup().hiddenBound().isZero()) {
                rig().described(id);
            }
        }
        return ids;
    }

    @Test
    void anotherInstanceSeesTheSameMachines() throws Exception {
        String id = rig().described(rig().launchOne()).id();
        assertThat(setup().other().describe(List.of(id)))
                .as("describe must need no memory of its own: another process has to see the machine as well")
                .containsKey(id);
        assertThat(rig().listed(setup().other(), rig().owner))
                .as("list must need no memory of its own: it is how another process finds what a dead one has left")
                .extracting(Machine::id)
                .containsExactly(id);
    }

    @Test
    void theTimeThatIsToldIsTheClouds() throws Exception {
        List<Instant> told = new CopyOnWriteArrayList<>();
        provider().onCloudTime(told::add);
        Instant before = rig().time.now();
        rig().listed(provider(), rig().owner);
        assumeFalse(told.isEmpty(), "not checked: the cloud's time, since this provider does not say it");
        assertThat(told)
                .as("onCloudTime must hand on what time it is at the cloud as its answer says; setup().ticker() is said"
                        + " to be right to a minute")
                .allSatisfy(time -> assertThat(time)
                        .isBetween(before.minusSeconds(60), rig().time.now().plusSeconds(60)));
    }

    @Test
    void whatAMachineHasSaidCanBeReadAndHoldsNoKeyOfItsLaunch() throws Exception {
        Machine machine = rig().running();
        String key = Base64.getEncoder().encodeToString(rig().host.getPrivate().getEncoded());
        setup().say(machine, "contract: no root device");
        assertThat(provider().consoleOutput(machine.id()))
                .as("consoleOutput must return what the machine has said, where the cloud keeps it")
                .hasValueSatisfying(text ->
                        assertThat(text).contains("contract: no root device").doesNotContain(key));
    }

    @Test
    void aMachineThatIsNotThereHasSaidNothing() throws Exception {
        assertThat(provider().consoleOutput(setup().unknownId(1)))
                .as("consoleOutput of an id that the cloud does not know must be empty, and no error")
                .isEmpty();
    }
}
