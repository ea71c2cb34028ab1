package dev.ephemeralbuilder.internal;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.ContainerResult;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.PartialAcquireException;
import dev.ephemeralbuilder.ReapReport;
import dev.ephemeralbuilder.cost.CostReport;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.Ticker;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The fleet: owns the threads, knows what is held, starts acquisitions and ends everything in the right order. */
public final class Engine implements BuildFleet {
    private static final Logger log = LoggerFactory.getLogger(Engine.class);
    private static final int USER_THREADS = 8;
    private static final int MOST_EVENTS = 10_000;
    private static final int STORE_THREADS = 4;
    private static final Duration STOP_CALLS = Duration.ofSeconds(5);
    private static final Duration DELIVERY = Duration.ofSeconds(1);

    private final EngineConfig config;
    private final FleetTicker ticker;
    private final StateStore store;
    private final Calls calls;
    private final Calls storeCalls;
    private final Calls shellCalls;
    private final ExecutorService users;
    private final Events events;
    private final Handouts handouts;
    private final Holder me;
    private final Requests requests;
    private final Acquisitions acquisitions;
    private final Jobs jobs;
    private final Machines machines;
    private final Reaper reaper;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final @Nullable Thread hook;
    private volatile @Nullable Runnable closing;

    // Confined to the ticker.
    private final Set<Held> held = new LinkedHashSet<>();
    private final Set<Attempt> launching = new HashSet<>();

    private Engine(EngineConfig config) {
        this.config = config;
        this.ticker = config.ticker() == null
                ? new FleetTicker(Ticker.system("ephemeral-builder-" + config.owner()), true)
                : new FleetTicker(config.ticker(), false);
        this.store = config.stateStore() == null ? StateStore.inMemory() : config.stateStore();
        this.calls = new Calls(ticker, "call", config.maxConcurrentCalls());
        this.storeCalls = new Calls(ticker, "store", STORE_THREADS);
        this.shellCalls = new Calls(ticker, "shell", config.maxConcurrentCalls());
        this.users = Calls.pool("ephemeral-builder-user-", USER_THREADS);
        this.events = new Events(config.listeners(), ticker, MOST_EVENTS);
        this.handouts = new Handouts(ticker);
        Attempt.Identity identity = new Attempt.Identity(
                config.owner(), config.host() == null ? hostName() : config.host(), config.lease(), config.diskPrice());
        this.me = Holder.open(identity.host());
        Retries retries = new Retries(ticker);
        RateLimits limits = new RateLimits(ticker, storeCalls, store);
        Permits permits = new Permits(
                store,
                storeCalls,
                ticker,
                config.owner(),
                identity.host(),
                new Permits.Limits(config.maxMachines(), config.maxHourlySpend()));
        Records records = new Records(store, storeCalls, ticker, permits);
        List<Region> regions = config.providers().stream()
                .map(provider -> region(
                        new CloudCalls(provider, ticker, calls, retries, limits, events),
                        records,
                        config.machineMetadata()))
                .toList();
        this.requests = new Requests(store, storeCalls, ticker, records, config.owner(), me, regions);
        this.acquisitions = new Acquisitions(config, ticker, regions, identity, requests, permits, events, held);
        this.machines =
                new Machines(regions, records, requests, ticker, Calls.holding(ticker, users), config.owner(), held);
        this.jobs = new Jobs(ticker, acquisitions, requests, machines, Calls.holding(ticker, users), events);
        this.reaper = new Reaper(
                ticker,
                regions,
                machines,
                config.owner(),
                new Reconciler(ticker, regions, records, machines, launching),
                events);
        this.hook = config.closeOnJvmExit() ? new Thread(this::close, "ephemeral-builder-exit") : null;
    }

    private Region region(CloudCalls cloud, Records records, @Nullable URI metadata) {
        Watcher watcher = new Watcher(ticker, cloud);
        return new Region(
                ticker,
                storeCalls,
                shellCalls,
                cloud,
                new MarketBook(
                        ticker,
                        cloud,
                        config.selectionPolicy().protections(),
                        prices -> learn(cloud.provider(), prices)),
                watcher,
                new Doors(ticker, cloud.provider()),
                new Terminator(ticker, cloud, watcher),
                new Leases(ticker, cloud, watcher, config.lease()),
                records,
                events,
                handouts,
                held,
                launching,
                metadata);
    }

