package dev.ephemeralbuilder.testing.junit;

import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.TestTicker;
import dev.ephemeralbuilder.testing.simulator.MachineProcess;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A cloud in memory, in a time that the test moves. */
final class InMemoryTestCloud implements TestCloud {
    private static final Duration STEP = Duration.ofMillis(200);

    private final TestTicker ticker = TestTicker.create();
    // Kept apart from the fleets' clients, so that the cloud outlives them and can be looked at.
    private final InMemoryProvider provider;

    private InMemoryTestCloud(Consumer<InMemoryProvider.Builder> settings) {
        InMemoryProvider.Builder builder = InMemoryProvider.builder();
        settings.accept(builder);
        this.provider = builder.ticker(ticker).build();
    }

    static Kind kind(Consumer<InMemoryProvider.Builder> settings) {
        return new Kind() {
            @Override
            public Set<Class<?>> parameters() {
                return Set.of(InMemoryProvider.class, TestTicker.class);
            }

            @Override
            public TestCloud start() {
                return new InMemoryTestCloud(settings);
            }
        };
    }

    @Override
    public CloudProvider connect() {
        return provider.sibling();
    }

    @Override
    public Ticker newTicker() {
        return ticker;
    }

    @Override
    public void release(Ticker released) {
        // There is one for all.
    }

    @Override
    public Object parameter(Class<?> type) {
        return type == TestTicker.class ? ticker : provider;
    }

    @Override
    public List<Left> machines() {
        return provider.inventory().stream()
                .map(m -> TestCloud.left(
                        m.id(),
                        m.type(),
                        m.state().name(),
                        m.tags().get(MachineTags.OWNER),
                        m.tags().get(MachineTags.REQUEST)))
                .toList();
    }

    @Override
    public List<MachineProcess> processes() {
        return provider.processes();
    }

    @Override
    public void letTimePass() {
        CompletableFuture<Boolean> passed = new CompletableFuture<>();
        ticker.schedule(STEP, () -> passed.complete(true));
        ticker.advanceUntil(passed, STEP);
    }

    @Override
    public void close() {
        provider.close();
        ticker.close();
    }
}
