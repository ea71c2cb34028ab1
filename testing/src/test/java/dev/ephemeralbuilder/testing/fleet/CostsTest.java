package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.cost.CostLine;
import dev.ephemeralbuilder.cost.CostLine.End;
import dev.ephemeralbuilder.cost.CostReport;
import dev.ephemeralbuilder.cost.CostTimes;
import dev.ephemeralbuilder.cost.CostTotals;
import dev.ephemeralbuilder.cost.PricePoint;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.spi.StateStore.Log;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the ledger says of machines, by a clock that only the tests move. */
@Timeout(120)
@Tag("once")
class CostsTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    /** Time passes a little while one hears of an end. */
    private static final Duration SLACK = Duration.ofSeconds(1);

    private static final int MOST_STEPS = 4_000;
    private static final Money DISK_PRICE = Money.of("0.002", "CNY");

    @TempDir
    Path folder;

    private StateStore store = StateStore.inMemory();
    private final Map<String, Instant> began = new HashMap<>();
    private FleetRig rig = new FleetRig(cloud -> cloud, this::settings);

    @AfterEach
    void close() {
        rig.close();
        store.close();
    }

    private BuildFleet.Builder settings(BuildFleet.Builder fleet) {
        return fleet.stateStore(store).host("host-1");
    }

    /** Begins anew with other settings. */
    private void with(UnaryOperator<BuildFleet.Builder> settings) {
        rig.close();
        rig = new FleetRig(cloud -> cloud, fleet -> settings.apply(settings(fleet)));
    }

    /** Acquires a builder on which scripts may run for long: time does not wait for their end. */
    private EphemeralBuilder acquire(AcquireRequest request) {
        EphemeralBuilder builder = rig.acquire(FleetRig.SPEC, request);
        rig.command = Duration.ZERO;
        rig.cloud.cutShells(builder.id());
        return builder;
    }

    private EphemeralBuilder acquire() {
        return acquire(AcquireRequest.defaults());
    }

    /** Starts a script that ends when it is told to. */
    private RunningScript start(EphemeralBuilder builder) {
        RunningScript script =
                rig.await(builder.start(Script.of("until [ -e '" + folder + "/go' ]; do sleep 0.02; done")));
        began.put(script.id(), rig.ticker.now());
        return script;
    }

    /** Lets all scripts end, and hears of the end of one, while very little time passes. */
    private void end(CompletableFuture<ScriptResult> result) throws IOException {
        Files.writeString(folder.resolve("go"), "");
        for (int i = 0; i < MOST_STEPS && !FleetRig.isDone(result); i++) {
            rig.pass(Duration.ofMillis(1));
        }
        assertThat(result).isCompleted();
        Files.delete(folder.resolve("go"));
    }

    /** Lets a script run for a time and end; returns how long it has run, which is little more. */
    private Duration run(EphemeralBuilder builder, Duration time) throws IOException {
        RunningScript script = start(builder);
        CompletableFuture<ScriptResult> result = script.result();
        rig.pass(time);
        end(result);
        return runTime(script);
    }

    private Duration runTime(RunningScript script) {
        return Duration.between(began.get(script.id()), rig.ticker.now());
    }

    /** Closes a builder and waits until that is written down. */
    private void closeAndWait(EphemeralBuilder builder) {
        builder.close();
        rig.await(builder.gone());
    }

    private CostReport costs() {
        return rig.blocking(() -> rig.fleet.costs(Instant.EPOCH));
    }

    private CostLine onlyLine() {
        CostReport report = costs();
        assertThat(report.unreadable()).isZero();
        assertThat(report.lines()).hasSize(1);
        return report.lines().get(0);
    }

    @Test
    void aLineSaysWhatTheMachineWasAndWhatItWasFor() {
        AcquireRequest request = AcquireRequest.builder()
                .requestId("job-7")
                .putLabel("team", "core")
                .build();
        EphemeralBuilder builder = acquire(request);
        Offer offer = builder.offer();
        closeAndWait(builder);
        CostLine line = onlyLine();
        assertThat(line.machineId()).isEqualTo(builder.id());
        assertThat(line.requestId()).isEqualTo("job-7");
        assertThat(line.job()).isEmpty();
        assertThat(line.jobOrRequest()).isEqualTo("job-7");
        assertThat(line.labels()).containsExactly(Map.entry("team", "core"));
        assertThat(line.owner()).contains(FleetRig.OWNER);
        assertThat(line.host()).contains("host-1");
        assertThat(line.offer()).isEqualTo(offer);
        assertThat(line.end()).isEqualTo(End.CLOSED);
        assertThat(line.pricePoints()).containsExactly(new PricePoint(line.startedAt(), offer.hourlyPrice()));
    }

    @Test
    void launchBootRunIdleAndReleaseAreToldApart() throws Exception {
        EphemeralBuilder builder = acquire();
        Instant ready = rig.event(BuilderEvent.Ready.class).at();
        rig.pass(MINUTE);
        Duration run = run(builder, MINUTE.multipliedBy(3));
        rig.pass(MINUTE.multipliedBy(2));
        Instant closed = rig.ticker.now();
        closeAndWait(builder);
        CostLine line = onlyLine();
        BuilderEvent.Launched launched = rig.event(BuilderEvent.Launched.class);
        CostTimes times = line.times();
        assertThat(times.launch()).isEqualTo(launched.took());
        assertThat(times.boot()).isEqualTo(Duration.between(launched.at(), ready));
        assertThat(times.run()).isCloseTo(run, SLACK).isGreaterThanOrEqualTo(MINUTE.multipliedBy(3));
        assertThat(times.idle()).isEqualTo(Duration.between(ready, closed).minus(times.run()));
        assertThat(times.unaccounted()).isZero();
        assertThat(times.lost()).isZero();
        assertThat(times.release()).isEqualTo(rig.event(BuilderEvent.Gone.class).took());
        assertThat(times.billed()).isEqualTo(Duration.between(line.startedAt(), closed));
        assertThat(line.endedAt()).contains(closed);
        assertThat(line.cost()).isEqualTo(builder.cost());
        assertThat(line.waste())
                .usingComparator(CostsTest::compareToSixDecimals)
                .isEqualTo(builder.offer().hourlyPrice().forDuration(times.idle()));
    }

    private static int compareToSixDecimals(Money a, Money b) {
        Money difference = a.minus(b);
        return difference.amount().abs().doubleValue() < 1e-6
                ? 0
                : difference.amount().signum();
    }

    @Test
    void twoScriptsAtOnceRunOnce() throws Exception {
        EphemeralBuilder builder = acquire();
        RunningScript first = start(builder);
        CompletableFuture<ScriptResult> firstEnd = first.result();
        rig.pass(MINUTE);
        RunningScript second = start(builder);
        CompletableFuture<ScriptResult> secondEnd = second.result();
        rig.pass(MINUTE);
        end(CompletableFuture.allOf(firstEnd, secondEnd).thenCompose(v -> firstEnd));
        Duration run = runTime(first);
        closeAndWait(builder);
        assertThat(onlyLine().times().run()).isCloseTo(run, SLACK);
    }

    @Test
    void aScriptThatRanWhenTheMachineWasReclaimedIsLost() {
        with(fleet -> fleet.selectionPolicy(LostTest.UNPROTECTED));
        EphemeralBuilder builder = acquire();
        start(builder);
        rig.pass(MINUTE.multipliedBy(4));
        rig.cloud.reclaim(builder.id(), MINUTE);
        rig.await(builder.gone());
        CostLine line = onlyLine();
        assertThat(line.end()).isEqualTo(End.RECLAIMED);
        assertThat(line.times().lost()).isEqualTo(line.times().run()).isGreaterThanOrEqualTo(MINUTE.multipliedBy(4));
        assertThat(line.waste().amount()).isPositive();
    }

    @Test
    void aMachineThatIsGoneWithoutAWordIsLost() {
        EphemeralBuilder builder = acquire();
        start(builder);
        rig.pass(MINUTE);
        rig.cloud.vanish(builder.id());
        rig.await(builder.gone());
        CostLine line = onlyLine();
        assertThat(line.end()).isEqualTo(End.LOST);
        assertThat(line.times().lost()).isEqualTo(line.times().run()).isPositive();
    }

    @Test
    void aScriptThatIsGivenUpForANoticeIsLostToo() {
        with(fleet -> fleet.selectionPolicy(LostTest.UNPROTECTED));
        EphemeralBuilder builder = acquire();
        start(builder);
        rig.cloud.reclaim(builder.id(), MINUTE.multipliedBy(10));
        rig.await(builder.reclaimNotice());
        closeAndWait(builder);
        CostLine line = onlyLine();
        assertThat(line.end()).isEqualTo(End.RECLAIMED);
        assertThat(line.times().lost()).isEqualTo(line.times().run()).isPositive();
    }

    @Test
    void whatHadEndedBeforeTheLossIsNotLost() throws Exception {
        EphemeralBuilder builder = acquire();
        Duration run = run(builder, MINUTE);
        rig.cloud.vanish(builder.id());
        rig.await(builder.gone());
        CostLine line = onlyLine();
        assertThat(line.end()).isEqualTo(End.LOST);
        assertThat(line.times().run()).isCloseTo(run, SLACK);
        assertThat(line.times().lost()).isZero();
    }

    @Test
    void aScriptOfAClosedBuilderHasRunUntilThen() {
        EphemeralBuilder builder = acquire();
        RunningScript script = start(builder);
        rig.pass(MINUTE);
        Duration run = runTime(script);
        closeAndWait(builder);
        assertThat(onlyLine().times().run()).isCloseTo(run, SLACK);
        assertThat(onlyLine().times().lost()).isZero();
    }

    @Test
    void whatIsReadyNeverIsWasteAltogether() {
        rig.cloud.vanishNextLaunch();
        EphemeralBuilder builder = rig.acquire();
        closeAndWait(builder);
        CostReport report = costs();
        assertThat(report.lines()).hasSize(2);
        CostLine failed = report.lines().get(0);
        assertThat(failed.end()).isEqualTo(End.BOOT_FAILED);
        assertThat(failed.times().run()).isZero();
        assertThat(failed.times().idle()).isZero();
        assertThat(failed.times().boot()).isPositive();
        assertThat(failed.waste()).isEqualTo(failed.cost().amount());
        assertThat(report.totals().get(0).bootFailed()).isEqualTo(1);
    }

    @Test
    void aCancelledAcquireIsNoFailedBoot() {
        CompletableFuture<EphemeralBuilder> acquiring = rig.begin();
        rig.firstMachine();
        acquiring.cancel(false);
        rig.passUntilEmpty(MINUTE.multipliedBy(5));
        rig.pass(MINUTE);
        CostLine line = onlyLine();
        assertThat(line.end()).isEqualTo(End.CLOSED);
        assertThat(line.times().boot()).isPositive();
        assertThat(line.times().idle()).isZero();
    }

    @Test
    void whatOneProcessHasRunTheLedgerOfAnotherKnows() throws Exception {
        // As processes on one host share it.
        store = StateStore.directory(folder.resolve("state"), FleetRig.OWNER);
        with(fleet -> fleet);
        EphemeralBuilder builder = acquire();
        Duration first = run(builder, MINUTE);
        rig.detach(builder);
        BuildFleet other = rig.another(this::settings);
        EphemeralBuilder attached = rig.await(other.attachAsync(builder.id()));
        Duration second = run(attached, MINUTE);
        closeAndWait(attached);
        CostLine line = onlyLine();
        assertThat(line.times().run()).isCloseTo(first.plus(second), SLACK);
        assertThat(line.times().unaccounted()).isZero();
        assertThat(line.times().billed())
                .isEqualTo(Duration.between(line.startedAt(), line.endedAt().orElseThrow()));
    }

    @Test
    void aScriptThatRunsOnAfterADetachRunsForWhoeverHearsOfItsEnd() throws Exception {
        EphemeralBuilder builder = acquire();
        RunningScript script = start(builder);
        rig.pass(MINUTE);
        rig.detach(builder);
        rig.pass(MINUTE);
        BuildFleet other = rig.another(this::settings);
        EphemeralBuilder attached = rig.await(other.attachAsync(builder.id()));
        CompletableFuture<ScriptResult> result =
                rig.await(attached.script(script.id())).result();
        rig.pass(MINUTE);
        end(result);
        Duration run = runTime(script);
        closeAndWait(attached);
        assertThat(onlyLine().times().run()).isCloseTo(run, SLACK).isGreaterThanOrEqualTo(MINUTE.multipliedBy(3));
    }

    @Test
    void whatTheSecondOfTwoHoldersKnowsIsNotLostWithTheFirst() throws Exception {
        EphemeralBuilder builder = acquire();
        BuildFleet other = rig.another(this::settings);
        EphemeralBuilder attached = rig.await(other.attachAsync(builder.id()));
        Duration run = run(attached, MINUTE);
        builder.close();
        rig.await(builder.gone());
        rig.await(attached.gone());
        CostLine line = onlyLine();
        assertThat(line.times().run()).isCloseTo(run, SLACK);
    }

    @Test
    void nobodyKnowsWhatAMachineDidWhoseProcessWasKilled() {
        EphemeralBuilder builder = acquire();
        Map<String, Map<String, String>> records = store.readAll(Kind.BUILDER);
        closeAndWait(builder);
        StateStore left = StateStore.inMemory();
        records.forEach((key, record) -> left.update(Kind.BUILDER, key, present -> record));
        BuildFleet later = rig.another(fleet -> fleet.stateStore(left).reaper(MINUTE));
        rig.pass(MINUTE.multipliedBy(10));
        CostReport report = rig.blocking(() -> later.costs(Instant.EPOCH));
        CostLine line = report.lines().get(0);
        assertThat(line.end()).isEqualTo(End.UNKNOWN);
        assertThat(line.times().unaccounted())
                .isPositive()
                .isEqualTo(line.times().billed().minus(line.times().launch()));
    }

    @Test
    void anOrphanWasReaped() {
        EphemeralBuilder builder = acquire();
        rig.detach(builder);
        BuildFleet other = rig.another(fleet -> settings(fleet).reaper(MINUTE));
        rig.passUntilEmpty(Duration.ofHours(4));
        rig.pass(MINUTE.multipliedBy(3));
        CostReport report = rig.blocking(() -> other.costs(Instant.EPOCH));
        assertThat(report.lines()).hasSize(1);
        assertThat(report.lines().get(0).end()).isIn(End.REAPED, End.UNKNOWN);
        assertThat(report.lines().get(0).times().unaccounted()).isGreaterThan(MINUTE);
    }

    @Test
    void eachMachineOfSeveralHasALine() {
        List<EphemeralBuilder> all = rig.await(rig.fleet.acquireAllAsync(
                FleetRig.SPEC,
                3,
                AcquireRequest.builder().putLabel("team", "core").build()));
        rig.pass(MINUTE);
        all.forEach(this::closeAndWait);
        CostReport report = costs();
        assertThat(report.lines()).hasSize(3);
        assertThat(report.lines()).extracting(CostLine::machineId).doesNotHaveDuplicates();
        assertThat(report.byLabel("team").keySet()).containsExactly("core");
        assertThat(report.lines()).allSatisfy(line -> {
            assertThat(line.times().idle()).isGreaterThanOrEqualTo(MINUTE);
            assertThat(line.times().unaccounted()).isZero();
        });
        assertThat(report.totals().get(0).machines()).isEqualTo(3);
    }

    @Test
    void aContainersOwnCommandRuns() {
        MachineSpec spec = MachineSpec.builder()
                .vcpus(2)
                .memoryGib(4)
                .containerImage("registry.example/job:1")
                .build();
        rig.await(rig.fleet.runOnceAsync(
                spec, AcquireRequest.defaults(), ContainerCommand.of("sh", "-c", "exit 3"), LogSink.discard()));
        rig.pass(MINUTE);
        CostLine line = onlyLine();
        assertThat(line.end()).isEqualTo(End.CLOSED);
        assertThat(line.times().boot()).isPositive();
        assertThat(line.times().unaccounted()).isZero();
        assertThat(line.times().lost()).isZero();
    }

    @Test
    void aMachineThatRunsIsCountedSoFar() {
        EphemeralBuilder builder = acquire();
        start(builder);
        rig.pass(MINUTE);
        CostLine line = onlyLine();
        assertThat(line.end()).isEqualTo(End.RUNNING);
        assertThat(line.endedAt()).isEmpty();
        assertThat(line.times().run()).isGreaterThanOrEqualTo(MINUTE);
        assertThat(line.times().unaccounted()).isZero();
        assertThat(costs().ended().lines()).isEmpty();
        assertThat(costs().totals().get(0).running()).isEqualTo(1);
    }

    @Test
    void aMachineThatBootsIsCountedAsBooting() {
        var unused = rig.begin();
        rig.firstMachine();
        rig.pass(Duration.ofSeconds(1));
        CostLine line = onlyLine();
        assertThat(line.end()).isEqualTo(End.RUNNING);
        assertThat(line.times().boot()).isPositive();
        assertThat(line.times().idle()).isZero();
    }

    @Test
    void anotherProcessKnowsTheLaunchOfAMachineThatRuns() {
        EphemeralBuilder builder = acquire();
        rig.pass(MINUTE);
        CostReport report = CostReport.read(store, Instant.EPOCH, rig.ticker.now());
        CostLine line = report.lines().get(0);
        assertThat(line.machineId()).isEqualTo(builder.id());
        assertThat(line.times().unaccounted()).isGreaterThanOrEqualTo(MINUTE);
        assertThat(line.times().billed()).isEqualTo(Duration.between(line.startedAt(), rig.ticker.now()));
    }

    @Test
    void aNewMarketPriceCountsFromWhenTheBookHasReadIt() {
        with(fleet -> fleet.selectionPolicy(LostTest.UNPROTECTED));
        EphemeralBuilder builder = acquire();
        Offer offer = builder.offer();
        rig.pass(MINUTE.multipliedBy(20));
        Money higher = Money.of("0.5", "CNY");
        rig.cloud.price(offer.type().id(), offer.zone(), Market.SPOT, higher);
        int calls = rig.cloud.calls(Call.MARKET);
        rig.pass(MINUTE.multipliedBy(5));
        assertThat(rig.cloud.calls(Call.MARKET)).isEqualTo(calls);
        EphemeralBuilder second = rig.acquire();
        rig.pass(MINUTE.multipliedBy(30));
        second.close();
        closeAndWait(builder);
        CostLine line = costs().lines().get(0);
        assertThat(line.machineId()).isEqualTo(builder.id());
        assertThat(line.pricePoints()).hasSize(2);
        PricePoint point = line.pricePoints().get(1);
        assertThat(point.hourly()).isEqualTo(higher);
        Money expected = offer.hourlyPrice()
                .forDuration(Duration.between(line.startedAt(), point.from()))
                .plus(higher.forDuration(
                        Duration.between(point.from(), line.endedAt().orElseThrow())));
        assertThat(line.cost().amount()).isEqualByComparingTo(expected);
        assertThat(builder.cost().amount()).isEqualByComparingTo(expected);
        assertThat(line.cost().onDemand())
                .isEqualByComparingTo(
                        offer.hourlyOnDemandPrice().forDuration(line.times().billed()));
    }

    @Test
    void aProtectedMachinePaysThePriceOfItsPurchaseForItsFirstHour() {
        EphemeralBuilder builder = acquire();
        Offer offer = builder.offer();
        assertThat(offer.protection()).isEqualTo(Duration.ofHours(1));
        rig.cloud.price(offer.type().id(), offer.zone(), Market.SPOT, Money.of("0.5", "CNY"));
        rig.pass(MINUTE.multipliedBy(20));
        closeAndWait(rig.acquire());
        CostEstimate early = builder.cost();
        assertThat(early.amount()).isEqualByComparingTo(offer.hourlyPrice().forDuration(early.billed()));
        rig.pass(MINUTE.multipliedBy(70));
        CostEstimate late = builder.cost();
        assertThat(late.amount())
                .isEqualByComparingTo(offer.hourlyPrice()
                        .plus(Money.of("0.5", "CNY").forDuration(late.billed().minusHours(1))));
    }

    @Test
    void aDiskOfKnownPriceIsInTheEstimate() {
        with(fleet -> fleet.diskPrice(DISK_PRICE));
        EphemeralBuilder builder = acquire();
        rig.pass(MINUTE.multipliedBy(30));
        closeAndWait(builder);
        CostLine line = onlyLine();
        Money disk = DISK_PRICE
                .times(BigDecimal.valueOf(FleetRig.SPEC.diskGib()))
                .forDuration(line.times().billed());
        assertThat(line.cost().disk().orElseThrow()).isEqualByComparingTo(disk);
        assertThat(line.cost().amount())
                .isEqualByComparingTo(builder.offer()
                        .hourlyPrice()
                        .forDuration(line.times().billed())
                        .plus(disk));
        assertThat(costs().totals().get(0).withoutDisk()).isZero();
    }

    @Test
    void aDiskOfUnknownPriceIsCountedAsSuch() {
        closeAndWait(acquire());
        assertThat(onlyLine().cost().disk()).isEmpty();
        assertThat(costs().totals().get(0).withoutDisk()).isEqualTo(1);
    }

    @Test
    void aDiskPriceOfAnotherCurrencyIsUnknown() {
        with(fleet -> fleet.diskPrice(Money.of("0.002", "USD")));
        closeAndWait(acquire());
        assertThat(onlyLine().cost().disk()).isEmpty();
    }

    @Test
    void theEstimateIsTheSameForEverybody() throws IOException {
        EphemeralBuilder builder = acquire();
        rig.pass(MINUTE);
        closeAndWait(builder);
        CostTotals totals = costs().totals().get(0);
        assertThat(totals.amount()).isEqualTo(builder.cost().amount());
        assertThat(totals.saved()).isEqualTo(builder.cost().saved());
        assertThat(CostReport.read(store, Instant.EPOCH, rig.ticker.now()).totals())
                .containsExactly(totals);
        assertThat(costs().byDay(ZoneOffset.UTC)).hasSize(1);
    }

    @Test
    void aLineOfAnEarlierVersionIsRead() {
        closeAndWait(acquire());
        Map<String, String> line =
                new HashMap<>(store.lines(Log.LEDGER, Instant.EPOCH).get(0));
        line.keySet()
                .removeIf(key -> List.of("ledger", "endedAt", "goneAt", "end", "readyAt", "knownUntil", "owner", "host")
                        .contains(key));
        StateStore old = StateStore.inMemory();
        old.append(Log.LEDGER, rig.ticker.now(), line);
        CostReport report = CostReport.read(old, Instant.EPOCH, rig.ticker.now());
        assertThat(report.unreadable()).isZero();
        CostLine read = report.lines().get(0);
        assertThat(read.end()).isEqualTo(End.UNKNOWN);
        assertThat(read.endedAt()).isEmpty();
        assertThat(read.cost().amount()).isEqualTo(onlyLine().cost().amount());
        assertThat(read.times().unaccounted()).isPositive();
        assertThat(read.times().billed().toSeconds()).isEqualTo(Long.parseLong(line.get("billedSeconds")));
    }

    @Test
    void aLineOfALaterVersionIsReadAsFarAsItIsKnown() {
        closeAndWait(acquire());
        Map<String, String> line =
                new HashMap<>(store.lines(Log.LEDGER, Instant.EPOCH).get(0));
        line.put("ledger", "3");
        line.put("end", "abducted");
        line.put("trafficBytes", "7");
        StateStore later = StateStore.inMemory();
        later.append(Log.LEDGER, rig.ticker.now(), line);
        CostReport report = CostReport.read(later, Instant.EPOCH, rig.ticker.now());
        assertThat(report.lines().get(0).end()).isEqualTo(End.UNKNOWN);
        assertThat(report.lines().get(0).times()).isEqualTo(onlyLine().times());
    }

    @Test
    void aLineThatCannotBeReadIsCounted() {
        closeAndWait(acquire());
        Map<String, String> line =
                new HashMap<>(store.lines(Log.LEDGER, Instant.EPOCH).get(0));
        line.put("amount", "much");
        store.append(Log.LEDGER, rig.ticker.now(), new HashMap<>(Map.of("token", "t", "machine", "m")));
        line.put("token", "another");
        store.append(Log.LEDGER, rig.ticker.now(), line);
        CostReport report = costs();
        assertThat(report.lines()).hasSize(1);
        assertThat(report.unreadable()).isEqualTo(2);
    }

    @Test
    void aLineThatWasWrittenTwiceCountsOnce() {
        closeAndWait(acquire());
        store.append(
                Log.LEDGER,
                rig.ticker.now(),
                store.lines(Log.LEDGER, Instant.EPOCH).get(0));
        assertThat(costs().lines()).hasSize(1);
    }

    @Test
    void theLedgerHoldsNoKey() {
        EphemeralBuilder builder = acquire();
        rig.detach(builder);
        Map<String, String> record =
                store.readAll(Kind.BUILDER).values().iterator().next();
        BuildFleet other = rig.another(this::settings);
        closeAndWait(rig.await(other.attachAsync(builder.id())));
        Map<String, String> line = store.lines(Log.LEDGER, Instant.EPOCH).get(0);
        assertThat(record).containsKey("clientKey");
        assertThat(line.values()).doesNotContain(record.get("clientKey"));
    }

    @Test
    void whatEndedBeforeIsNotAskedFor() {
        closeAndWait(acquire());
        rig.pass(MINUTE);
        Instant since = rig.ticker.now();
        assertThat(rig.blocking(() -> rig.fleet.costs(since)).lines()).isEmpty();
    }
}