    /** What the market book learns anyway is news for the machines, too; nothing is asked for their sake. */
    private void learn(CloudProvider provider, List<MarketSnapshot.Price> prices) {
        for (Held machine : held) {
            if (Region.sells(provider, machine.offer())) {
                machine.usage().learn(prices, ticker.now());
            }
        }
    }

    /** Makes a fleet and its threads. */
    public static Engine start(EngineConfig config) {
        Engine engine = new Engine(config);
        Stages.leave(engine.requests.prune());
        engine.ticker.execute(() -> engine.reaper.start(config.reaper()));
        if (engine.hook != null) {
            Runtime.getRuntime().addShutdownHook(engine.hook);
        }
        return engine;
    }

    @Override
    public String owner() {
        return config.owner();
    }

    @Override
    public EphemeralBuilder acquire(MachineSpec spec, AcquireRequest request) throws InterruptedException {
        return awaitOrClose(acquireAsync(spec, request), EphemeralBuilder::close);
    }

    @Override
    public CompletableFuture<EphemeralBuilder> acquireAsync(MachineSpec spec, AcquireRequest request) {
        checkOpen();
        return handouts.giveCancellable(
                () -> follow(
                        begin(spec, request, 1, forScripts(request)),
                        acquired -> CompletableFuture.completedFuture(
                                acquired.arrived().get(0))),
                EphemeralBuilder::close);
    }

    @Override
    public List<EphemeralBuilder> acquireAll(MachineSpec spec, int count, AcquireRequest request)
            throws InterruptedException {
        return awaitOrClose(acquireAllAsync(spec, count, request), all -> all.forEach(EphemeralBuilder::close));
    }

    @Override
    public CompletableFuture<List<EphemeralBuilder>> acquireAllAsync(
            MachineSpec spec, int count, AcquireRequest request) {
        if (count < 1) {
            throw new IllegalArgumentException("count must be at least 1, was " + count);
        }
        if (request.requestId().isPresent()) {
            throw new IllegalArgumentException(
                    "a request id stands for one machine: give acquireAll labels instead, or acquire one by one");
        }
        checkOpen();
        return handouts.giveCancellable(
                () -> follow(begin(spec, request, count, forScripts(request)), acquired -> delivery(acquired, request)),
                all -> all.forEach(EphemeralBuilder::close),
                failure -> {
                    if (failure instanceof PartialAcquireException partial) {
                        partial.builders().forEach(EphemeralBuilder::close);
                    }
                });
    }

    private static CompletableFuture<List<EphemeralBuilder>> delivery(
            Acquisition.Acquired<BuilderHandle> acquired, AcquireRequest request) {
        List<EphemeralBuilder> builders = List.copyOf(acquired.arrived());
        return acquired.failures().isEmpty() || request.acceptsFewer()
                ? CompletableFuture.completedFuture(builders)
                : CompletableFuture.failedFuture(new PartialAcquireException(builders, acquired.failures()));
    }

    /**
     * Goes on with the result; giving up what is returned gives up the acquisition, and gives back what it has brought
     * already: the two may meet, since giving up is done on the caller's thread.
     */
    private static <A extends Arrived, T> CompletableFuture<T> follow(
            CompletableFuture<Acquisition.Acquired<A>> acquired,
            Function<Acquisition.Acquired<A>, CompletableFuture<T>> to) {
        CompletableFuture<T> own = acquired.thenCompose(to);
        Stages.whenDone(own, (value, failure) -> {
            if (own.isCancelled() && !acquired.cancel(false)) {
                Stages.whenDone(acquired, (all, nothing) -> {
                    if (nothing == null) {
                        all.arrived().forEach(Arrived::close);
                    }
                });
            }
        });
        return own;
    }

    private static <T> T awaitOrClose(CompletableFuture<T> acquired, Consumer<T> close) throws InterruptedException {
        try {
            return Waits.await(acquired);
        } catch (InterruptedException e) {
            // It may have been there in the very moment of the interrupt.
            Stages.whenDone(acquired, (value, failure) -> {
                if (failure == null) {
                    close.accept(value);
                } else if (failure instanceof PartialAcquireException partial) {
                    partial.builders().forEach(EphemeralBuilder::close);
                }
            });
            throw e;
        }
    }

