package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.event.BuilderListener;
import dev.ephemeralbuilder.selection.Objective;
import dev.ephemeralbuilder.selection.SelectionPolicy;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.Ticker;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the fleet's builder collected. A null store or ticker means the engine makes, owns and closes its own; no reaper
 * means none in the background, and no host means the name that this one has;
 * no disk price means that nobody has said what a disk costs.
 */
public record EngineConfig(
        String owner,
        List<CloudProvider> providers,
        List<BuilderListener> listeners,
        SelectionPolicy selectionPolicy,
        Objective objective,
        @Nullable StateStore stateStore,
        @Nullable Ticker ticker,
        int maxConcurrentCalls,
        int maxAttempts,
        @Nullable Integer maxMachines,
        @Nullable Money maxHourlySpend,
        Duration lease,
        @Nullable Duration reaper,
        @Nullable String host,
        @Nullable URI machineMetadata,
        Duration closeTimeout,
        boolean closeOnJvmExit,
        @Nullable Money diskPrice) {}
