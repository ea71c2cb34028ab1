package dev.ephemeralbuilder.testing;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.selection.MachineType;
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
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.FaultPlan.Fault;
import dev.ephemeralbuilder.testing.InMemoryMarket.Pool;
import dev.ephemeralbuilder.testing.InMemoryMarket.Priced;
import dev.ephemeralbuilder.testing.simulator.MachineProcess;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A cloud in memory for tests: it keeps client tokens, boots machines, runs out of stock, takes spot machines back and
 * fails on demand, without a server or an SDK. Times are those of its {@link Ticker}, or {@linkplain Builder#clockSkew
 * off by as much as is wanted}.
 *
 * <p>What a shell runs are <b>real processes of this host</b>, as the user of this JVM, in a temporary folder per machine
 * ({@link dev.ephemeralbuilder.testing.simulator.LocalMachine}). That is no sandbox.
 *
 * <p>Several clients can share one cloud, see {@link #sibling}. When the last of them is closed, the cloud's processes,
 * threads and files go; {@link #machines}, {@link #processes} and {@link #calls} still answer then, so that a test can look for leaks after
 * the fleet is closed.
 *
 * <p>Life of a machine: {@code STARTING}, with an address from the first moment on, as on ECS [unconfirmed] → {@code
 * RUNNING} after the boot time: from then on its door is open → gone at its cap, its reclaim, or, by way of {@code STOPPING}, after a deletion. What is gone is absent, as on ECS; {@code ENDED} is
 * only reported of a machine whose own command has ended, which stays until it is deleted. Every machine lets in the client key of its launch and shows the host key of its launch.
 *
 * <p>Safe for use by many threads.
 */
public final class InMemoryProvider implements CloudProvider {
    /** The calls of {@link CloudProvider} that ask the cloud. */
    public enum Call {
        /** {@link CloudProvider#market}. */
        MARKET,
        /** {@link CloudProvider#launch}. */
        LAUNCH,
        /** {@link CloudProvider#describe}. */
        DESCRIBE,
        /** {@link CloudProvider#list}. */
        LIST,
        /** {@link CloudProvider#renew}. */
        RENEW,
        /** {@link CloudProvider#extend}. */
        EXTEND,
        /** {@link CloudProvider#delete}. */
        DELETE,
        /** {@link CloudProvider#open}. */
        OPEN,
        /** {@link CloudProvider#log}. */
        LOG,
        /** {@link CloudProvider#consoleOutput}. */
        CONSOLE
    }

    private final InMemoryCloud cloud;
    private final Set<ProcessShell> shells = new HashSet<>();
    private volatile Consumer<Instant> timeListener = time -> {};
    private boolean closed;

    private InMemoryProvider(InMemoryCloud cloud) {
        this.cloud = cloud;
        cloud.connect();
    }

    /** Returns a new builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a client of a new cloud with the default settings of the {@link Builder} and a ticker. */
    public static InMemoryProvider on(Ticker ticker) {
        return builder().ticker(ticker).build();
    }

    /**
     * Returns another client of the same cloud, as another process would have. To hand machines from one fleet to the
     * next, take it before the first fleet is closed.
     *
     * @throws IllegalStateException if all clients of the cloud are closed
     */
    public InMemoryProvider sibling() {
        return new InMemoryProvider(cloud);
    }

    @Override
    public String name() {
        return cloud.settings.name();
    }

    @Override
    public String region() {
        return cloud.settings.region();
    }

    @Override
    public void onCloudTime(Consumer<Instant> listener) {
        timeListener = requireNonNull(listener, "listener");
    }

    @Override
    public ProviderLimits limits() {
        return cloud.settings.limits();
    }

    @Override
    public MarketSnapshot market(MarketQuery query) throws InterruptedException {
        return ask(Call.MARKET, () -> cloud.market.snapshot(query, cloud.now()));
    }

    @Override
    public Offers offers(MachineSpec spec, MarketSnapshot market) {
        return cloud.market.offers(spec, market);
    }

    // docs begin: launch
    @Override
    public LaunchResult launch(Launch launch) throws InterruptedException {
        return ask(Call.LAUNCH, () -> {
            withinBatch(launch.count(), limits().launchBatch());
            return cloud.launch(launch);
        });
    }
    // docs end: launch

    @Override
    public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
        return ask(Call.DESCRIBE, () -> {
            withinBatch(ids.size(), limits().describeBatch());
            return cloud.describe(ids);
        });
    }

    @Override
    public MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
        return ask(Call.LIST, () -> cloud.list(owner, cursor));
    }

    @Override
    public Map<String, Outcome> renew(Collection<String> ids, Instant lease) throws InterruptedException {
        return ask(Call.RENEW, () -> {
            withinBatch(ids.size(), limits().renewBatch());
            return cloud.renew(ids, lease);
        });
    }

    @Override
    public Instant extend(String id, Instant cap) throws InterruptedException {
        return ask(Call.EXTEND, () -> cloud.extend(id, cap));
    }

    @Override
    public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
        return ask(Call.DELETE, () -> {
            withinBatch(ids.size(), limits().deleteBatch());
            return cloud.delete(ids);
        });
    }

    @Override
    public boolean runsContainerCommands() {
        return true;
    }

    /**
     * {@inheritDoc} There are no images here, so a {@linkplain Launch#containerCommand machine's own command} has to name
     * its program; it runs as a process of this host, with the standard input empty. Nobody can connect to its machine.
     */
    @Override
    public LogPage log(String id, @Nullable String cursor) throws InterruptedException {
        return ask(Call.LOG, () -> cloud.log(id, cursor));
    }

    /** {@inheritDoc} That is what {@link #console} lets it say, and nothing else. */
    @Override
    public Optional<String> consoleOutput(String id) throws InterruptedException {
        return ask(Call.CONSOLE, () -> cloud.consoleOutput(id));
    }

    /**
     * Lets a machine say something more on its console. A line end is not added.
     *
     * @throws IllegalArgumentException if there is no such machine, or it is gone
     */
    public void console(String id, String text) {
        cloud.console(id, requireNonNull(text, "text"));
    }

    @Override
    public CompletableFuture<Door> knock(Machine machine) {
        return CompletableFuture.completedFuture(cloud.knock(machine.id()));
    }

    @Override
    public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
        return ask(Call.OPEN, () -> {
            ProcessShell shell = cloud.open(machine.id(), keys, this::forget);
            boolean late;
            synchronized (shells) {
                late = closed;
                if (!late && shell.isOpen()) {
                    shells.add(shell);
                }
            }
            if (late) {
                shell.close();
            }
            return shell;
        });
    }

    /** Closes this client's shells, and ends the cloud if this was its last client. */
    @Override
    public void close() {
        List<ProcessShell> open;
        synchronized (shells) {
            if (closed) {
                return;
            }
            closed = true;
            open = List.copyOf(shells);
        }
        open.forEach(ProcessShell::close);
        cloud.disconnect();
    }

    /** Returns the ids of all machines of the cloud that are not gone yet, whoever owns them. */
    public Set<String> machines() {
        return cloud.ids();
    }

    /**
     * Returns all machines of the cloud that are not gone yet, whoever owns them, sorted by id. Not a call to the cloud:
     * it is not counted and meets no planned failure.
     */
    public List<Machine> inventory() {
        return cloud.inventory();
    }

    /**
     * Returns the processes that run on machines of the cloud, those of machines that are just ending included. Reads the
     * host's table of processes.
     *
     * @throws UnsupportedOperationException if this host has no {@code /proc} that shows environments
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public List<MachineProcess> processes() {
        return cloud.processes();
    }

    /** Returns how often a call was made by all clients of this cloud, failed ones included. */
    public int calls(Call call) {
        return cloud.faults.count(call);
    }

    /**
     * Lets a coming call fail without any effect. Faults of one kind of call are used up in the order in which they were
     * planned, one per call, by whichever client comes.
     */
    public void failNext(Call call, BuilderException failure) {
        cloud.faults.add(call, new Fault(requireNonNull(failure, "failure")));
    }

    /**
     * Lets a coming call take effect and its answer get lost: the caller gets a {@link ProviderException} with
     * {@link Effect#UNKNOWN}. Planned like {@link #failNext}.
     */
    public void loseNextAnswer(Call call) {
        cloud.faults.add(call, new Fault(null));
    }

    /**
     * Lets both markets of a type run out of stock in a zone. The market goes on saying that there is stock for the
     * builder's {@link Builder#stockLag}, as the real one does.
     *
     * @throws IllegalArgumentException if there is no such type or zone
     */
    public void stockOut(String type, String zone) {
        for (Market market : Market.values()) {
            stock(type, zone, market, 0);
        }
    }

    /**
     * Sets how many machines can still be launched. What the market says lags behind as in {@link #stockOut}.
     *
     * @throws IllegalArgumentException if there is no such type or zone, or the number is negative
     */
    public void stock(String type, String zone, Market market, int machines) {
        if (machines < 0) {
            throw new IllegalArgumentException("machines must not be negative, was " + machines);
        }
        cloud.market.stock(new Pool(type, zone, market), machines, cloud.now());
    }

    /**
     * Gives both markets of a type in a zone stock without end, as at the beginning.
     *
     * @throws IllegalArgumentException if there is no such type or zone
     */
    public void restock(String type, String zone) {
        for (Market market : Market.values()) {
            cloud.market.restock(new Pool(type, zone, market));
        }
    }

    /**
     * Sets a price per hour, for every protection time.
     *
     * @throws IllegalArgumentException if there is no such type or zone
     */
    public void price(String type, String zone, Market market, Money hourly) {
        cloud.market.price(new Pool(type, zone, market), requireNonNull(hourly, "hourly"));
    }

    /**
     * Sets the share of spot machines, 0 to 1, that the market says are taken back.
     *
     * @throws IllegalArgumentException if there is no such type or zone, or the share is out of range
     */
    public void releaseRate(String type, String zone, double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("share must be from 0 to 1, was " + share);
        }
        cloud.market.releaseRate(type, zone, share);
    }

    /**
     * Lets a machine disappear with all its processes, without a word.
     *
     * @throws IllegalArgumentException if there is no such machine
     */
    public void vanish(String id) {
        cloud.vanish(id);
    }

    /**
     * Takes a spot machine back: the notice is there at once, the machine goes when the time is over. Ordered again, the
     * new time counts.
     *
     * @param notice the time between both; zero for no warning
     * @throws IllegalArgumentException if there is no such machine
     * @throws IllegalStateException if it was not bought on the spot market or would go while it is protected
     */
    public void reclaim(String id, Duration notice) {
        cloud.reclaim(id, notice);
    }

    /**
     * Takes back the notice of a machine that is not gone yet: it was a false alarm, and the machine lives on. Does
     * nothing if there is none.
     *
     * @throws IllegalArgumentException if there is no such machine
     */
    public void withdrawReclaim(String id) {
        cloud.withdrawReclaim(id);
    }

    /**
     * Lets a machine answer no new connections, or answer again. Open shells stay.
     *
     * @throws IllegalArgumentException if there is no such machine
     */
    public void refuseConnections(String id, boolean refuse) {
        cloud.refuse(id, refuse);
    }

    /**
     * Lets the machines of the next launch be missing from every answer for a time, as in a cloud whose answers are
     * eventually consistent; {@link #machines} has them at once.
     *
     * @throws IllegalArgumentException if the time is negative
     */
    public void hideNextLaunch(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time must not be negative, was " + time);
        }
        cloud.launches.hideNext(time);
    }

    /** Lets the next launch give ids whose machines are gone at once, as when stock ends after the create call. */
    public void vanishNextLaunch() {
        cloud.launches.vanishNext();
    }

    /** Lets the machines of the next launch never get ready, because their image cannot be had. */
    public void failNextPull() {
        cloud.launches.failNextPull();
    }

    /**
     * Drops what the cloud keeps of the log of a machine's own command. If not all of it was read, the next page has a
     * gap.
     *
     * @throws IllegalArgumentException if there is no such machine, or it runs no command of its own
     */
    public void dropLog(String id) {
        cloud.dropLog(id);
    }

    /**
     * Lets a machine show another host key to new connections, as someone in the middle would.
     *
     * @throws IllegalArgumentException if there is no such machine
     */
    public void showHostKey(String id, PublicKey key) {
        cloud.showHostKey(id, requireNonNull(key, "key"));
    }

    /**
     * Cuts all shells to a machine, of all clients. Its processes go on.
     *
     * @throws IllegalArgumentException if there is no such machine
     */
    public void cutShells(String id) {
        cloud.cut(id);
    }

    private void forget(ProcessShell shell) {
        synchronized (shells) {
            shells.remove(shell);
        }
    }

    private <T> T ask(Call call, Supplier<T> body) throws InterruptedException {
        synchronized (shells) {
            if (closed) {
                throw new IllegalStateException("the provider is closed");
            }
        }
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before " + call);
        }
        AutoCloseable hold = cloud.holdForCall();
        try {
            Optional<Fault> fault = cloud.faults.next(call);
            if (fault.isEmpty()) {
                try {
                    return body.get();
                } finally {
                    tellTime(call);
                }
            }
            BuilderException failure = fault.get().failure();
            if (failure != null) {
                throw failure;
            }
            throw lost(call, body);
        } finally {
            InMemoryCloud.release(hold);
        }
    }

    private void tellTime(Call call) {
        if (call != Call.OPEN) {
            timeListener.accept(cloud.now());
        }
    }

    private static <T> ProviderException lost(Call call, Supplier<T> body) {
        BuilderException unheard = null;
        try {
            T answer = body.get();
            if (answer instanceof Shell shell) {
                shell.close();
            }
        } catch (BuilderException e) {
            unheard = e;
        }
        return new ProviderException("the answer to " + call + " was lost", Effect.UNKNOWN, true, null, null, unheard);
    }

    // docs begin: batch
    private static void withinBatch(int size, int limit) {
        if (size > limit) {
            throw new ConfigurationException(
                    "at most " + limit + " machines per call, were " + size,
                    "InvalidParameter.TooManyResources",
                    null,
                    null);
        }
    }
    // docs end: batch

    /** Builds a cloud and its first client. Not safe for use by many threads. */
    public static final class Builder {
        private String name = "memory";
        private String region = "memory-1";
        private List<String> zones = List.of();
        private final Map<String, Priced> types = new LinkedHashMap<>();
        private Duration bootTime = Duration.ofSeconds(1);
        private Duration initializingTime = Duration.ZERO;
        private Duration deletionTime = Duration.ofSeconds(1);
        private Duration stockLag = Duration.ofMinutes(5);
        private int pageSize = 50;
        private int logLines = 2_000;
        private ProviderLimits limits = ProviderLimits.builder().build();
        private Duration clockSkew = Duration.ZERO;
        private @Nullable Ticker ticker;

        private Builder() {}

        /** Sets the name. Default: {@code memory}. */
        public Builder name(String name) {
            this.name = requireNonNull(name, "name");
            return this;
        }

        /** Sets the region. Default: {@code memory-1}. */
        public Builder region(String region) {
            this.region = requireNonNull(region, "region");
            return this;
        }

        /**
         * Sets the zones. Default: the region's name with {@code a} and {@code b}.
         *
         * @throws IllegalArgumentException if there is none
         */
        public Builder zones(String... zones) {
            if (zones.length == 0) {
                throw new IllegalArgumentException("zones must not be empty");
            }
            this.zones = List.of(zones);
            return this;
        }

        /**
         * Adds a type with its price per hour on demand. A spot machine costs 20 % of it, a protected one 22 %, until
         * {@link InMemoryProvider#price} says otherwise. Default, if none is added: seven types from 2 to 8 vCPUs, one of
         * them ARM and one with a GPU, from 0.40 CNY.
         */
        public Builder type(MachineType type, Money onDemand) {
            types.put(type.id(), new Priced(type, onDemand));
            return this;
        }

        /** Sets how long a machine is {@code STARTING}. Default: one second. */
        public Builder bootTime(Duration bootTime) {
            this.bootTime = notNegative(bootTime, "bootTime");
            return this;
        }

        /**
         * Sets how long after its creation a machine cannot be deleted: the outcome is {@link Outcome.Status#LATER}, as on
         * ECS while a machine is initializing. Default: zero.
         */
        public Builder initializingTime(Duration initializingTime) {
            this.initializingTime = notNegative(initializingTime, "initializingTime");
            return this;
        }

        /** Sets how long a deleted machine is {@code STOPPING} before it is absent. Default: one second. */
        public Builder deletionTime(Duration deletionTime) {
            this.deletionTime = notNegative(deletionTime, "deletionTime");
            return this;
        }

        /** Sets how long the market goes on telling the old state of a changed stock. Default: five minutes. */
        public Builder stockLag(Duration stockLag) {
            this.stockLag = notNegative(stockLag, "stockLag");
            return this;
        }

        /**
         * Sets how many machines a page of a list holds. Default: 50.
         *
         * @throws IllegalArgumentException if less than 1
         */
        public Builder pageSize(int pageSize) {
            if (pageSize < 1) {
                throw new IllegalArgumentException("pageSize must be at least 1, was " + pageSize);
            }
            this.pageSize = pageSize;
            return this;
        }

        /**
         * Sets how many lines the cloud keeps of the log of a machine's own command; of more than a MiB it keeps the last
         * lines only. Default: 2,000, which is what one call returns on ECI (eci-openapi, 4).
         *
         * @throws IllegalArgumentException if less than 1
         */
        public Builder logLines(int logLines) {
            if (logLines < 1) {
                throw new IllegalArgumentException("logLines must be at least 1, was " + logLines);
            }
            this.logLines = logLines;
            return this;
        }

        /** Sets the limits of the calls. Default: those of {@link ProviderLimits.Builder}. */
        public Builder limits(ProviderLimits limits) {
            this.limits = requireNonNull(limits, "limits");
            return this;
        }

        /**
         * Sets the cloud's clock, which the cloud does not close; use the fleet's own. Default: the system's.
         */
        public Builder ticker(Ticker ticker) {
            this.ticker = requireNonNull(ticker, "ticker");
            return this;
        }

        /**
         * Sets by how much the cloud's clock is ahead of its ticker's, and so of a fleet on the same ticker; negative for
         * behind. Every answer of the cloud says the cloud's time. Default: zero.
         */
        public Builder clockSkew(Duration skew) {
            this.clockSkew = requireNonNull(skew, "skew");
            return this;
        }

        /**
         * Builds the cloud and its first client.
         *
         * @throws java.io.UncheckedIOException if there is no folder for its machines
         */
        public InMemoryProvider build() {
            List<String> where = zones.isEmpty() ? List.of(region + "a", region + "b") : zones;
            InMemoryMarket market =
                    new InMemoryMarket(name, region, where, types.isEmpty() ? defaultTypes() : types, stockLag);
            return new InMemoryProvider(new InMemoryCloud(
                    new InMemoryCloud.Settings(
                            name, region, limits, bootTime, initializingTime, deletionTime, pageSize, logLines),
                    market,
                    ticker,
                    clockSkew));
        }

        private static Map<String, Priced> defaultTypes() {
            Map<String, Priced> types = new LinkedHashMap<>();
            add(types, "mem.c1.large", Architecture.X86_64, 2, 4, 0, "0.40");
            add(types, "mem.c1.xlarge", Architecture.X86_64, 4, 8, 0, "0.80");
            add(types, "mem.c1.2xlarge", Architecture.X86_64, 8, 16, 0, "1.60");
            add(types, "mem.g1.large", Architecture.X86_64, 2, 8, 0, "0.50");
            add(types, "mem.g1.xlarge", Architecture.X86_64, 4, 16, 0, "1.00");
            add(types, "mem.a1.xlarge", Architecture.ARM64, 4, 8, 0, "0.60");
            add(types, "mem.v1.2xlarge", Architecture.X86_64, 8, 32, 1, "8.00");
            return types;
        }

        private static void add(
                Map<String, Priced> types, String id, Architecture cpu, int vcpus, int gib, int gpus, String price) {
            String family = id.substring(0, id.lastIndexOf('.'));
            MachineType type = new MachineType(id, family, cpu, vcpus * 1000, gib * 1024, gpus);
            types.put(id, new Priced(type, Money.of(price, "CNY")));
        }

        private static Duration notNegative(Duration duration, String name) {
            if (duration.isNegative()) {
                throw new IllegalArgumentException(name + " must not be negative, was " + duration);
            }
            return duration;
        }
    }
}
