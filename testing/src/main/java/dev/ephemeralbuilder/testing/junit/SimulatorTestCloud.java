package dev.ephemeralbuilder.testing.junit;

import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.MachineProcess;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** A simulator, and a provider of the test's choice on it. */
final class SimulatorTestCloud implements TestCloud {
    private static final Duration STEP = Duration.ofMillis(50);
    private static final Duration BOOT = Duration.ofMillis(100);

    private final SimulatedClock clock;
    private final AlibabaCloudSimulator simulator;
    private final Function<? super AlibabaCloudSimulator, ? extends CloudProvider> provider;

    private SimulatorTestCloud(
            Function<? super AlibabaCloudSimulator, ? extends CloudProvider> provider,
            Supplier<SimulatedClock> clock,
            Consumer<AlibabaCloudSimulator.Builder> settings) {
        this.provider = provider;
        this.clock = clock.get();
        AlibabaCloudSimulator.Builder builder = AlibabaCloudSimulator.builder().bootTime(BOOT, BOOT.multipliedBy(2));
        settings.accept(builder);
        this.simulator = builder.clock(this.clock).start();
    }

    static Kind kind(
            Function<? super AlibabaCloudSimulator, ? extends CloudProvider> provider,
            Supplier<SimulatedClock> clock,
            Consumer<AlibabaCloudSimulator.Builder> settings) {
        return new Kind() {
            @Override
            public Set<Class<?>> parameters() {
                return Set.of(AlibabaCloudSimulator.class, SimulatedClock.class);
            }

            @Override
            public TestCloud start() {
                return new SimulatorTestCloud(provider, clock, settings);
            }
        };
    }

    @Override
    public CloudProvider connect() {
        return provider.apply(simulator);
    }

    @Override
    public Ticker newTicker() {
        return simulator.ticker();
    }

    @Override
    public void release(Ticker ticker) {
        ticker.close();
    }

    @Override
    public Object parameter(Class<?> type) {
        return type == SimulatedClock.class ? clock : simulator;
    }

    @Override
    public List<Left> machines() {
        return simulator.machines().stream()
                .map(m -> TestCloud.left(
                        m.id(),
                        m.type(),
                        m.state(),
                        m.tags().get(MachineTags.OWNER),
                        m.tags().get(MachineTags.REQUEST)))
                .toList();
    }

    @Override
    public List<MachineProcess> processes() {
        return simulator.processes();
    }

    @Override
    public void letTimePass() {
        if (clock.movedByHand()) {
            clock.advance(STEP);
        }
    }

    @Override
    public void close() {
        simulator.close();
    }
}
