package dev.ephemeralbuilder.testing.junit;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Ticker;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The fleet of one test, on a cloud of its own or on that of its class. Safe for use by many threads. */
final class TestScope {
    private static final AtomicInteger OWNERS = new AtomicInteger();

    private final CloudScope cloud;
    private final boolean ownCloud;
    private final @Nullable String owner;
    private final Consumer<BuildFleet.Builder> settings;
    private final OwnThreads threads;
    private @Nullable Ticker ticker;
    private @Nullable WatchedFleet fleet;

    /**
     * @param ownCloud whether the cloud ends with this test
     * @param owner the fleet's owner; null for one that no other test has
     */
    TestScope(CloudScope cloud, boolean ownCloud, @Nullable String owner, Consumer<BuildFleet.Builder> settings) {
        this.cloud = cloud;
        this.ownCloud = ownCloud;
        this.owner = owner;
        this.settings = settings;
        this.threads = ownCloud ? cloud.threads() : new OwnThreads();
    }

    CloudScope cloud() {
        return cloud;
    }

    /** Returns the fleet's ticker. */
    synchronized Ticker ticker() {
        if (ticker == null) {
            TestCloud on = cloud.cloud();
            ticker = threads.make(on::newTicker);
        }
        return ticker;
    }

    /** Returns the fleet; the first call makes it. */
    synchronized BuildFleet fleet() {
        if (fleet == null) {
            TestCloud on = cloud.cloud();
            Ticker time = ticker();
            fleet = threads.make(() -> make(on, time));
        }
        return fleet.fleet();
    }

    private WatchedFleet make(TestCloud on, Ticker time) {
        CloudProvider provider = on.connect();
        try {
            BuildFleet.Builder builder = BuildFleet.builder()
                    .owner(owner == null ? "test-" + OWNERS.incrementAndGet() : owner)
                    .provider(provider)
                    .ticker(time);
            settings.accept(builder);
            return new WatchedFleet(builder.build());
        } catch (RuntimeException | Error e) {
            provider.close();
            throw e;
        }
    }

    /** Ends the fleet, and the cloud if it is this test's own, and says what the test left behind; blocks. */
    void end(Leaks leaks) {
        try {
            endFleet(leaks);
        } finally {
            if (ownCloud) {
                cloud.reportProcesses(leaks);
                cloud.close();
            }
        }
        leaks.addThreads(threads.left());
    }

    private synchronized void endFleet(Leaks leaks) {
        if (ticker == null) {
            reportMachines(null, leaks);
            return;
        }
        Ticker time = ticker;
        TestCloud on = cloud.cloud();
        try {
            if (fleet != null) {
                BuildFleet closing = fleet.unwatched();
                fleet.report(leaks);
                threads.end(closing::close, on::letTimePass);
                reportMachines(closing.owner(), leaks);
            } else {
                reportMachines(null, leaks);
            }
        } finally {
            on.release(time);
        }
    }

    /** On a cloud of its class a test answers for the machines of its own fleet. */
    private void reportMachines(@Nullable String fleetOwner, Leaks leaks) {
        if (ownCloud) {
            cloud.reportMachines(null, leaks);
        } else if (fleetOwner != null) {
            cloud.reportMachines(fleetOwner, leaks);
        }
    }
}
