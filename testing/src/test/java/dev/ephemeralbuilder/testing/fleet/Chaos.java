package dev.ephemeralbuilder.testing.fleet;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A bad day of the cloud: calls fail, get lost, come late or lie, drawn from hash(seed, action, ordinal) so that a seed
 * means nearly the same run, whatever thread comes first. Says what was called when, and what went wrong. Safe for use
 * by many threads.
 */
final class Chaos {
    /** A call that reached the cloud. */
    record Made(Instant at, CloudAction action) {}

    /** A machine, and which client's call has created it. */
    record Created(String id, String client, Launch launch, Instant at) {}

    /** What a provider should never throw. */
    static final class Defect extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Defect() {
            super("a defect of the provider");
        }
    }

    private interface Body<T> {
        T call() throws InterruptedException;
    }

    private static final Duration SLOW_BOUND = Duration.ofSeconds(10);

    private final long seed;
    private final TestTicker ticker;
    private final boolean slow;
    private final Map<CloudAction, AtomicInteger> ordinals = new EnumMap<>(CloudAction.class);
    private final AtomicInteger cuts = new AtomicInteger();
    private volatile double share;

    /** As many machines as there ever were. */
    final AtomicInteger mostAtATime = new AtomicInteger();

    final Queue<Made> made = new ConcurrentLinkedQueue<>();
    final Queue<Created> created = new ConcurrentLinkedQueue<>();
    final Queue<String> log = new ConcurrentLinkedQueue<>();

    /**
     * @param slow whether answers may come late too
     */
    Chaos(long seed, TestTicker ticker, boolean slow) {
        this.seed = seed;
        this.ticker = ticker;
        this.slow = slow;
        for (CloudAction action : CloudAction.values()) {
            ordinals.put(action, new AtomicInteger());
        }
    }

    /** Sets which share of the calls goes wrong from now on, 0 to 1. */
    void share(double share) {
        this.share = share;
    }

    /** Cuts all connections to machines. */
    void cut() {
        cuts.incrementAndGet();
    }

    void note(String what) {
        log.add(ticker.now() + " " + what);
    }

    /** Puts the bad day between a client and its cloud. */
    CloudProvider around(InMemoryProvider cloud, CloudProvider next, String client) {
        return new Client(cloud, next, client);
    }

    private <T> T make(String client, CloudAction action, Body<T> body) throws InterruptedException {
        int ordinal = requireNonNull(ordinals.get(action)).getAndIncrement();
        SplittableRandom random =
                new SplittableRandom(seed * 1_000_003L + action.name().hashCode() * 7_919L + ordinal * 104_729L);
        made.add(new Made(ticker.now(), action));
        if (random.nextDouble() >= share) {
            return body.call();
        }
        int kind = random.nextInt(100);
        String call = client + " " + action + "#" + ordinal;
        if (kind < 20) {
            throw noted(call, new ProviderException("no way there", Effect.NONE, true, "SDK.Unreachable", null, null));
        }
        if (kind < 35) {
            throw noted(call, new ProviderException("503", Effect.UNKNOWN, true, "ServiceUnavailable", null, null));
        }
        if (kind < 60) {
            T lost = body.call();
            note(call + " -> answer lost: " + lost.getClass().getSimpleName());
            throw new ProviderException("read timed out", Effect.UNKNOWN, true, "SDK.ReadTimeout", null, null);
        }
        if (kind < 70) {
            throw noted(call, new ThrottledException("too many", "Throttling.User", null, null));
        }
        if (kind < 72) {
            throw noted(call, new CredentialsException("the key is being rotated", "Forbidden.RAM", null, null));
        }
        if (kind < 74) {
            throw noted(call, new ProviderException("nonsense", Effect.UNKNOWN, false, "Strange", null, null));
        }
        if (kind < 76) {
            note(call + " -> defect");
            throw new Defect();
        }
        if (slow && kind < 85) {
            Duration late = Duration.ofMillis(random.nextInt(40_000));
            note(call + " -> late by " + late);
            if (random.nextBoolean()) {
                passes(late);
                return body.call();
            }
            T answer = body.call();
            passes(late);
            return answer;
        }
        throw ownFault(call, action, random);
    }

    private BuilderException ownFault(String call, CloudAction action, SplittableRandom random) {
        if (action != CloudAction.LAUNCH) {
            return noted(call, new ProviderException("not now", Effect.NONE, true, "OperationConflict", null, null));
        }
        return noted(
                call,
                random.nextInt(6) == 0
                        ? new QuotaException("no more vCPUs", "QuotaExceed.ElasticQuota", null, null)
                        : new CapacityException(
                                "sold out", CapacityException.Reason.NO_STOCK, "OperationDenied.NoStock", null, null));
    }

    private BuilderException noted(String call, BuilderException failure) {
        note(call + " -> " + failure.getMessage());
        return failure;
    }

    private void passes(Duration time) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        ticker.schedule(time, over::countDown);
        if (!over.await(SLOW_BOUND.toMillis(), TimeUnit.MILLISECONDS)) {
            note("a late answer came before its time, since no time passed");
        }
    }

    private final class Client extends ForwardingProvider {
        private final InMemoryProvider cloud;
        private final String client;

        Client(InMemoryProvider cloud, CloudProvider next, String client) {
            super(next);
            this.cloud = cloud;
            this.client = client;
        }

        @Override
        public MarketSnapshot market(MarketQuery query) throws InterruptedException {
            return make(client, CloudAction.MARKET, () -> super.market(query));
        }

        @Override
        public LaunchResult launch(Launch launch) throws InterruptedException {
            return make(client, CloudAction.LAUNCH, () -> {
                LaunchResult result = super.launch(launch);
                for (String id : result.ids()) {
                    if (created.stream().noneMatch(c -> c.id().equals(id))) {
                        created.add(new Created(id, client, launch, ticker.now()));
                        mostAtATime.accumulateAndGet(cloud.machines().size(), Math::max);
                        note(client + " created " + id + " for " + launch.tags().get("ephemeral:request"));
                    }
                }
                return result;
            });
        }

        @Override
        public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
            return make(client, CloudAction.DESCRIBE, () -> super.describe(ids));
        }

        @Override
        public MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
            return make(client, CloudAction.LIST, () -> super.list(owner, cursor));
        }

        @Override
        public Map<String, Outcome> renew(Collection<String> ids, Instant lease) throws InterruptedException {
            return make(client, CloudAction.RENEW, () -> super.renew(ids, lease));
        }

        @Override
        public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
            return make(client, CloudAction.DELETE, () -> lying(ids));
        }

        /** Some orders of a batch are refused, put off, or taken and forgotten. */
        private Map<String, Outcome> lying(Collection<String> ids) throws InterruptedException {
            SplittableRandom random = new SplittableRandom(seed + ids.hashCode() + made.size());
            Map<String, Outcome> lies = new LinkedHashMap<>();
            // Who takes an order for a machine knows it: no such lie about one that no answer shows yet.
            Set<String> shown = cloud.describe(ids).keySet();
            for (String id : ids) {
                if (shown.contains(id) && random.nextDouble() < share) {
                    lies.put(
                            id,
                            List.of(
                                            new Outcome(Outcome.Status.REFUSED, "OperationDenied"),
                                            new Outcome(Outcome.Status.LATER, "IncorrectInstanceStatus.Initializing"),
                                            Outcome.accepted())
                                    .get(random.nextInt(3)));
                }
            }
            if (!lies.isEmpty()) {
                note(client + " deletion lies: " + lies);
            }
            List<String> meant =
                    ids.stream().filter(id -> !lies.containsKey(id)).toList();
            if (!meant.isEmpty()) {
                lies.putAll(super.delete(meant));
            }
            return lies;
        }

        @Override
        public Shell open(Machine machine, ShellKeys keys) {
            SplittableRandom random = new SplittableRandom(seed + machine.id().hashCode() + made.size());
            boolean running = cloud.inventory().stream()
                    .anyMatch(m -> m.id().equals(machine.id()) && m.state() == MachineState.RUNNING);
            if (!running || random.nextDouble() < share) {
                throw new ProviderException("it does not answer", Effect.NONE, true, null, null, null);
            }
            int cut = cuts.get();
            return new QuickShell(() -> cuts.get() == cut && cloud.machines().contains(machine.id()));
        }
    }
}
