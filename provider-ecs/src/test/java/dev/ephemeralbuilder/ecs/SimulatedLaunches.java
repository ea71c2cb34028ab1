package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.security.InvalidKeyException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The way from an offer of a simulated cloud to a machine that lets the fixtures' client in. */
final class SimulatedLaunches {
    private static final int LOOKS = 200;

    private final SimulatedCloud cloud;
    private final EcsProvider provider;

    SimulatedLaunches(SimulatedCloud cloud, EcsProvider provider) {
        this.cloud = cloud;
        this.provider = provider;
    }

    private Offer spotOffer() throws InterruptedException {
        MarketSnapshot types = provider.market(MarketQuery.catalog());
        MarketSnapshot rest = provider.market(new MarketQuery(
                EnumSet.of(Part.PRICES, Part.STOCK, Part.RELEASE_RATES),
                types.types().subList(0, 2),
                Set.of(Duration.ZERO, Duration.ofHours(1))));
        Offers offers = provider.offers(
                cloud.spec().build(),
                new MarketSnapshot(types.types(), rest.prices(), rest.stock(), rest.releaseRates()));
        assertThat(offers.offers()).isNotEmpty();
        return offers.offers().stream()
                .filter(o -> o.market() == Market.SPOT)
                .findFirst()
                .orElseThrow();
    }

    Launch.Builder launch(String token) throws InterruptedException {
        return Launch.builder()
                .spec(cloud.spec().build())
                .offer(spotOffer())
                .token(token)
                .tags(Map.of(MachineTags.OWNER, "ci", MachineTags.LEASE, "1"))
                .cap(cloud.now().plus(Duration.ofHours(2)).truncatedTo(ChronoUnit.MINUTES))
                .hostKey(Fixtures.HOST)
                .clientKey(Fixtures.CLIENT.getPublic());
    }

    Machine running(String id) throws InterruptedException {
        for (int looks = 0; looks < LOOKS; looks++) {
            Machine machine = provider.describe(List.of(id)).get(id);
            if (machine != null && machine.state() == MachineState.RUNNING) {
                return machine;
            }
            cloud.pass(Duration.ofSeconds(1));
        }
        throw new AssertionError(id + " never ran");
    }

    Shell open(Machine machine) throws InterruptedException, InvalidKeyException {
        ShellKeys keys = new ShellKeys(Fixtures.CLIENT, OpenSshKeys.fingerprint(Fixtures.HOST.getPublic()));
        for (int tries = 0; tries < LOOKS; tries++) {
            try {
                return provider.open(machine, keys);
            } catch (ProviderException e) {
                if (!e.retryable()) {
                    throw e;
                }
            }
            cloud.pass(Duration.ofSeconds(1));
        }
        throw new AssertionError(machine.id() + " never answered");
    }
}