    private <T extends Arrived> CompletableFuture<Acquisition.Acquired<T>> begin(
            MachineSpec spec, AcquireRequest request, int count, Purpose<T> purpose) {
        checkOpen();
        return acquisitions.begin(spec, request, count, purpose);
    }

    private ForScripts forScripts(AcquireRequest request) {
        return new ForScripts(Calls.holding(ticker, users), request);
    }

    @Override
    public ContainerResult runOnce(MachineSpec spec, AcquireRequest request, ContainerCommand command, LogSink sink)
            throws InterruptedException {
        return Waits.await(runOnceAsync(spec, request, command, sink));
    }

    @Override
    public CompletableFuture<ContainerResult> runOnceAsync(
            MachineSpec spec, AcquireRequest request, ContainerCommand command, LogSink sink) {
        requireNonNull(command, "command");
        requireNonNull(sink, "sink");
        if (spec.containerImage().isEmpty()) {
            throw new IllegalArgumentException("a container's own command needs a spec with a container image");
        }
        if (request.onReady().isPresent() || request.onRelease().isPresent()) {
            throw new IllegalArgumentException("nothing but its own command runs in the container: no hooks");
        }
        checkOpen();
        return handouts.giveCancellable(() -> run(spec, request, command, sink), result -> {});
    }

    private CompletableFuture<ContainerResult> run(
            MachineSpec spec, AcquireRequest request, ContainerCommand command, LogSink sink) {
        return follow(
                begin(spec, request, 1, new ForCommand(command, spec.maxLifetime())),
                all -> all.arrived().get(0).follow(sink, Calls.holding(ticker, users)));
    }

    @Override
    public JobResult run(Job job, LogSink sink) throws InterruptedException {
        return Waits.await(runAsync(job, sink));
    }

    @Override
    public CompletableFuture<JobResult> runAsync(Job job, LogSink sink) {
        requireNonNull(sink, "sink");
        Jobs.check(job);
        checkOpen();
        return handouts.giveCancellable(
                () -> {
                    checkOpen();
                    return jobs.begin(job, sink);
                },
                result -> {});
    }

    @Override
    public List<BuilderSummary> list() throws InterruptedException {
        checkOpen();
        return Waits.await(handouts.give(machines::list));
    }

    @Override
    public EphemeralBuilder attach(String id) throws InterruptedException {
        return awaitOrClose(attachAsync(id), this::unwanted);
    }

    @Override
    public CompletableFuture<EphemeralBuilder> attachAsync(String id) {
        requireNonNull(id, "id");
        checkOpen();
        return handouts.giveCancellable(
                () -> {
                    checkOpen();
                    return machines.attach(id);
                },
                this::unwanted);
    }

    private void unwanted(EphemeralBuilder builder) {
        try {
            ticker.execute(() -> machines.unwanted(builder));
        } catch (RejectedExecutionException e) {
            log.debug("The fleet is closed and has released its machines [id={}]", builder.id());
        }
    }

    @Override
    public void release(String id) throws InterruptedException {
        requireNonNull(id, "id");
        checkOpen();
        Waits.await(handouts.give(() -> {
            checkOpen();
            return machines.release(id);
        }));
    }

    @Override
    public ReapReport reap() throws InterruptedException {
        return reap(false);
    }

    @Override
    public ReapReport reapDryRun() throws InterruptedException {
        return reap(true);
    }

    private ReapReport reap(boolean dryRun) throws InterruptedException {
        checkOpen();
        return Waits.await(handouts.give(() -> {
            checkOpen();
            return reaper.sweep(dryRun);
        }));
    }

    @Override
    public CostReport costs(Instant since) throws InterruptedException {
        requireNonNull(since, "since");
        checkOpen();
        return Waits.await(handouts.give(() -> {
            checkOpen();
            Instant now = ticker.now();
            Map<String, Used> live = new HashMap<>();
            held.forEach(h -> live.put(h.origin().token(), h.usage().soFar(now)));
            return storeCalls.run(() -> Ledger.read(store, since, now, live));
        }));
    }

