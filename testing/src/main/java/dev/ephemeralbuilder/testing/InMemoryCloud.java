package dev.ephemeralbuilder.testing;

import static dev.ephemeralbuilder.spi.MachineTags.LEASE;
import static dev.ephemeralbuilder.spi.MachineTags.OWNER;

import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Door;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.LogPage;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.InMemoryMarket.Pool;
import dev.ephemeralbuilder.testing.simulator.MachineProcess;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state behind all {@link InMemoryProvider}s of one cloud. Safe for use by many threads. What depends on time is
 * worked out when someone asks; alarms on the ticker only see to it that processes end when their machine does.
 */
final class InMemoryCloud {
    private static final Logger log = LoggerFactory.getLogger(InMemoryCloud.class);

    /** A call comes back soon and for certain. */
    private static final Duration CALL_PATIENCE = Duration.ofSeconds(30);

    /** A command may wait for something that only happens when time moves on. */
    private static final Duration COMMAND_PATIENCE = Duration.ofMillis(100);

    /** A machine's own command may well run as long as its machine. */
    private static final Duration JOB_PATIENCE = Duration.ofMillis(10);

    /** How the cloud behaves, fixed when it is made. */
    record Settings(
            String name,
            String region,
            ProviderLimits limits,
            Duration bootTime,
            Duration initializingTime,
            Duration deletionTime,
            int pageSize,
            int logLines) {}

    final Settings settings;
    final InMemoryMarket market;
    final FaultPlan faults = new FaultPlan();
    final LaunchPlan launches = new LaunchPlan();
    private final Ticker ticker;
    private final boolean ownsTicker;
    private final Duration skew;
    private final MachineRoom room = new MachineRoom();
    // All below is guarded by the lock, under which there is no I/O.
    private final Object lock = new Object();
    private final LaunchLedger ledger = new LaunchLedger();
    private final TreeMap<String, InMemoryMachine> machines = new TreeMap<>();
    private int numbers;
    private int clients;
    private boolean down;

    InMemoryCloud(Settings settings, InMemoryMarket market, @Nullable Ticker ticker, Duration skew) {
        this.settings = settings;
        this.market = market;
        this.skew = skew;
        this.ownsTicker = ticker == null;
        this.ticker = ticker == null ? Ticker.system("ephemeral-cloud-" + settings.name()) : ticker;
    }

    void connect() {
        synchronized (lock) {
            if (down) {
                throw new IllegalStateException("the cloud ended with its last client");
            }
            clients++;
        }
    }

    /** Ends all processes, threads and files with the last client; what machines there are stays known. */
    void disconnect() {
        List<InMemoryHost> left;
        synchronized (lock) {
            if (--clients > 0) {
                return;
            }
            down = true;
            left = machines.values().stream().map(machine -> machine.host).toList();
        }
        room.close(left);
        if (ownsTicker) {
            ticker.close();
        }
    }

    /** Returns the cloud's time. */
    Instant now() {
        return ticker.now().plus(skew);
    }

    /** Says to a ticker that waits that a call is under way. */
    AutoCloseable holdForCall() {
        return hold(CALL_PATIENCE);
    }

    static void release(AutoCloseable hold) {
        try {
            hold.close();
        } catch (Exception e) {
            throw new IllegalStateException("a hold cannot fail to close", e);
        }
    }

    LaunchResult launch(Launch launch) {
        settle();
        List<InMemoryMachine> made = new ArrayList<>();
        LaunchResult result;
        synchronized (lock) {
            result = ledger.answer(launch, () -> create(launch, made));
        }
        made.forEach(machine -> alarmAtEnd(machine.id));
        log.debug("Launched {} machine(s) [token={}]", made.size(), launch.token());
        return result;
    }

    // docs begin: describe
    Map<String, Machine> describe(Collection<String> ids) {
        settle();
        Map<String, Machine> found = new LinkedHashMap<>();
        synchronized (lock) {
            for (String id : ids) {
                InMemoryMachine machine = shown(id);
                if (machine != null) {
                    found.put(id, machine.describe(now()));
                }
            }
        }
        return found;
    }
    // docs end: describe

    // docs begin: list
    MachinePage list(String owner, @Nullable String cursor) {
        settle();
        List<Machine> page = new ArrayList<>();
        synchronized (lock) {
            Collection<InMemoryMachine> rest = (cursor == null ? machines : machines.tailMap(cursor, false)).values();
            for (InMemoryMachine machine : rest) {
                if (!owner.equals(machine.tag(OWNER)) || !machine.visible(now())) {
                    continue;
                }
                if (page.size() == settings.pageSize()) {
                    return new MachinePage(page, page.get(page.size() - 1).id());
                }
                page.add(machine.describe(now()));
            }
        }
        return new MachinePage(page, null);
    }
    // docs end: list

