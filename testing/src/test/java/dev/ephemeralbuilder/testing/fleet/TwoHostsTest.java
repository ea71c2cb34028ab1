package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Processes on two hosts with one owner name, whose clocks are wrong by twelve minutes either way and jump, over a cloud
 * that fails now and then: however often they sweep, no live machine is ever deleted, and no dead one stays.
 */
@Timeout(120)
class TwoHostsTest {
    private static final Duration SWEEP = Duration.ofSeconds(30);

    private final StateStore shared = StateStore.inMemory();
    private final AtomicBoolean calm = new AtomicBoolean(true);

    /** Fails a tenth of the calls by the dice. */
    private final class Faulty extends ForwardingProvider {
        private final Random random;

        Faulty(CloudProvider next, long seed) {
            super(next);
            this.random = new Random(seed);
        }

        private synchronized void roll() {
            int dice = calm.get() ? 99 : random.nextInt(100);
            if (dice < 3) {
                throw new ThrottledException("too many", "Throttling.User", null, null);
            }
            if (dice < 8) {
                throw new ProviderException("busy", Effect.UNKNOWN, true, "ServiceUnavailable", null, null);
            }
        }

        @Override
        public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
            roll();
            return super.describe(ids);
        }

        @Override
        public MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
            roll();
            return super.list(owner, cursor);
        }

        @Override
        public Map<String, Outcome> renew(Collection<String> ids, Instant lease) throws InterruptedException {
            roll();
            return super.renew(ids, lease);
        }
    }

    private BuildFleet.Builder on(BuildFleet.Builder fleet, HostTicker host, String name) {
        return fleet.ticker(host).host(name).stateStore(shared).reaper(SWEEP);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void noneDeletesALiveMachineOfAnother(long seed) throws Exception {
        Random random = new Random(seed);
        TestTicker ticker = TestTicker.create();
        HostTicker slow = new HostTicker(ticker, Duration.ofMinutes(-12));
        HostTicker fast = new HostTicker(ticker, Duration.ofMinutes(12));
        try (FleetRig rig = new FleetRig(
                ticker, cloud -> cloud, fleet -> on(fleet, slow, "slow"), cloud -> new Faulty(cloud, seed))) {
            List<BuildFleet> all = new ArrayList<>();
            all.add(rig.fleet);
            all.add(rig.another(f -> on(f, slow, "slow"), cloud -> new Faulty(cloud, seed + 100)));
            all.add(rig.another(
                    f -> on(f, fast, "fast").stateStore(StateStore.inMemory()),
                    cloud -> new Faulty(cloud, seed + 200)));
            Set<String> living = new HashSet<>();
            for (BuildFleet fleet : all) {
                living.add(rig.await(fleet.acquireAsync(FleetRig.SPEC, AcquireRequest.defaults()))
                        .id());
            }
            assertThat(rig.tags(living.iterator().next()).get(MachineTags.HOST)).isIn("slow", "fast");
            String orphan = rig.machineLike(
                    rig.creates.get(0).launch(),
                    Map.of(
                            MachineTags.LEASE,
                            Long.toString(ticker.now().plusSeconds(60).getEpochSecond())));
            calm.set(false);
            for (int i = 0; i < 120; i++) {
                rig.pass(Duration.ofMinutes(1));
                assertThat(rig.cloud.machines()).as("after %s minutes", i).containsAll(living);
                if (random.nextInt(20) == 0) {
                    (random.nextBoolean() ? slow : fast).jump(Duration.ofMinutes(random.nextInt(81) - 40));
                }
            }
            assertThat(rig.cloud.machines()).doesNotContain(orphan).hasSize(3);
            assertThat(rig.cloud.calls(Call.LIST)).isGreaterThan(400);
            calm.set(true);
        }
    }
}
