package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Door;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.LogPage;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.net.URI;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A provider that hands every call on to another one. Tests extend it and override the call that they want to see or to
 * disturb. As safe for use by many threads as the other one.
 */
public abstract class ForwardingProvider implements CloudProvider {
    private final CloudProvider next;

    /** Creates a provider before another one. */
    protected ForwardingProvider(CloudProvider next) {
        this.next = next;
    }

    @Override
    public String name() {
        return next.name();
    }

    @Override
    public String region() {
        return next.region();
    }

    @Override
    public String account() {
        return next.account();
    }

    @Override
    public void onCloudTime(Consumer<Instant> listener) {
        next.onCloudTime(listener);
    }

    @Override
    public int freeDiskGib() {
        return next.freeDiskGib();
    }

    @Override
    public ProviderLimits limits() {
        return next.limits();
    }

    @Override
    public Optional<URI> machineMetadata() {
        return next.machineMetadata();
    }

    @Override
    public MarketSnapshot market(MarketQuery query) throws InterruptedException {
        return next.market(query);
    }

    @Override
    public Offers offers(MachineSpec spec, MarketSnapshot market) {
        return next.offers(spec, market);
    }

    @Override
    public LaunchResult launch(Launch launch) throws InterruptedException {
        return next.launch(launch);
    }

    @Override
    public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
        return next.describe(ids);
    }

    @Override
    public MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
        return next.list(owner, cursor);
    }

    @Override
    public Map<String, Outcome> renew(Collection<String> ids, Instant lease) throws InterruptedException {
        return next.renew(ids, lease);
    }

    @Override
    public Instant extend(String id, Instant cap) throws InterruptedException {
        return next.extend(id, cap);
    }

    @Override
    public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
        return next.delete(ids);
    }

    @Override
    public boolean runsContainerCommands() {
        return next.runsContainerCommands();
    }

    @Override
    public LogPage log(String id, @Nullable String cursor) throws InterruptedException {
        return next.log(id, cursor);
    }

    @Override
    public Optional<String> consoleOutput(String id) throws InterruptedException {
        return next.consoleOutput(id);
    }

    @Override
    public CompletableFuture<Door> knock(Machine machine) {
        return next.knock(machine);
    }

    @Override
    public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
        return next.open(machine, keys);
    }

    @Override
    public void close() {
        next.close();
    }
}
