package dev.ephemeralbuilder.testing.contract;

import static dev.ephemeralbuilder.testing.contract.ContractRig.get;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.contract.ContractRig.Output;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link CloudProvider} must do. Extend it in the provider's own tests and give it a {@link #setup}; each
 * failure says what the provider has to change.
 *
 * <p>Every test launches machines of an owner of its own, deletes them and checks that nothing is left.
 */
@Timeout(300)
public abstract class CloudProviderContract {
    private @Nullable ContractRig rig;

    /** For subclasses. */
    protected CloudProviderContract() {}

    /** Returns what one test works with; called before each test and closed after it. */
    protected abstract ContractSetup setup() throws Exception;

    @BeforeEach
    final void setUpRig() throws Exception {
        rig = new ContractRig(setup());
    }

    @AfterEach
    final void clearUp() throws Exception {
        if (rig == null) {
            return;
        }
        try {
            rig.clear();
        } finally {
            rig.setup.close();
        }
    }

    private ContractRig rig() {
        if (rig == null) {
            throw new IllegalStateException("setup() has failed");
        }
        return rig;
    }

    /** {@link CloudProvider#market} and {@link CloudProvider#offers}. */
    @Nested
    class MarketsAndOffers {
        @Test
        void marketAnswersOnlyThePartsAskedFor() throws Exception {
            List<MachineType> types = rig().fittingTypes();
            for (Part part : Part.values()) {
                MarketSnapshot answer =
                        rig().provider.market(new MarketQuery(EnumSet.of(part), types, Set.of(Duration.ZERO)));
                Map<Part, List<?>> parts = Map.of(
                        Part.CATALOG, answer.types(),
                        Part.PRICES, answer.prices(),
                        Part.STOCK, answer.stock(),
                        Part.RELEASE_RATES, answer.releaseRates());
                parts.forEach((other, rows) -> {
                    if (other != part) {
                        assertThat(rows)
                                .as("market must leave %s empty when only %s is asked for", other, part)
                                .isEmpty();
                    }
                });
            }
        }

        @Test
        void marketHasPricesForTheTypesAndProtectionsAskedForOnly() throws Exception {
            MachineType type = rig().fittingTypes().get(0);
            MarketSnapshot answer = rig().provider
                    .market(new MarketQuery(EnumSet.of(Part.PRICES), List.of(type), Set.of(Duration.ZERO)));
            assertThat(answer.prices())
                    .as("market must return a price of the type in at least one zone")
                    .isNotEmpty()
                    .allSatisfy(price -> {
                        assertThat(price.type())
                                .as("market must not return prices of other types")
                                .isEqualTo(type.id());
                        assertThat(price.protection())
                                .as("market must return prices of the protection times asked for only")
                                .isZero();
                        assertThat(price.hourly().amount())
                                .as("a price must be positive; leave out what is not known")
                                .isPositive();
                    });
        }

        @Test
        void offersFitTheSpecAndCarryTheirPrices() throws Exception {
            MachineSpec spec = rig().setup.spec();
            assertThat(rig().offers()).allSatisfy(offer -> {
                assertThat(offer.provider())
                        .as("offer.provider must be name()")
                        .isEqualTo(rig().provider.name());
                assertThat(offer.region())
                        .as("offer.region must be region()")
                        .isEqualTo(rig().provider.region());
                assertThat(offer.type().misfit(spec))
                        .as("offers must leave out types that do not fit the spec")
                        .isEmpty();
                assertThat(offer.hourlyPrice().amount())
                        .as("an offer must cost something")
                        .isPositive();
                if (offer.market() == Market.ON_DEMAND) {
                    assertThat(offer.hourlyOnDemandPrice())
                            .as("an on-demand offer must have one and the same price twice")
                            .isEqualTo(offer.hourlyPrice());
                    assertThat(offer.protection())
                            .as("an on-demand offer has no protection time")
                            .isZero();
                }
            });
        }

        @Test
        void offersAreAPureFunctionOfSpecAndMarket() throws Exception {
            MarketSnapshot market = rig().snapshot();
            Offers first = rig().provider.offers(rig().setup.spec(), market);
            assertThat(rig().provider.offers(rig().setup.spec(), market))
                    .as("offers must give the same result for the same arguments")
                    .isEqualTo(first);
            assertThat(rig().setup.other().offers(rig().setup.spec(), market))
                    .as("offers must not use what one instance remembers")
                    .isEqualTo(first);
        }

