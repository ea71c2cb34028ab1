package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.cost.CostLine;
import dev.ephemeralbuilder.cost.CostLine.End;
import dev.ephemeralbuilder.cost.CostReport;
import dev.ephemeralbuilder.cost.CostTotals;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Log;
import java.math.BigDecimal;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.BitSet;
import java.util.Collection;
import java.util.Currency;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for any line, whatever machines did: many random ones, the same each time. */
class LedgerTest {
    private static final Instant FROM = Instant.parse("2026-01-01T00:00:00Z");
    private static final int LONGEST = 10_000_000;
    private static final List<End> ENDS = List.copyOf(EnumSet.complementOf(EnumSet.of(End.RUNNING)));
    private static final KeyPair KEY = HostKeys.generate();
    private static final ShellKeys KEYS = new ShellKeys(KEY, "fingerprint");

    static LongStream seeds() {
        return LongStream.range(0, 40);
    }

    private static Instant at(Random random) {
        return FROM.plusMillis(random.nextInt(LONGEST));
    }

    private static Spans spans(Random random) {
        Spans spans = Spans.NONE;
        for (int i = random.nextInt(6); i > 0; i--) {
            spans = spans.with(at(random), at(random));
        }
        return spans;
    }

    private static Origin origin(Random random, int number) {
        String currency = random.nextInt(4) == 0 ? "USD" : "CNY";
        Offer offer = Offer.builder()
                .provider(random.nextBoolean() ? "ecs" : "eci")
                .region("r")
                .zone("z")
                .type(new MachineType("t", "f", Architecture.X86_64, 1_000, 1_024, 0))
                .market(random.nextInt(5) == 0 ? Market.ON_DEMAND : Market.SPOT)
                .protection(random.nextBoolean() ? Duration.ZERO : Duration.ofHours(1))
                .hourlyPrice(new Money(BigDecimal.valueOf(random.nextInt(1_000), 3), Currency.getInstance(currency)))
                .hourlyOnDemandPrice(
                        new Money(BigDecimal.valueOf(random.nextInt(5_000), 3), Currency.getInstance(currency)))
                .build();
        Particulars.Disk disk = random.nextBoolean()
                ? null
                : new Particulars.Disk(random.nextInt(100), Money.of("0.002", random.nextBoolean() ? currency : "EUR"));
        Map<String, String> labels = random.nextBoolean() ? Map.of() : Map.of("team", "t" + random.nextInt(3));
        return new Origin(
                "request-" + number,
                "token-" + number,
                offer,
                FROM.plusMillis(random.nextInt(1_000)),
                FROM.plus(Duration.ofDays(1)),
                new Particulars("o", "h", random.nextBoolean() ? null : "job-" + random.nextInt(3), labels, disk));
    }

    private static Used used(Random random, Origin origin) {
        Spans runs = spans(random);
        PricePoints prices = PricePoints.NONE;
        for (int i = random.nextInt(4); i > 0; i--) {
            prices = prices.with(
                    origin,
                    at(random),
                    new Money(
                            BigDecimal.valueOf(random.nextInt(1_000), 3),
                            origin.offer().hourlyPrice().currency()));
        }
        return new Used(
                random.nextBoolean() ? null : at(random),
                random.nextBoolean() ? null : at(random),
                runs,
                runs.and(spans(random)),
                spans(random),
                Map.of(),
                prices,
                random.nextInt(5) == 0);
    }

    private static Map<String, String> record(Origin origin, Used used) {
        return new BuilderRecord(origin, origin.cap(), KEYS, "m", FROM.plusSeconds(2), null, null, 1, null, used)
                .encode();
    }