    LogPage log(String id, @Nullable String cursor) {
        settle();
        InMemoryCommand command;
        synchronized (lock) {
            InMemoryMachine machine = shown(id);
            if (machine == null) {
                throw new ProviderException(
                        "there is no machine " + id, Effect.NONE, false, "InvalidInstanceId.NotFound", null, null);
            }
            command = machine.command;
        }
        if (command == null) {
            throw new ConfigurationException(
                    "machine " + id + " runs no command of its own", "InvalidParameter.Container", null, null);
        }
        return command.output.after(cursor);
    }

    void dropLog(String id) {
        InMemoryCommand command;
        synchronized (lock) {
            command = living(id).command;
        }
        if (command == null) {
            throw new IllegalArgumentException("machine " + id + " runs no command of its own");
        }
        command.output.drop();
    }

    Map<String, Outcome> renew(Collection<String> ids, Instant lease) {
        settle();
        Map<String, Outcome> outcomes = new LinkedHashMap<>();
        synchronized (lock) {
            for (String id : ids) {
                InMemoryMachine machine = shown(id);
                if (machine != null) {
                    machine.tag(LEASE, String.valueOf(lease.getEpochSecond()));
                }
                outcomes.put(id, machine == null ? absent() : Outcome.accepted());
            }
        }
        return outcomes;
    }

    Instant extend(String id, Instant cap) {
        settle();
        Instant holds;
        synchronized (lock) {
            InMemoryMachine machine = shown(id);
            if (machine == null) {
                throw new ProviderException(
                        "there is no machine " + id, Effect.NONE, false, "InvalidInstanceId.NotFound", null, null);
            }
            if (cap.isAfter(machine.cap())) {
                machine.cap(cap);
            }
            holds = machine.cap();
        }
        alarmAtEnd(id);
        return holds;
    }

    Map<String, Outcome> delete(Collection<String> ids) {
        settle();
        Map<String, Outcome> outcomes = new LinkedHashMap<>();
        List<InMemoryHost> hosts = new ArrayList<>();
        synchronized (lock) {
            Instant now = now();
            // docs begin: delete
            for (String id : ids) {
                InMemoryMachine machine = shown(id);
                if (machine == null) {
                    outcomes.put(id, absent());
                } else if (now.isBefore(machine.createdAt.plus(settings.initializingTime()))) {
                    outcomes.put(id, new Outcome(Outcome.Status.LATER, "IncorrectInstanceStatus.Initializing"));
                } else {
                    if (machine.state(now) != MachineState.STOPPING) {
                        machine.stop(now.plus(settings.deletionTime()));
                        hosts.add(machine.host);
                    }
                    outcomes.put(id, Outcome.accepted());
                }
            }
            // docs end: delete
        }
        hosts.forEach(room::end);
        ids.forEach(this::alarmAtEnd);
        return outcomes;
    }

    ProcessShell open(String id, ShellKeys keys, Consumer<ProcessShell> whenClosed) {
        settle();
        InMemoryHost host;
        synchronized (lock) {
            InMemoryMachine machine = machines.get(id);
            if (down || machine == null || machine.state(now()) != MachineState.RUNNING) {
                throw InMemoryHost.silent(id);
            }
            host = machine.host;
        }
        return host.open(
                keys,
                machine -> new ProcessShell(
                        machine,
                        host::show,
                        settings.limits().channelsPerShell(),
                        room::run,
                        () -> hold(COMMAND_PATIENCE),
                        shell -> {
                            host.forget(shell);
                            whenClosed.accept(shell);
                        }));
    }

    Door knock(String id) {
        settle();
        synchronized (lock) {
            InMemoryMachine machine = machines.get(id);
            boolean answers =
                    !down && machine != null && machine.command == null && machine.state(now()) == MachineState.RUNNING;
            return answers ? Door.OPEN : Door.SHUT;
        }
    }

    Set<String> ids() {
        settle();
        synchronized (lock) {
            return new TreeSet<>(machines.keySet());
        }
    }

    List<Machine> inventory() {
        settle();
        synchronized (lock) {
            return machines.values().stream()
                    .map(machine -> machine.describe(now()))
                    .toList();
        }
    }

    List<MachineProcess> processes() {
        return room.processes();
    }

    void vanish(String id) {
        synchronized (lock) {
            living(id).stop(now());
        }
        settle();
    }

    void reclaim(String id, Duration notice) {
        settle();
        synchronized (lock) {
            InMemoryMachine machine = living(id);
            Offer offer = machine.launch.offer();
            Instant deadline = now().plus(notice);
            if (offer.market() != Market.SPOT) {
                throw new IllegalStateException("the cloud takes no machine back that was bought on demand: " + id);
            }
            if (deadline.isBefore(machine.createdAt.plus(offer.protection()))) {
                throw new IllegalStateException("machine " + id + " is protected until "
                        + machine.createdAt.plus(offer.protection()) + ", reclaimed would be at " + deadline);
            }
            machine.notice(new ReclaimNotice(deadline, "Recycling"));
        }
        settle();
        alarmAtEnd(id);
    }