        @Test
        void aSpecWithoutImageIsRejectedWithAReason() throws Exception {
            MachineSpec spec = rig().setup.spec();
            MachineSpec imageless = MachineSpec.builder()
                    .millicpus(spec.millicpus())
                    .memoryMib(spec.memoryMib())
                    .gpus(spec.gpus())
                    .architecture(spec.architecture())
                    .build();
            assertRejected(rig().provider.offers(imageless, rig().snapshot()), "no image");
        }

        @Test
        void aSpecThatIsTooLargeIsRejectedWithAReason() throws Exception {
            MachineSpec huge = rig().setup.spec().toBuilder()
                    .millicpus(1_000_000_000)
                    .memoryMib(1_000_000_000)
                    .build();
            assertRejected(rig().provider.offers(huge, rig().snapshot()), "more than any type has");
        }

        private void assertRejected(Offers offers, String why) {
            assertThat(offers.offers())
                    .as("offers must be empty for a spec with %s", why)
                    .isEmpty();
            assertThat(offers.rejections())
                    .as("offers must say why, for a spec with %s", why)
                    .isNotEmpty()
                    .allSatisfy(rejection -> assertThat(rejection.reason()).isNotBlank());
        }
    }

    /** {@link CloudProvider#launch}. */
    @Nested
    class Launches {
        @Test
        void aLaunchedMachineIsDescribedAtOnceWithAllItsTags() throws Exception {
            Launch launch = rig().newLaunch();
            List<String> ids = rig().launch(launch);
            assertThat(ids).as("launch of one machine must return one id").hasSize(1);
            assertThat(rig().described(ids.get(0)).tags())
                    .as("all tags must travel in the create call itself")
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
                        .as("the market must be the offer's")
                        .isEqualTo(offer.market());
                assertThat(machine.zone()).as("the zone must be the offer's").isEqualTo(offer.zone());
                assertThat(machine.region())
                        .as("the region must be the offer's")
                        .isEqualTo(offer.region());
                assertThat(machine.type())
                        .as("the type must be the offer's")
                        .isEqualTo(offer.type().id());
                machine.cap()
                        .ifPresent(cap -> assertThat(cap)
                                .as("the cap must travel in the create call, unchanged")
                                .isEqualTo(launch.cap()));
            }
        }

        @Test
        void theSameLaunchAgainGivesTheSameMachines() throws Exception {
            Launch launch = rig().newLaunch();
            List<String> first = rig().launch(launch);
            assertThat(rig().launch(launch))
                    .as("launch must send an equal launch exactly as before, token included")
                    .isEqualTo(first);
            assertThat(rig().launch(rig().setup.other(), launch))
                    .as("what launch sends must depend on the launch alone, not on the instance")
                    .isEqualTo(first);
            assertThat(rig().left()).as("a repeated launch must create nothing").hasSameElementsAs(first);
        }

        @Test
        void aChangedLaunchUnderAUsedTokenIsRefused() throws Exception {
            Launch launch = rig().newLaunch();
            List<String> first = rig().launch(launch);
            Launch changed = rig().launchOf(launch.offer())
                    .token(launch.token())
                    .tags(launch.tags())
                    .cap(launch.cap().plus(Duration.ofHours(1)))
                    .build();
            ProviderException refusal = catchThrowableOfType(ProviderException.class, () -> rig().launch(changed));
            assertThat(refusal)
                    .as("a token that was used with another launch must be a ProviderException")
                    .isNotNull();
            assertThat(refusal.effect())
                    .as("the first launch has taken effect, so the effect must be UNKNOWN")
                    .isEqualTo(Effect.UNKNOWN);
            assertThat(rig().left())
                    .as("the changed launch must create nothing")
                    .hasSameElementsAs(first);
        }

        @Test
        void noStockIsACapacityExceptionAndLeavesNothing() throws Exception {
            Launch launch = rig().newLaunch();
            rig().setup.stockOut(launch.offer());
            CapacityException failure = catchThrowableOfType(CapacityException.class, () -> rig().launch(launch));
            assertThat(failure).as("no stock must be a CapacityException").isNotNull();
            assertThat(failure.reason()).as("the reason must be NO_STOCK").isEqualTo(CapacityException.Reason.NO_STOCK);
            assertThat(failure.code()).as("the cloud's code must be kept").isPresent();
            assertThat(rig().left()).as("a refused launch must leave nothing").isEmpty();
        }

