package dev.ephemeralbuilder.eci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LogPage;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Machine.FailureKind;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.MarketSnapshot.Price;
import dev.ephemeralbuilder.spi.MarketSnapshot.Stock;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class EciProviderSimulatorTest {
    private static final int LOOKS = 600;
    private static final String SERVES = "trap 'exit 0' TERM\nwhile :; do sleep 1; done\n";
    private static final SimulatedEci CLOUD = new SimulatedEci();
    private static final EciProvider PROVIDER = CLOUD.provider()
            .imageRules(Map.of("docker.io/", "own.example/hub/"))
            .registryCredential("private.example", "user", "wrong-password")
            .build();

    private final Set<String> launched = new HashSet<>();

    @AfterEach
    void calm() throws InterruptedException {
        for (String id : launched) {
            PROVIDER.delete(List.of(id));
        }
        CLOUD.simulator().images().clear();
        CLOUD.calm();
    }

    @AfterAll
    static void end() {
        PROVIDER.close();
        CLOUD.close();
    }

    private static Offer offer(Market way, MachineType... types) throws InterruptedException {
        MarketSnapshot rest = PROVIDER.market(
                new MarketQuery(EnumSet.of(Part.PRICES, Part.STOCK), List.of(types), Set.of(Duration.ZERO)));
        return PROVIDER
                .offers(
                        CLOUD.spec().build(),
                        new MarketSnapshot(List.of(types), rest.prices(), rest.stock(), rest.releaseRates()))
                .offers()
                .stream()
                .filter(offer -> offer.market() == way)
                .findFirst()
                .orElseThrow();
    }

    private static Launch.Builder launch(String token, String image) throws InterruptedException {
        return launch(token, image, offer(Market.ON_DEMAND, EciFixtures.SIZE));
    }

    private static Launch.Builder launch(String token, String image, Offer offer) {
        return Launch.builder()
                .spec(CLOUD.spec().containerImage(image).build())
                .offer(offer)
                .token(token)
                .tags(Map.of(MachineTags.OWNER, "ci", MachineTags.LEASE, "1"))
                .cap(CLOUD.now().plus(Duration.ofHours(2)).truncatedTo(ChronoUnit.MINUTES))
                .bootstrap(SERVES)
                .hostKey(EciFixtures.KEYS)
                .clientKey(EciFixtures.KEYS.getPublic());
    }

    private String launched(Launch.Builder launch) throws InterruptedException {
        String id = PROVIDER.launch(launch.build()).ids().get(0);
        launched.add(id);
        return id;
    }

    private static Machine once(String id, Predicate<Machine> seen) throws InterruptedException {
        Machine last = null;
        for (int looks = 0; looks < LOOKS; looks++) {
            last = PROVIDER.describe(List.of(id)).get(id);
            if (last != null && seen.test(last)) {
                return last;
            }
            CLOUD.pass(Duration.ofSeconds(1));
        }
        throw new AssertionError("never seen so: " + last);
    }

    private static boolean runs(Machine machine) {
        return machine.state() == MachineState.RUNNING;
    }

    @Test
    void aShellOfAGroupThatIsGoneFailsAsOneThatDoesNotAnswer() throws InterruptedException {
        String id = launched(launch("gone", "build:1"));
        Machine machine = once(id, EciProviderSimulatorTest::runs);
        try (Shell shell = PROVIDER.open(machine, new ShellKeys(EciFixtures.KEYS, "not asked for"))) {
            CLOUD.delete(machine);
            for (int looks = 0; looks < LOOKS && PROVIDER.describe(List.of(id)).containsKey(id); looks++) {
                CLOUD.pass(Duration.ofSeconds(1));
            }
            assertThatThrownBy(() -> shell.open("true")).isInstanceOfSatisfying(ProviderException.class, e -> {
                assertThat(e.retryable()).isTrue();
                assertThat(e.effect()).isEqualTo(ProviderException.Effect.NONE);
                assertThat(e).hasMessageContaining(id);
            });
        }
    }

    @Test
    void aSizeHasAPriceAndAStockInEachZone() throws InterruptedException {
        MarketSnapshot market = PROVIDER.market(
                new MarketQuery(EnumSet.of(Part.PRICES, Part.STOCK), List.of(EciFixtures.SIZE), Set.of()));
        Set<String> zones = CLOUD.simulator().vSwitches().keySet();

        assertThat(market.prices()).extracting(Price::zone).containsExactlyInAnyOrderElementsOf(zones);
        assertThat(market.prices())
                .allSatisfy(price ->
                        assertThat(price.hourly().amount()).isBetween(new BigDecimal("0.3"), new BigDecimal("0.6")));
        assertThat(market.stock())
                .allSatisfy(stock -> assertThat(stock.market()).isEqualTo(Market.ON_DEMAND))
                .extracting(Stock::zone)
                .containsExactlyInAnyOrderElementsOf(zones);
    }

    @Test
    void aSizeWithoutStockIsRefused() throws InterruptedException {
        Offer offer = offer(Market.ON_DEMAND, EciFixtures.SIZE);
        CLOUD.stockOut(offer);

        assertThatThrownBy(() -> launched(launch("no-stock", "build:1", offer)))
                .isInstanceOfSatisfying(
                        CapacityException.class,
                        e -> assertThat(e.reason()).isEqualTo(CapacityException.Reason.NO_STOCK));
    }

    @Test
    void anImageThatDoesNotExistFailsFastWithItsRule() throws InterruptedException {
        CLOUD.simulator().images().image("own.example/hub/library/nothing:1").missing();

        Machine machine =
                once(launched(launch("missing", "nothing:1")), m -> m.failure().isPresent());

        assertThat(machine.state()).isEqualTo(MachineState.STARTING);
        assertThat(machine.failureKind()).isEqualTo(FailureKind.IMAGE_PULL);
        assertThat(machine.failure().orElseThrow())
                .contains("own.example/hub/library/nothing:1", "docker.io/ -> own.example/hub/");
    }

    @Test
    void aWrongPasswordOfTheRegistryFailsFastAndIsNotShown() throws InterruptedException {
        CLOUD.simulator().images().login("private.example", "user", "right-password");

        Machine machine = once(
                launched(launch("password", "private.example/app:1")),
                m -> m.failure().isPresent());

        assertThat(machine.failureKind()).isEqualTo(FailureKind.IMAGE_PULL);
        assertThat(machine.failure().orElseThrow())
                .contains("private.example/app:1")
                .doesNotContain("wrong-password")
                .doesNotContain("right-password");
    }

    @Test
    void anImageWithoutAShellIsAFailureAndNotAVanishedMachine() throws InterruptedException {
        CLOUD.simulator().images().image("bare.example/app:1").lacking("sh");

        Machine machine = once(
                launched(launch("bare", "bare.example/app:1")), m -> m.failure().isPresent());

        assertThat(machine.failureKind()).isEqualTo(FailureKind.BOOT);
        assertThat(machine.failure().orElseThrow()).contains("bare.example/app:1", "could not be started");
    }

    @Test
    void anOwnCommandLeavesItsExitCodeAndItsLog() throws InterruptedException {
        String id = launched(launch("own", "build:1")
                .containerCommand(ContainerCommand.of("sh", "-c", "echo one; echo \"$WHAT\"; exit 7")
                        .withEnvironment(Map.of("WHAT", "two"))));

        Machine machine = once(id, m -> m.state() == MachineState.ENDED);
        LogPage page = PROVIDER.log(id, null);

        assertThat(machine.exitCode()).hasValue(7);
        assertThat(machine.failure()).isEmpty();
        assertThat(page.text()).isEqualTo("one\ntwo\n");
        assertThat(page.gap()).isFalse();
        assertThat(PROVIDER.log(id, page.cursor()).text()).isEmpty();
    }

    @Test
    void aReclaimIsToldThreeMinutesAhead() throws InterruptedException {
        String id = launched(launch("reclaim", "build:1", offer(Market.SPOT, EciFixtures.TYPE)));
        once(id, EciProviderSimulatorTest::runs);

        CLOUD.simulator().reclaim(id, Duration.ofMinutes(3));
        Machine told = once(id, m -> m.reclaimNotice().isPresent());
        ReclaimNotice notice = told.reclaimNotice().orElseThrow();
        Machine gone = once(id, m -> m.state() == MachineState.ENDED);

        assertThat(notice.source()).isEqualTo("SpotToBeReleased");
        assertThat(notice.deadline()).isBefore(CLOUD.now().plusSeconds(1));
        assertThat(gone.reclaimNotice()).map(ReclaimNotice::source).contains("Expired");
        assertThat(gone.failure()).isEmpty();
    }

    @Test
    void aGroupThatWasOutbidWasReclaimed() throws InterruptedException {
        String id = launched(launch("outbid", "build:1", offer(Market.SPOT, EciFixtures.TYPE)));
        once(id, EciProviderSimulatorTest::runs);

        CLOUD.simulator().failBid(id, Duration.ofSeconds(20));

        assertThat(once(id, m -> m.state() == MachineState.ENDED).reclaimNotice())
                .isPresent();
    }

    @Test
    void aGroupThatIsDeletedByItsOwnerIsNoFailure() throws InterruptedException {
        String id = launched(launch("deleted", "build:1"));
        once(id, EciProviderSimulatorTest::runs);

        PROVIDER.delete(List.of(id));

        Machine after = PROVIDER.describe(List.of(id)).get(id);
        assertThat(after == null || after.failure().isEmpty()).isTrue();
    }
}