    private static StateStore ledger(Random random, int machines) {
        StateStore store = StateStore.inMemory();
        for (int i = 0; i < machines; i++) {
            Origin origin = origin(random, i);
            Instant until = at(random).isBefore(origin.intendedAt()) ? origin.intendedAt() : at(random);
            Ledger.Ending ending = new Ledger.Ending(
                    random.nextBoolean() ? null : at(random),
                    until,
                    random.nextBoolean() ? null : until.plusSeconds(9),
                    ENDS.get(random.nextInt(ENDS.size())),
                    used(random, origin));
            store.append(Log.LEDGER, until, Ledger.line(record(origin, used(random, origin)), origin, "m" + i, ending));
        }
        return store;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void thePartsOfALineAddUpToWhatIsBilled(long seed) {
        CostReport report = CostReport.read(ledger(new Random(seed), 5), Instant.MIN, FROM);
        assertThat(report.unreadable()).isZero();
        assertThat(report.lines()).hasSize(5).allSatisfy(line -> {
            Instant until = line.endedAt().orElseThrow();
            long billed = Math.max(0, until.toEpochMilli() - line.startedAt().toEpochMilli());
            assertThat(line.times().billed()).isEqualTo(Duration.ofMillis(billed));
            assertThat(line.cost().billed()).isEqualTo(line.times().billed());
            assertThat(line.waste().amount())
                    .isBetween(BigDecimal.ZERO, line.cost().amount().amount());
        });
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void theAmountIsTheSumOverAllPricePoints(long seed) {
        CostReport report = CostReport.read(ledger(new Random(seed), 3), Instant.MIN, FROM);
        for (CostLine line : report.lines()) {
            Instant until = line.endedAt().orElseThrow();
            BigDecimal sum = BigDecimal.ZERO;
            for (int i = 0; i < line.pricePoints().size(); i++) {
                Instant from = line.pricePoints().get(i).from();
                Instant to = i + 1 < line.pricePoints().size()
                        ? line.pricePoints().get(i + 1).from()
                        : until;
                long millis = Math.max(0, Duration.between(from, to).toMillis());
                sum = sum.add(line.pricePoints().get(i).hourly().amount().multiply(BigDecimal.valueOf(millis)));
            }
            BigDecimal compute = line.cost()
                    .amount()
                    .amount()
                    .subtract(line.cost().disk().map(Money::amount).orElse(BigDecimal.ZERO));
            assertThat(compute.multiply(BigDecimal.valueOf(3_600_000))
                            .subtract(sum)
                            .abs())
                    .isLessThan(new BigDecimal("0.000001"));
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void groupsAddUpToTheTotals(long seed) {
        CostReport report = CostReport.read(ledger(new Random(seed), 12), Instant.MIN, FROM);
        for (SortedMap<?, CostReport> groups : List.<SortedMap<?, CostReport>>of(
                report.byJob(), report.byLabel("team"), report.byProvider(), report.byDay(ZoneOffset.UTC))) {
            assertThat(sums(groups.values())).isEqualTo(sums(List.of(report)));
        }
    }

    private static Map<String, List<Object>> sums(Collection<CostReport> reports) {
        Map<String, List<Object>> sums = new HashMap<>();
        Map<String, List<CostTotals>> all = reports.stream()
                .flatMap(report -> report.totals().stream())
                .collect(Collectors.groupingBy(sum -> sum.currency().getCurrencyCode()));
        all.forEach((currency, some) -> sums.put(
                currency,
                List.of(
                        some.stream().mapToInt(CostTotals::machines).sum(),
                        some.stream().mapToInt(CostTotals::withoutDisk).sum(),
                        some.stream().map(sum -> sum.times().billed()).reduce(Duration.ZERO, Duration::plus),
                        some.stream()
                                .map(sum -> sum.amount().amount())
                                .reduce(BigDecimal.ZERO, BigDecimal::add)
                                .stripTrailingZeros(),
                        some.stream()
                                .map(sum -> sum.waste().amount())
                                .reduce(BigDecimal.ZERO, BigDecimal::add)
                                .stripTrailingZeros())));
        return sums;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatTwoProcessesKnowGoesTogetherInAnyOrder(long seed) {
        Random random = new Random(seed);
        Origin origin = origin(random, 0);
        Used one = used(random, origin).priced(PricePoints.NONE);
        Used other = used(random, origin);
        assertThat(one.with(other)).isEqualTo(other.with(one));
        assertThat(one.with(other).with(other)).isEqualTo(one.with(other));
        assertThat(Used.decode(one.with(other).into(Map.of()))).isEqualTo(one.with(other));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void spansAreSetsOfMoments(long seed) {
        Random random = new Random(seed);
        Spans a = Spans.NONE;
        BitSet expected = new BitSet();
        for (int i = 0; i < 20; i++) {
            int from = random.nextInt(1_000);
            int until = from + random.nextInt(60);
            a = a.with(FROM.plusMillis(from), FROM.plusMillis(until));
            expected.set(from, until);
        }
        assertThat(a.total()).isEqualTo(Duration.ofMillis(expected.cardinality()));
        assertThat(Spans.decode(a.encode())).isEqualTo(a);
        Spans half = a.within(FROM.plusMillis(200), FROM.plusMillis(700));
        assertThat(half.total())
                .isEqualTo(Duration.ofMillis(expected.get(200, 700).cardinality()));
        assertThat(a.and(half)).isEqualTo(half);
        assertThat(a.with(half)).isEqualTo(a);
    }

    @Test
    void ofVeryManySpansTheShortestGapsAreClosed() {
        Spans spans = Spans.NONE;
        for (int i = 0; i <= Spans.MOST; i++) {
            int gap = i == 7 ? 1 : 10;
            spans = spans.with(FROM.plusMillis(i * 20L), FROM.plusMillis(i * 20L + 20 - gap));
        }
        assertThat(spans.all()).hasSize(Spans.MOST);
        assertThat(spans.total()).isEqualTo(Duration.ofMillis((Spans.MOST + 1) * 10L + 9 + 1));
    }

    @Test
    void whatASecondProcessKnewIsAddedToTheLine() {
        Origin origin = origin(new Random(1), 0);
        StateStore store = StateStore.inMemory();
        Used mine = Used.NOTHING.readyAt(FROM.plusSeconds(10)).knownUntil(FROM.plusSeconds(100));
        Used other = Used.NOTHING.ran(FROM.plusSeconds(20), FROM.plusSeconds(50), true);
        store.append(
                Log.LEDGER, FROM, Ledger.addition(origin.token(), "m", other).orElseThrow());
        store.append(
                Log.LEDGER,
                FROM,
                Ledger.line(
                        record(origin, Used.NOTHING),
                        origin,
                        "m",
                        new Ledger.Ending(null, FROM.plusSeconds(100), null, End.LOST, mine)));
        CostReport report = CostReport.read(store, Instant.MIN, FROM);
        assertThat(report.lines()).hasSize(1);
        assertThat(report.lines().get(0).times().run()).isEqualTo(Duration.ofSeconds(30));
        assertThat(report.lines().get(0).times().lost()).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void whoKnowsNothingAddsNothing() {
        assertThat(Ledger.addition("t", "m", Used.NOTHING)).isEmpty();
    }
}
