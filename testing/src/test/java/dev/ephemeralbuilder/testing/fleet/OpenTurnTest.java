package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.ForwardingShell;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A cloud where each channel on a machine costs a call of its API. */
@Timeout(120)
@Tag("once")
class OpenTurnTest {
    private static final int PER_MINUTE = 20;

    private final TestTicker ticker = TestTicker.create();
    private final List<Instant> opens = new CopyOnWriteArrayList<>();
    private final AtomicInteger refusals = new AtomicInteger();

    private FleetRig rig() {
        return new FleetRig(
                ticker,
                cloud -> cloud.limits(ProviderLimits.builder()
                        .callsPerMinute(CloudAction.OPEN, PER_MINUTE)
                        .build()),
                fleet -> fleet,
                next -> new ForwardingProvider(next) {
                    @Override
                    public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
                        return new ForwardingShell(super.open(machine, keys)) {
                            @Override
                            public Channel open(String command) throws InterruptedException {
                                opens.add(ticker.now());
                                if (refusals.getAndDecrement() > 0) {
                                    throw new ThrottledException("too many", "Throttling.User", null, null);
                                }
                                return super.open(command);
                            }
                        };
                    }
                });
    }

    @Test
    void noMoreChannelsAreOpenedInAMinuteThanTheCloudAllows() {
        try (FleetRig rig = rig()) {
            List<CompletableFuture<EphemeralBuilder>> begun = new ArrayList<>();
            for (int i = 0; i < 3 * PER_MINUTE; i++) {
                begun.add(rig.begin());
            }
            begun.forEach(rig::await);
            assertThat(opens).hasSizeGreaterThanOrEqualTo(3 * PER_MINUTE);
            for (Instant from : opens) {
                Instant to = from.plus(Duration.ofMinutes(1));
                assertThat(opens.stream().filter(at -> !at.isBefore(from) && at.isBefore(to)))
                        .hasSizeLessThanOrEqualTo(PER_MINUTE);
            }
        }
    }

    @Test
    void aRefusedChannelIsOpenedOnceTheCloudCountsAnew() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            opens.clear();
            refusals.set(1);
            RunningScript script = rig.await(builder.start(Script.of("exit 3")));
            ScriptResult result = rig.await(script.result());
            assertThat(result.exitCode()).isEqualTo(3);
            Instant refused = opens.get(0);
            assertThat(opens.get(1)).isAfterOrEqualTo(refused.plusSeconds(60).truncatedTo(ChronoUnit.MINUTES));
        }
    }

    @Test
    void aMachineIsNotOutOfReachWhileTheCloudTakesNoCalls() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            opens.clear();
            // Each costs a minute: more than a machine that does not answer is given.
            refusals.set(5);
            RunningScript script = rig.await(builder.start(Script.of("exit 3")));
            assertThat(Duration.between(opens.get(0), opens.get(5))).isGreaterThan(Duration.ofMinutes(4));
            assertThat(rig.await(script.result()).exitCode()).isEqualTo(3);
        }
    }
}