    private void checkOpen() {
        if (closed.get()) {
            throw new IllegalStateException("the fleet is closed");
        }
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            uninterruptibly(
                    most -> stopped.await(most.toNanos(), TimeUnit.NANOSECONDS),
                    config.closeTimeout().plus(STOP_CALLS.multipliedBy(6)));
            return;
        }
        try {
            AtomicBoolean allGone = new AtomicBoolean();
            CountDownLatch over = new CountDownLatch(1);
            ticker.execute(() -> {
                jobs.giveUp(Handouts.fleetClosed());
                acquisitions.giveUp();
                machines.close();
                reaper.stop();
                // What is said to machines at their end leaves time for their deletion.
                Instant latest = ticker.now().plus(config.closeTimeout().dividedBy(2));
                // Behind the cancellations that this has put on the ticker.
                ticker.execute(() -> drain(latest, allGone, over));
                ticker.schedule(config.closeTimeout(), () -> end(over));
            });
            // By the wall clock too: nobody may be moving the ticker's.
            uninterruptibly(most -> over.await(most.toNanos(), TimeUnit.NANOSECONDS), config.closeTimeout());
            if (!allGone.get()) {
                sayWhatIsLeft();
            }
            stop();
        } finally {
            stopped.countDown();
            Runnable hold = closing;
            if (hold != null) {
                hold.run();
            }
        }
    }

    private interface Wait {
        boolean until(Duration most) throws InterruptedException;
    }

    /**
     * Waits although the thread is interrupted, and keeps the flag: a cancelled job is when machines must not be left.
     */
    private static boolean uninterruptibly(Wait wait, Duration most) {
        boolean interrupted = Thread.interrupted();
        try {
            for (int tries = 0; tries < 100; tries++) {
                try {
                    return wait.until(most);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            return false;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void sayWhatIsLeft() {
        CountDownLatch said = new CountDownLatch(1);
        ticker.execute(() -> {
            Set<String> left = new TreeSet<>(machines.removals());
            held.forEach(h -> {
                left.add(h.machineId());
                events.publish(new BuilderEvent.LeftBehind(ticker.now(), h.requestId(), h.machineId()));
            });
            log.warn(
                    "The fleet closes before everything is gone; the cloud ends these machines at their cap"
                            + " [ids={}, launches of unknown outcome={}]",
                    left,
                    launching.size());
            said.countDown();
        });
        uninterruptibly(most -> said.await(most.toNanos(), TimeUnit.NANOSECONDS), STOP_CALLS);
    }

    /** Ends the waiting of {@link #close}; from here on a ticker moved by hand stands still until the fleet has stopped. */
    private void end(CountDownLatch over) {
        if (closing == null) {
            closing = ticker.hold();
        }
        over.countDown();
    }

    /** Completes when no launch is under way and every machine was seen gone. */
    private void drain(Instant latest, AtomicBoolean allGone, CountDownLatch over) {
        List.copyOf(held).forEach(h -> {
            h.notAfter(latest);
            h.release(Handouts::fleetClosed);
        });
        if (held.isEmpty()
                && launching.isEmpty()
                && acquisitions.written()
                && machines.removals().isEmpty()) {
            allGone.set(true);
            end(over);
        } else if (over.getCount() > 0) {
            ticker.schedule(Duration.ofMillis(100), () -> drain(latest, allGone, over));
        }
    }

    private void stop() {
        me.close();
        uninterruptibly(calls::stop, STOP_CALLS);
        uninterruptibly(jobs::stop, STOP_CALLS);
        uninterruptibly(shellCalls::stop, STOP_CALLS);
        uninterruptibly(storeCalls::stop, STOP_CALLS);
        uninterruptibly(handouts::close, DELIVERY);
        uninterruptibly(events::close, STOP_CALLS);
        events.stop();
        users.shutdown();
        uninterruptibly(most -> users.awaitTermination(most.toNanos(), TimeUnit.NANOSECONDS), STOP_CALLS);
        users.shutdownNow();
        for (CloudProvider provider : config.providers()) {
            try {
                provider.close();
            } catch (RuntimeException e) {
                log.warn("Provider {} could not be closed", provider.name(), e);
            }
        }
        if (config.stateStore() == null) {
            store.close();
        }
        ticker.close();
        if (hook != null && !Thread.currentThread().equals(hook)) {
            removeHook(hook);
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shutdownHasBegun) {
            log.debug("The JVM is on its way down; its hook stays");
        }
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            log.debug("This host does not know its name: {}", e.getMessage());
            return "unknown";
        }
    }
}