    void withdrawReclaim(String id) {
        settle();
        synchronized (lock) {
            living(id).notice(null);
        }
    }

    void refuse(String id, boolean refuse) {
        host(id).refuse(refuse);
    }

    void console(String id, String text) {
        synchronized (lock) {
            living(id).console(text);
        }
    }

    Optional<String> consoleOutput(String id) {
        settle();
        synchronized (lock) {
            InMemoryMachine machine = shown(id);
            return machine == null ? Optional.empty() : machine.console();
        }
    }

    void cut(String id) {
        host(id).cut();
    }

    void showHostKey(String id, PublicKey key) {
        host(id).show(key);
    }

    private LaunchResult create(Launch launch, List<InMemoryMachine> made) {
        Offer offer = launch.offer();
        Instant now = now();
        Pool pool = new Pool(offer.type().id(), offer.zone(), offer.market());
        LaunchCheck.check(launch, settings, market, now);
        int count = market.take(pool, launch.minimum(), launch.count());
        if (count == 0) {
            throw new CapacityException(
                    "there is no stock for " + offer.describe(),
                    CapacityException.Reason.NO_STOCK,
                    "OperationDenied.NoStock",
                    null,
                    null);
        }
        LaunchPlan.Oddity oddity = launches.take();
        Instant visibleAt = now.plus(oddity.hidden());
        for (int i = 0; i < count; i++) {
            int number = ++numbers;
            String id = String.format("i-%s-%06d", settings.name(), number);
            InMemoryCommand command = launch.containerCommand()
                    .map(c -> new InMemoryCommand(c, settings.logLines()))
                    .orElse(null);
            InMemoryHost host = room.host(id, launch, command);
            made.add(new InMemoryMachine(
                    id, number, launch, now, now.plus(settings.bootTime()), visibleAt, host, command));
        }
        made.forEach(machine -> machines.put(machine.id, machine));
        if (oddity.vanishing()) {
            made.forEach(machine -> machine.stop(now));
        }
        if (oddity.unpullable()) {
            made.forEach(InMemoryMachine::unpullable);
        }
        return new LaunchResult(made.stream().map(machine -> machine.id).toList(), null);
    }

    /** Lets go what has come to its end by now, and starts what is to run by now. */
    private void settle() {
        List<InMemoryMachine> gone = new ArrayList<>();
        List<InMemoryMachine> beginning;
        synchronized (lock) {
            Instant now = now();
            machines.values().removeIf(machine -> machine.gone(now) && gone.add(machine));
            beginning = down
                    ? List.of()
                    : machines.values().stream()
                            .filter(machine -> machine.begins(now))
                            .toList();
        }
        for (InMemoryMachine machine : beginning) {
            AutoCloseable hold = hold(JOB_PATIENCE);
            machine.host.start(room::run, () -> release(hold));
        }
        for (InMemoryMachine machine : gone) {
            machine.alarms.forEach(Ticker.Scheduled::cancel);
            room.end(machine.host);
            log.debug("Machine {} is gone", machine.id);
        }
    }

    /** Sees to it that a machine ends at its time even if nobody asks for it. */
    private void alarmAtEnd(String id) {
        synchronized (lock) {
            InMemoryMachine machine = machines.get(id);
            if (machine == null) {
                return;
            }
            machine.alarms.forEach(Ticker.Scheduled::cancel);
            machine.alarms.clear();
            try {
                machine.alarms.add(ticker.schedule(Duration.between(now(), machine.end()), this::settle));
                if (machine.command != null) {
                    machine.alarms.add(ticker.schedule(Duration.between(now(), machine.runningAt), this::settle));
                }
            } catch (RejectedExecutionException e) {
                // A closed ticker runs nothing any more; every call settles what is due by itself.
                log.debug("The ticker is closed; machine {} ends when someone asks for it", id);
            }
        }
    }

    /** Returns a machine if there is one and answers show it. */
    private @Nullable InMemoryMachine shown(String id) {
        InMemoryMachine machine = machines.get(id);
        return machine != null && machine.visible(now()) ? machine : null;
    }

    private InMemoryMachine living(String id) {
        InMemoryMachine machine = machines.get(id);
        if (machine == null) {
            throw new IllegalArgumentException("there is no machine " + id + ", there are " + machines.keySet());
        }
        return machine;
    }

    private InMemoryHost host(String id) {
        synchronized (lock) {
            return living(id).host;
        }
    }

    private AutoCloseable hold(Duration patience) {
        return ticker instanceof TestTicker test ? test.hold(patience) : () -> {};
    }

    private static Outcome absent() {
        return new Outcome(Outcome.Status.ABSENT, "InvalidInstanceId.NotFound");
    }
}
