package dev.ephemeralbuilder.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Door;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.AbstractList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.digest.BuiltinDigests;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class InMemoryProviderTest {
    private static final Duration BOOT = Duration.ofSeconds(30);
    private static final String TYPE = "mem.c1.large";
    private static final String ZONE = "memory-1a";
    private static final KeyPair HOST = newKey();
    private static final KeyPair CLIENT = newKey();
    private static final MachineSpec SPEC =
            MachineSpec.builder().machineImage("m-test").build();

    private final TestTicker ticker = TestTicker.create();
    private final InMemoryProvider provider = InMemoryProvider.builder()
            .ticker(ticker)
            .bootTime(BOOT)
            .initializingTime(Duration.ofSeconds(10))
            .deletionTime(Duration.ofSeconds(20))
            .limits(ProviderLimits.builder().channelsPerShell(3).build())
            .build();

    @AfterEach
    void close() {
        provider.close();
    }

    @Test
    void aMachineHasAnAddressAtOnceAndRunsAfterTheBootTime() throws Exception {
        String id = launch(Market.SPOT);
        ticker.advance(BOOT.minusMillis(1));
        assertThat(described(id).state()).isEqualTo(MachineState.STARTING);
        assertThat(described(id).privateAddress()).isPresent();
        assertThat(provider.knock(described(id))).isCompletedWithValue(Door.SHUT);
        ticker.advance(Duration.ofMillis(1));
        assertThat(described(id).state()).isEqualTo(MachineState.RUNNING);
        assertThat(provider.knock(described(id))).isCompletedWithValue(Door.OPEN);
    }

    @Test
    void theCapEndsAMachineAndItsProcessesThoughNobodyAsks() throws Exception {
        Machine machine = running();
        ProcessHandle process = process(machine, "echo $$; exec sleep 600");
        ticker.advance(Duration.ofMinutes(61));
        awaitEnd(process);
        assertThat(provider.machines()).isEmpty();
    }

    @Test
    void aRaisedCapHoldsAndALowerOneChangesNothing() throws Exception {
        String id = launch(Market.SPOT);
        Instant cap = described(id).cap().orElseThrow();
        assertThat(provider.extend(id, cap.plusSeconds(3600))).isEqualTo(cap.plusSeconds(3600));
        assertThat(provider.extend(id, cap)).isEqualTo(cap.plusSeconds(3600));
        ticker.advance(Duration.ofMinutes(100));
        assertThat(provider.machines()).containsExactly(id);
        ticker.advance(Duration.ofMinutes(20));
        assertThat(provider.machines()).isEmpty();
    }

    @Test
    void aCapBelowTheShortestLifetimeIsRefused() {
        Launch launch = launchOf(Market.SPOT)
                .cap(ticker.now().plus(Duration.ofMinutes(29)))
                .build();
        assertThatThrownBy(() -> provider.launch(launch))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("InvalidAutoReleaseTime.Malformed");
    }

    @Test
    void aTokenRemembersItsFailure() throws Exception {
        Launch launch = launchOf(Market.SPOT).build();
        provider.stockOut(TYPE, ZONE);
        assertThatThrownBy(() -> provider.launch(launch)).isInstanceOf(CapacityException.class);
        provider.restock(TYPE, ZONE);
        assertThatThrownBy(() -> provider.launch(launch))
                .as("the same token after the stock is back")
                .isInstanceOf(CapacityException.class);
        assertThat(provider.launch(launchOf(Market.SPOT).token("another").build())
                        .ids())
                .hasSize(1);
    }

    @Test
    void aLaunchIsContentWithItsMinimum() throws Exception {
        provider.stock(TYPE, ZONE, Market.SPOT, 2);
        assertThat(provider.launch(launchOf(Market.SPOT).count(1, 3).build()).ids())
                .hasSize(2);
        assertThat(provider.machines()).hasSize(2);
    }

    @Test
    void aLaunchBelowItsMinimumLeavesNothing() {
        provider.stock(TYPE, ZONE, Market.SPOT, 2);
        assertThatThrownBy(
                        () -> provider.launch(launchOf(Market.SPOT).count(3, 3).build()))
                .isInstanceOf(CapacityException.class);
        assertThat(provider.machines()).isEmpty();
    }

    @Test
    void theMarketsHaveStockOfTheirOwn() throws Exception {
        provider.stock(TYPE, ZONE, Market.SPOT, 0);
        assertThatThrownBy(() -> launch(Market.SPOT)).isInstanceOf(CapacityException.class);
        assertThat(launch(Market.ON_DEMAND)).isNotBlank();
    }

    @Test
    void aSpotPriceAboveTheLimitIsRefusedAsPrice() {
        provider.price(TYPE, ZONE, Market.SPOT, Money.of("0.41", "CNY"));
        CapacityException failure = catchThrowableOfType(CapacityException.class, () -> launch(Market.SPOT));
        assertThat(failure.reason()).isEqualTo(CapacityException.Reason.PRICE);
    }

    @Test
    void theMarketTellsOfAStockOutOnlyLater() throws Exception {
        provider.stockOut(TYPE, ZONE);
        assertThat(soldOut()).isEmpty();
        ticker.advance(Duration.ofMinutes(5));
        assertThat(soldOut()).containsExactlyInAnyOrder(Market.SPOT, Market.ON_DEMAND);
        assertThat(provider.offers(SPEC, snapshot()).rejections())
                .anySatisfy(rejection -> assertThat(rejection.reason()).contains("sold out"));
    }

    @Test
    void protectionCostsMoreAndReleaseRatesReachTheOffers() throws Exception {
        provider.releaseRate(TYPE, ZONE, 0.25);
        List<Offer> offers = provider.offers(SPEC, snapshot()).offers().stream()
                .filter(o -> o.type().id().equals(TYPE) && o.zone().equals(ZONE) && o.market() == Market.SPOT)
                .toList();
        assertThat(offers)
                .extracting(offer -> offer.protection() + " " + offer.hourlyPrice() + " " + offer.releaseRate())
                .containsExactly("PT0S 0.0800 CNY OptionalDouble[0.25]", "PT1H 0.0880 CNY OptionalDouble[0.25]");
    }

    @Test
    void aReclaimGivesNoticeAndThenTakesTheMachine() throws Exception {
        String id = launch(Market.SPOT);
        ticker.advance(Duration.ofMinutes(2));
        provider.reclaim(id, Duration.ofMinutes(5));
        assertThat(described(id).reclaimNotice())
                .hasValueSatisfying(notice ->
                        assertThat(notice.deadline()).isEqualTo(ticker.now().plus(Duration.ofMinutes(5))));
        ticker.advance(Duration.ofMinutes(5));
        assertThat(provider.machines()).isEmpty();
    }

    @Test
    void aProtectedMachineCannotBeReclaimed() throws Exception {
        Offer offer = Offer.builder()
                .provider("memory")
                .region("memory-1")
                .zone(ZONE)
                .type(type())
                .market(Market.SPOT)
                .protection(Duration.ofHours(1))
                .hourlyPrice(Money.of("0.09", "CNY"))
                .hourlyOnDemandPrice(Money.of("0.40", "CNY"))
                .build();
        String id = provider.launch(launchOf(Market.SPOT)
                        .offer(offer)
                        .cap(ticker.now().plus(Duration.ofHours(2)))
                        .build())
                .ids()
                .get(0);
        ticker.advance(Duration.ofMinutes(54));
        assertThatThrownBy(() -> provider.reclaim(id, Duration.ofMinutes(5)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("protected");
        ticker.advance(Duration.ofMinutes(1));
        provider.reclaim(id, Duration.ofMinutes(5));
        assertThat(described(id).reclaimNotice()).isPresent();
    }

    @Test
    void anOnDemandMachineCannotBeReclaimed() throws Exception {
        String id = launch(Market.ON_DEMAND);
        assertThatThrownBy(() -> provider.reclaim(id, Duration.ofMinutes(5))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aVanishedMachineIsAbsentAtOnceAndItsChannelsEndWithoutExitCode() throws Exception {
        Machine machine = running();
        Shell shell = provider.open(machine, keys());
        Channel channel = shell.open("sleep 600");
        provider.vanish(machine.id());
        assertThat(provider.describe(List.of(machine.id()))).isEmpty();
        assertThat(get(channel.ended())).isEmpty();
        assertThat(shell.isOpen()).isFalse();
    }

    @Test
    void aHiddenLaunchIsMissingFromEveryAnswerUntilItsTimeIsOver() throws Exception {
        Duration hidden = Duration.ofSeconds(20);
        provider.hideNextLaunch(hidden);
        String id = launch(Market.SPOT);
        assertThat(provider.machines()).containsExactly(id);
        assertThat(provider.describe(List.of(id))).isEmpty();
        assertThat(provider.list("me", null).machines()).isEmpty();
        assertThat(provider.delete(List.of(id)).get(id))
                .extracting(Outcome::status)
                .isEqualTo(Outcome.Status.ABSENT);
        ticker.advance(hidden);
        assertThat(described(id).id()).isEqualTo(id);
        assertThat(provider.list("me", null).machines()).hasSize(1);
        assertThat(provider.describe(List.of(launch(Market.SPOT))))
                .as("the launch after it")
                .hasSize(1);
    }

    @Test
    void aLaunchThatVanishesGivesIdsOfMachinesThatAreGone() throws Exception {
        provider.vanishNextLaunch();
        String id = launch(Market.SPOT);
        assertThat(provider.describe(List.of(id))).isEmpty();
        assertThat(provider.machines()).isEmpty();
        assertThat(described(launch(Market.SPOT)).state()).isEqualTo(MachineState.STARTING);
    }

    @Test
    void aMachineThatShowsAnotherHostKeyIsOpenToWhoeverExpectsThatOne() throws Exception {
        Machine machine = running();
        KeyPair another = newKey();
        provider.showHostKey(machine.id(), another.getPublic());
        ProviderException refusal = catchThrowableOfType(ProviderException.class, () -> provider.open(machine, keys()));
        assertThat(refusal.code()).contains("HostKeyMismatch");
        String print = KeyUtils.getFingerPrint(BuiltinDigests.sha256, another.getPublic());
        try (Shell shell = provider.open(machine, new ShellKeys(CLIENT, print.substring("SHA256:".length())))) {
            assertThat(shell.isOpen()).isTrue();
        }
    }

    @Test
    void aPlannedFailureHasNoEffectAndIsUsedUp() throws Exception {
        ThrottledException failure = new ThrottledException("slow down", "Throttling.User", null, null);
        provider.failNext(Call.LAUNCH, failure);
        assertThatThrownBy(() -> launch(Market.SPOT)).isSameAs(failure);
        assertThat(provider.machines()).isEmpty();
        assertThat(launch(Market.SPOT)).isNotBlank();
        assertThat(provider.calls(Call.LAUNCH)).isEqualTo(2);
    }

    @Test
    void aLostAnswerHasItsEffect() throws Exception {
        String id = launch(Market.SPOT);
        ticker.advance(BOOT);
        provider.loseNextAnswer(Call.DELETE);
        ProviderException failure = catchThrowableOfType(ProviderException.class, () -> provider.delete(List.of(id)));
        assertThat(failure.effect()).isEqualTo(Effect.UNKNOWN);
        assertThat(described(id).state()).isEqualTo(MachineState.STOPPING);
        ticker.advance(Duration.ofSeconds(20));
        assertThat(provider.machines()).isEmpty();
    }

    @Test
    void aMachineThatIsInitializingIsDeletedLater() throws Exception {
        String id = launch(Market.SPOT);
        assertThat(provider.delete(List.of(id)))
                .containsEntry(id, new Outcome(Outcome.Status.LATER, "IncorrectInstanceStatus.Initializing"));
        ticker.advance(Duration.ofSeconds(10));
        assertThat(provider.delete(List.of(id))).containsEntry(id, Outcome.accepted());
    }

    @Test
    void renewingAnUnknownMachineIsAbsent() throws Exception {
        Map<String, Outcome> outcomes = provider.renew(List.of("i-none"), ticker.now());
        assertThat(requireNonNull(outcomes.get("i-none")).status()).isEqualTo(Outcome.Status.ABSENT);
    }

    @Test
    void deletingAMachineEndsProcessesInSessionsOfTheirOwn() throws Exception {
        Machine machine = running();
        ProcessHandle process = process(machine, "setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $!");
        provider.delete(List.of(machine.id()));
        awaitEnd(process);
    }

    @Test
    void cuttingShellsEndsNoProcess() throws Exception {
        Machine machine = running();
        Shell shell = provider.open(machine, keys());
        Channel channel = shell.open("echo $$; exec sleep 600");
        long pid = Long.parseLong(text(get(channel.read())).strip());
        provider.cutShells(machine.id());
        assertThat(get(channel.ended())).isEmpty();
        assertThatThrownBy(() -> shell.open("true"))
                .isInstanceOfSatisfying(
                        ProviderException.class, e -> assertThat(e.effect()).isEqualTo(Effect.NONE));
        assertThat(ProcessHandle.of(pid))
                .hasValueSatisfying(process -> assertThat(process.isAlive()).isTrue());
    }

    @Test
    void unreadOutputWaitsOnTheMachine() throws Exception {
        Machine machine = running();
        try (Shell shell = provider.open(machine, keys());
                Channel channel = shell.open("head -c 1000000 /dev/zero; touch finished")) {
            assertThat(get(channel.read()).hasRemaining()).isTrue();
            assertThat(all(shell.open("test -e finished || echo waiting"))).isEqualTo("waiting\n");
            int rest = all(channel).length();
            assertThat(rest).isPositive().isLessThan(1_000_000);
            assertThat(all(shell.open("test -e finished && echo finished"))).isEqualTo("finished\n");
        }
    }

    @Test
    void aShellHasAsManyChannelsAsTheLimitSays() throws Exception {
        try (Shell shell = provider.open(running(), keys())) {
            Channel first = shell.open("sleep 600");
            shell.open("sleep 600");
            shell.open("sleep 600");
            assertThatThrownBy(() -> shell.open("true")).isInstanceOf(ProviderException.class);
            first.close();
            assertThat(all(shell.open("echo again"))).isEqualTo("again\n");
        }
    }

    @Test
    void aCommandThatIsTooLongIsAMistakeOfTheCaller() throws Exception {
        try (Shell shell = provider.open(running(), keys())) {
            assertThatThrownBy(() -> shell.open("x".repeat(1001))).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aClientMustHoldThePrivateKeyToo() throws Exception {
        Machine machine = running();
        KeyPair stolen = new KeyPair(CLIENT.getPublic(), newKey().getPrivate());
        assertThatThrownBy(() -> provider.open(machine, new ShellKeys(stolen, keys().hostKeyFingerprints())))
                .isInstanceOfSatisfying(
                        ProviderException.class, e -> assertThat(e.retryable()).isFalse());
    }

    @Test
    void closingOneOfTwoClientsEndsItsShellsOnly() throws Exception {
        Machine machine = running();
        InMemoryProvider sibling = provider.sibling();
        Shell shell = sibling.open(machine, keys());
        Channel channel = shell.open("echo $$; exec sleep 600");
        long pid = Long.parseLong(text(get(channel.read())).strip());
        sibling.close();
        assertThat(shell.isOpen()).isFalse();
        assertThat(ProcessHandle.of(pid))
                .hasValueSatisfying(process -> assertThat(process.isAlive()).isTrue());
        assertThatThrownBy(() -> sibling.list("me", null)).isInstanceOf(IllegalStateException.class);
        assertThat(described(machine.id()).state()).isEqualTo(MachineState.RUNNING);
    }

    @Test
    void theLastClientTakesProcessesAndFilesWithItButNotTheBooks() throws Exception {
        Machine machine = running();
        Path home;
        ProcessHandle process;
        try (Shell shell = provider.open(machine, keys())) {
            home = Path.of(all(shell.open("pwd")).strip());
            process = process(machine, "setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $!");
        }
        provider.close();
        awaitEnd(process);
        assertThat(Files.exists(requireNonNull(home.getParent()))).isFalse();
        assertThat(provider.machines()).containsExactly(machine.id());
        assertThatThrownBy(provider::sibling).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aTestTickerIsHeldDuringACallAndWhileACommandRuns() throws Exception {
        AtomicInteger during = new AtomicInteger();
        List<String> ids = new AbstractList<>() {
            @Override
            public String get(int index) {
                during.set(ticker.openHolds());
                return "i-none";
            }

            @Override
            public int size() {
                return 1;
            }
        };
        provider.describe(ids);
        assertThat(during).hasValue(1);
        assertThat(ticker.openHolds()).isZero();
        try (Shell shell = provider.open(running(), keys());
                Channel channel = shell.open("head -c 1")) {
            assertThat(ticker.openHolds()).isEqualTo(1);
            get(channel.write(ByteBuffer.wrap("x".getBytes(US_ASCII))));
            assertThat(all(channel)).isEqualTo("x");
            // Let go only after the end was told.
            await().untilAsserted(() -> assertThat(ticker.openHolds()).isZero());
        }
    }

    @Test
    void advanceUntilWaitsForAProcess() throws Exception {
        try (Shell shell = provider.open(running(), keys());
                Channel channel = shell.open("echo done")) {
            CompletableFuture<String> first = channel.read().thenApplyAsync(InMemoryProviderTest::text, ticker);
            assertThat(ticker.advanceUntil(first, Duration.ofDays(1))).isEqualTo("done\n");
        }
    }

    private static void awaitEnd(ProcessHandle process) {
        await().atMost(Duration.ofSeconds(30)).until(() -> !process.isAlive() || zombie(process));
    }

    /** An orphan that has ended stays a zombie until the host's first process collects it, which some never do. */
    private static boolean zombie(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc", String.valueOf(process.pid()), "stat"))
                    .contains(") Z ");
        } catch (IOException e) {
            // Ended while we looked, or a host without /proc: the process handle alone has to tell.
            return false;
        }
    }

    private ProcessHandle process(Machine machine, String command) throws Exception {
        Shell shell = provider.open(machine, keys());
        long pid = Long.parseLong(text(get(shell.open(command).read())).strip());
        return ProcessHandle.of(pid).orElseThrow();
    }

    private Machine running() throws Exception {
        String id = launch(Market.SPOT);
        ticker.advance(BOOT);
        return described(id);
    }

    private String launch(Market market) throws InterruptedException {
        return provider.launch(launchOf(market).build()).ids().get(0);
    }

    private Launch.Builder launchOf(Market market) {
        Money onDemand = Money.of("0.40", "CNY");
        Offer offer = Offer.builder()
                .provider("memory")
                .region("memory-1")
                .zone(ZONE)
                .type(type())
                .market(market)
                .hourlyPrice(market == Market.SPOT ? Money.of("0.08", "CNY") : onDemand)
                .hourlyOnDemandPrice(onDemand)
                .build();
        return Launch.builder()
                .spec(SPEC)
                .offer(offer)
                .token("token-" + provider.calls(Call.LAUNCH))
                .tags(Map.of(MachineTags.OWNER, "me"))
                .cap(ticker.now().plus(Duration.ofHours(1)))
                .hostKey(HOST)
                .clientKey(CLIENT.getPublic());
    }

    private MachineType type() {
        try {
            return provider.market(MarketQuery.catalog()).types().stream()
                    .filter(type -> type.id().equals(TYPE))
                    .findFirst()
                    .orElseThrow();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Machine described(String id) throws InterruptedException {
        return requireNonNull(provider.describe(List.of(id)).get(id));
    }

    private MarketSnapshot snapshot() throws InterruptedException {
        return provider.market(new MarketQuery(
                EnumSet.allOf(Part.class), List.of(type()), Set.of(Duration.ZERO, Duration.ofHours(1))));
    }

    private List<Market> soldOut() throws InterruptedException {
        return snapshot().stock().stream()
                .filter(stock -> stock.zone().equals(ZONE) && !stock.available())
                .map(MarketSnapshot.Stock::market)
                .toList();
    }

    private static ShellKeys keys() {
        String print = KeyUtils.getFingerPrint(BuiltinDigests.sha256, HOST.getPublic());
        return new ShellKeys(CLIENT, print.substring("SHA256:".length()));
    }

    private static String all(Channel channel) throws Exception {
        StringBuilder text = new StringBuilder();
        while (true) {
            ByteBuffer chunk = get(channel.read());
            if (!chunk.hasRemaining()) {
                get(channel.ended());
                return text.toString();
            }
            text.append(text(chunk));
        }
    }

    private static String text(ByteBuffer chunk) {
        return US_ASCII.decode(chunk).toString();
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private static KeyPair newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