        @Test
        void aLostAnswerAndTheSameLaunchAgainMakeOneMachine() throws Exception {
            Launch launch = rig().newLaunch();
            rig().setup.loseNextLaunchAnswer();
            ProviderException failure = catchThrowableOfType(ProviderException.class, () -> rig().launch(launch));
            assertThat(failure)
                    .as("a lost answer must be a ProviderException; launch must not repeat the call by itself")
                    .isNotNull();
            assertThat(failure.effect())
                    .as("the effect of a call without an answer must be UNKNOWN")
                    .isEqualTo(Effect.UNKNOWN);
            List<String> ids = rig().launch(launch);
            assertThat(rig().left())
                    .as("the same launch again must find the machine of the first, by its token")
                    .hasSize(1)
                    .hasSameElementsAs(ids);
        }

        @Test
        void concurrentLaunchesMakeDistinctMachines() throws Exception {
            Offer offer = rig().offers().get(0);
            int count = 4;
            ExecutorService pool = Executors.newFixedThreadPool(count);
            try {
                List<Future<List<String>>> calls = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    Launch launch = rig().launchOf(offer).build();
                    calls.add(pool.submit(() -> rig().launch(launch)));
                }
                Set<String> ids = new HashSet<>();
                for (Future<List<String>> call : calls) {
                    ids.addAll(get(call));
                }
                assertThat(ids).as("each launch must make a machine of its own").hasSize(count);
            } finally {
                pool.shutdownNow();
            }
        }

        @Test
        void oneCallLaunchesSeveralEqualMachines() throws Exception {
            assumeTrue(rig().provider.limits().launchBatch() >= 2, "the cloud launches one machine per call");
            Launch launch = rig().launchOf(rig().offers().get(0)).count(2, 2).build();
            List<String> ids = rig().launch(launch);
            assertThat(ids).as("a launch of two must return two ids").hasSize(2).doesNotHaveDuplicates();
            assertThat(rig().provider.describe(ids).values())
                    .as("each machine of a launch must carry all tags")
                    .hasSize(2)
                    .allSatisfy(machine -> assertThat(machine.tags()).containsAllEntriesOf(launch.tags()));
        }

        @Test
        void moreThanALaunchBatchIsRefused() throws Exception {
            int tooMany = rig().provider.limits().launchBatch() + 1;
            Launch launch =
                    rig().launchOf(rig().offers().get(0)).count(1, tooMany).build();
            assertThatThrownBy(() -> rig().launch(launch))
                    .as("launch must refuse a count above limits().launchBatch()")
                    .isInstanceOf(ConfigurationException.class);
            assertThat(rig().left()).as("a refused launch must leave nothing").isEmpty();
        }
    }

    /** {@link CloudProvider#describe} and {@link CloudProvider#list}. */
    @Nested
    class DescriptionsAndLists {
        @Test
        void unknownIdsAreAbsentAndNoError() throws Exception {
            String known = rig().launchOne();
            assertThat(rig().provider.describe(List.of(rig().setup.unknownId(1), known)))
                    .as("describe must leave out an unknown id and return the others")
                    .containsOnlyKeys(known);
            assertThat(rig().provider.describe(List.of(rig().setup.unknownId(1))))
                    .as("describe of unknown ids only must be empty, not an error, and not everything")
                    .isEmpty();
        }

        @Test
        void noIdsAreNoMachines() throws Exception {
            rig().launchOne();
            assertThat(rig().provider.describe(List.of()))
                    .as("describe of no ids must be empty; clouds tend to answer with everything")
                    .isEmpty();
        }

        @Test
        void moreThanADescribeBatchIsRefused() {
            List<String> ids = unknownIds(rig().provider.limits().describeBatch() + 1);
            assertThatThrownBy(() -> rig().provider.describe(ids))
                    .as("describe must refuse more ids than limits().describeBatch(), not drop some")
                    .isInstanceOf(ConfigurationException.class);
        }

        @Test
        void listFindsOnlyTheOwnersMachines() throws Exception {
            Offer offer = rig().offers().get(0);
            String mine = rig().launch(rig().launchOf(offer).build()).get(0);
            String other = rig().owner + "-other";
            String theirs = rig().launch(rig().launchOf(offer, other).build()).get(0);
            assertThat(rig().listed(rig().provider, rig().owner))
                    .as("list must find exactly the machines with this owner tag, from the create call on")
                    .extracting(Machine::id)
                    .containsExactly(mine);
            assertThat(rig().listed(rig().provider, other))
                    .extracting(Machine::id)
                    .containsExactly(theirs);
        }

        @Test
        void listIsEmptyForAnOwnerOfNothing() throws Exception {
            MachinePage page = rig().provider.list(rig().owner, null);
            assertThat(page.machines())
                    .as("list must be empty where nothing is")
                    .isEmpty();
            assertThat(page.next()).as("there must be no further page").isNull();
        }

        @Test
        void listPagesThroughMoreThanAPage() throws Exception {
            int count = rig().setup.moreThanAPage();
            assumeTrue(count > 0, "the setup does not say how many machines are more than a page");
            Offer offer = rig().offers().get(0);
            Set<String> ids = new HashSet<>();
            while (ids.size() < count) {
                int batch = Math.min(count - ids.size(), rig().provider.limits().launchBatch());
                ids.addAll(
                        rig().launch(rig().launchOf(offer).count(batch, batch).build()));
            }
            assertThat(rig().provider.list(rig().owner, null).next())
                    .as("list must return a cursor when there is more than a page")
                    .isNotNull();
            assertThat(rig().listed(rig().provider, rig().owner))
                    .as("the pages together must hold every machine once")
                    .extracting(Machine::id)
                    .containsExactlyInAnyOrderElementsOf(ids);
        }

        @Test
        void anotherInstanceSeesTheSameMachines() throws Exception {
            String id = rig().launchOne();
            CloudProvider other = rig().setup.other();
            assertThat(other.describe(List.of(id)))
                    .as("a provider must need no memory of its own to describe a machine")
                    .containsKey(id);
            assertThat(rig().listed(other, rig().owner))
                    .as("a provider must need no memory of its own to list machines")
                    .extracting(Machine::id)
                    .containsExactly(id);
        }

        @Test
        void anInterruptedThreadGetsAnInterruptedException() {
            Thread.currentThread().interrupt();
            try {
                assertThatThrownBy(() ->
                                rig().provider.describe(List.of(rig().setup.unknownId(1))))
                        .as("an interrupted call must end with InterruptedException")
                        .isInstanceOf(InterruptedException.class);
            } finally {
                Thread.interrupted();
            }
        }
    }

    /** {@link CloudProvider#renew}, {@link CloudProvider#extend} and {@link CloudProvider#delete}. */
    @Nested
    class LeasesAndDeletions {
        @Test
        void renewMovesTheLeaseTag() throws Exception {
            Launch launch = rig().newLaunch();
            String id = rig().launch(launch).get(0);
            Instant lease = Instant.ofEpochSecond(rig().setup.now().getEpochSecond() + 1800);
            Map<String, Outcome> outcomes = rig().provider.renew(List.of(id), lease);
            assertThat(outcomes).as("renew must return an outcome for each id").containsOnlyKeys(id);
            assertThat(ContractRig.status(outcomes, id))
                    .as("renew must succeed on a new machine")
                    .isEqualTo(Outcome.Status.ACCEPTED);
            Map<String, String> expected = launch.tags();
            expected.put(MachineTags.LEASE, String.valueOf(lease.getEpochSecond()));
            assertThat(rig().described(id).tags())
                    .as("renew must change the lease tag and keep all others")
                    .containsAllEntriesOf(expected);
        }

        @Test
        void moreThanARenewBatchIsRefused() {
            List<String> ids = unknownIds(rig().provider.limits().renewBatch() + 1);
            assertThatThrownBy(() -> rig().provider.renew(ids, rig().setup.now()))
                    .as("renew must refuse more ids than limits().renewBatch()")
                    .isInstanceOf(ConfigurationException.class);
        }

        @Test
        void extendRaisesTheCapWhereTheCloudCan() throws Exception {
            Launch launch = rig().newLaunch();
            String id = rig().launch(launch).get(0);
            Instant cap = launch.cap().plus(Duration.ofHours(1));
            if (!rig().setup.raisesCaps()) {
                assertThatThrownBy(() -> rig().provider.extend(id, cap))
                        .as("extend must say with a ConfigurationException that the cloud cannot raise caps")
                        .isInstanceOf(ConfigurationException.class);
                return;
            }
            assertThat(rig().provider.extend(id, cap))
                    .as("extend must return the cap that holds now")
                    .isEqualTo(cap);
            assertThat(rig().described(id).cap())
                    .as("the raised cap must be described")
                    .contains(cap);
        }

        @Test
        void aDeletedMachineIsSoonAbsent() throws Exception {
            String id = rig().launchOne();
            rig().delete(rig().provider, List.of(id));
            rig().awaitGone(id);
            assertThat(rig().left())
                    .as("list must not find a machine that is gone")
                    .isEmpty();
        }

        @Test
        void deletingTwiceIsNoError() throws Exception {
            String id = rig().launchOne();
            rig().delete(rig().provider, List.of(id));
            rig().delete(rig().provider, List.of(id));
            rig().awaitGone(id);
        }

        @Test
        void anUnknownIdIsAbsentAndSparesTheRestOfTheBatch() throws Exception {
            Machine running = rig().running();
            String unknown = rig().setup.unknownId(1);
            Map<String, Outcome> outcomes = rig().provider.delete(List.of(unknown, running.id()));
            assertThat(outcomes)
                    .as("delete must return an outcome for each id")
                    .containsOnlyKeys(unknown, running.id());
            assertThat(ContractRig.status(outcomes, unknown))
                    .as("delete of an unknown id must be ABSENT, not an error")
                    .isEqualTo(Outcome.Status.ABSENT);
            assertThat(ContractRig.status(outcomes, running.id()))
                    .as("an unknown id must not keep the others of its batch from being deleted")
                    .isEqualTo(Outcome.Status.ACCEPTED);
            rig().awaitGone(running.id());
        }

        @Test
        void moreThanADeleteBatchIsRefused() {
            List<String> ids = unknownIds(rig().provider.limits().deleteBatch() + 1);
            assertThatThrownBy(() -> rig().provider.delete(ids))
                    .as("delete must refuse more ids than limits().deleteBatch()")
                    .isInstanceOf(ConfigurationException.class);
        }

        @Test
        void anotherInstanceCanDelete() throws Exception {
            String id = rig().launchOne();
            rig().delete(rig().setup.other(), List.of(id));
            rig().awaitGone(id);
        }
    }

    /** {@link CloudProvider#open}, {@link Shell} and {@link Channel}. */
    @Nested
    class Shells {
        @Test
        void exitCodesArriveWhereTheTransportHasThem() throws Exception {
            try (Shell shell = rig().connect(rig().running())) {
                Output output = rig().run(shell, "echo done; exit 7");
                assertThat(output.text()).as("output must arrive unchanged").isEqualTo("done\n");
                if (rig().setup.exitCodes()) {
                    assertThat(output.exit())
                            .as("ended() must complete with the command's exit code")
                            .hasValue(7);
                } else {
                    assertThat(output.exit())
                            .as("ended() must be empty where the transport knows no exit code; never invent one")
                            .isEmpty();
                }
            }
        }

        @Test
        void errorOutputIsPartOfTheOutput() throws Exception {
            try (Shell shell = rig().connect(rig().running())) {
                assertThat(rig().run(shell, "echo problem >&2").text())
                        .as("read must give standard output and standard error together")
                        .isEqualTo("problem\n");
            }
        }

        @Test
        void inputReachesTheCommand() throws Exception {
            String input = "line\n".repeat(20_000);
            try (Shell shell = rig().connect(rig().running());
                    Channel channel = shell.open("head -c " + input.length())) {
                // Not waited for: the command may take it all and end before the transport can say so.
                CompletableFuture<Void> unused = channel.write(ByteBuffer.wrap(input.getBytes(US_ASCII)));
                assertThat(drained(channel).text())
                        .as("the command must get what write was given, byte by byte")
                        .isEqualTo(input);
            }
        }

        @Test
        void threeMegabytesOfOutputArriveByteByByte() throws Exception {
            String expected = IntStream.rangeClosed(1_000_000, 1_374_999)
                    .collect(StringBuilder::new, (s, i) -> s.append(i).append('\n'), StringBuilder::append)
                    .toString();
            try (Shell shell = rig().connect(rig().running())) {
                String output = rig().run(shell, "seq 1000000 1374999").text();
                assertThat(output.equals(expected))
                        .as("all %s bytes of output must arrive in order, were %s", expected.length(), output.length())
                        .isTrue();
            }
        }

        @Test
        void twoChannelsWorkAtTheSameTime() throws Exception {
            try (Shell shell = rig().connect(rig().running());
                    Channel first = shell.open("head -c 4")) {
                assertThat(rig().run(shell, "echo second").text())
                        .as("a second channel must work while the first is open")
                        .isEqualTo("second\n");
                CompletableFuture<Void> unused = first.write(ByteBuffer.wrap("one\n".getBytes(US_ASCII)));
                assertThat(rig().drain(first).text()).isEqualTo("one\n");
            }
        }

        @Test
        void closingAChannelEndsItsFutures() throws Exception {
            try (Shell shell = rig().connect(rig().running())) {
                Channel channel = shell.open("sleep 600");
                CompletableFuture<ByteBuffer> read = channel.read();
                channel.close();
                assertThat(get(read).hasRemaining())
                        .as("a pending read must end empty when the channel is closed")
                        .isFalse();
                assertThat(get(channel.ended()))
                        .as("ended() must be empty for a channel that was closed before its command ended")
                        .isEmpty();
                assertThatThrownBy(() -> get(channel.write(ByteBuffer.wrap(new byte[] {1}))))
                        .as("a write to a closed channel must fail with a ProviderException")
                        .isInstanceOf(ExecutionException.class)
                        .hasCauseInstanceOf(ProviderException.class);
            }
        }

        @Test
        void closingTheShellLeavesABackgroundProcessAlive() throws Exception {
            Machine machine = rig().running();
            try (Shell shell = rig().connect(machine)) {
                Output output = rig().run(
                                shell,
                                "rm -f contract.pid; setsid sh -c 'echo $$ > contract.new; mv contract.new contract.pid; exec sleep"
                                        + " 600' </dev/null >/dev/null 2>&1 & while [ ! -f contract.pid ]; do sleep 1; done; echo"
                                        + " up");
                assertThat(output.text()).isEqualTo("up\n");
            }
            try (Shell shell = rig().connect(machine)) {
                assertThat(rig().run(shell, "kill -0 \"$(cat contract.pid)\" && echo alive")
                                .text())
                        .as("closing a shell must stop nothing on the machine")
                        .isEqualTo("alive\n");
            }
        }

        @Test
        void closingTheShellEndsItsChannels() throws Exception {
            Shell shell = rig().connect(rig().running());
            Channel channel = shell.open("sleep 600");
            assertThat(shell.isOpen()).as("a new shell must be open").isTrue();
            shell.close();
            assertThat(shell.isOpen()).as("a closed shell must not be open").isFalse();
            assertThat(get(channel.ended()))
                    .as("the channels of a closed shell must end, without an exit code")
                    .isEmpty();
        }

        @Test
        void aWrongHostKeyIsRefusedForGood() throws Exception {
            Machine machine = rig().running();
            rig().connect(machine).close();
            ShellKeys wrong = new ShellKeys(rig().client, ContractRig.fingerprint(ContractRig.newKey()));
            assertThatThrownBy(() -> rig().provider.open(machine, wrong))
                    .as("open must compare the machine's host key and refuse another one, never to be retried")
                    .isInstanceOfSatisfying(
                            ProviderException.class,
                            e -> assertThat(e.retryable()).isFalse());
        }

        @Test
        void aWrongClientKeyIsRefused() throws Exception {
            Machine machine = rig().running();
            rig().connect(machine).close();
            ShellKeys wrong = new ShellKeys(ContractRig.newKey(), ContractRig.fingerprint(rig().host));
            assertThatThrownBy(() -> rig().provider.open(machine, wrong))
                    .as("a machine must let in only the client key of its launch; open must throw a ProviderException")
                    .isInstanceOf(ProviderException.class);
        }

        @Test
        void aMachineThatDoesNotAnswerYetIsRetryable() throws Exception {
            Machine machine = rig().running();
            rig().connect(machine).close();
            rig().setup.refuseConnections(machine, true);
            assertThatThrownBy(() -> rig().provider.open(machine, rig().keys()))
                    .as("no answer must be a retryable ProviderException")
                    .isInstanceOfSatisfying(
                            ProviderException.class,
                            e -> assertThat(e.retryable()).isTrue());
            rig().setup.refuseConnections(machine, false);
            rig().connect(machine).close();
        }

        private Output drained(Channel channel) {
            try {
                return rig().drain(channel);
            } catch (Exception e) {
                throw new IllegalStateException("the output could not be read", e);
            }
        }
    }

    private List<String> unknownIds(int count) {
        return IntStream.range(0, count).mapToObj(rig().setup::unknownId).toList();
    }
}
