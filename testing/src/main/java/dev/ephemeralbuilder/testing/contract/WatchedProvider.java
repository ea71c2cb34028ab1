package dev.ephemeralbuilder.testing.contract;

import static java.util.stream.Collectors.joining;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.LogPage;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.ForwardingShell;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The provider as a fleet sees it: says which calls have not come back, and holds the time while a command runs. Does
 * not end with the fleet, so that the test can still look at the cloud. Safe for use by many threads.
 */
final class WatchedProvider extends ForwardingProvider {
    /** How long one step of time waits for a command; most end within some milliseconds. */
    private static final Duration COMMAND = Duration.ofSeconds(2);

    private static final int FRAMES = 6;

    /** Part of the command that stays on a spot machine for as long as it works. */
    private static final String NOTICES = "supervisor.sh\" notices ";

    private final Function<Duration, Runnable> holds;
    private final Map<Thread, String> underWay = new ConcurrentHashMap<>();
    private final Map<String, Set<String>> hostKeys = new ConcurrentHashMap<>();
    private volatile Duration command = COMMAND;
    private volatile boolean shut;
    private volatile boolean keepsHostKeys;

    WatchedProvider(CloudProvider next, Function<Duration, Runnable> holds) {
        super(next);
        this.holds = holds;
    }

    /** Lets time pass while commands run that are started from now on. */
    void commandsMayTakeLong() {
        command = Duration.ZERO;
    }

    /** Lets no machine get ready: it seems not to answer. */
    void shut() {
        shut = true;
    }

    /** Returns by which host keys a machine was accepted when it was connected to last. */
    Set<String> hostKeys(String id) {
        return hostKeys.getOrDefault(id, Set.of());
    }

    /** Returns whether the provider was asked to replace a host key and did not. */
    boolean keepsHostKeys() {
        return keepsHostKeys;
    }

    /** Says where calls are that have not come back; empty if there are none. */
    String callsUnderWay() {
        return underWay.entrySet().stream()
                .map(call -> call.getValue() + " at "
                        + Arrays.stream(call.getKey().getStackTrace())
                                .limit(FRAMES)
                                .map(StackTraceElement::toString)
                                .collect(joining(" < ")))
                .collect(joining("; "));
    }

    @Override
    public MarketSnapshot market(MarketQuery query) throws InterruptedException {
        return watch("market", () -> super.market(query));
    }

    @Override
    public LaunchResult launch(Launch launch) throws InterruptedException {
        return watch("launch", () -> super.launch(launch));
    }

    @Override
    public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
        return watch("describe", () -> super.describe(ids));
    }

    @Override
    public MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
        return watch("list", () -> super.list(owner, cursor));
    }

    @Override
    public Map<String, Outcome> renew(Collection<String> ids, Instant lease) throws InterruptedException {
        return watch("renew", () -> super.renew(ids, lease));
    }

    @Override
    public Instant extend(String id, Instant cap) throws InterruptedException {
        return watch("extend", () -> super.extend(id, cap));
    }

    @Override
    public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
        return watch("delete", () -> super.delete(ids));
    }

    @Override
    public LogPage log(String id, @Nullable String cursor) throws InterruptedException {
        return watch("log", () -> super.log(id, cursor));
    }

    @Override
    public Optional<String> consoleOutput(String id) throws InterruptedException {
        return watch("consoleOutput", () -> super.consoleOutput(id));
    }

    @Override
    public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
        if (shut) {
            throw new ProviderException("the test lets nobody in", Effect.NONE, true, null, null, null);
        }
        Shell shell = watch("open", () -> super.open(machine, keys));
        hostKeys.put(machine.id(), keys.hostKeyFingerprints());
        return new WatchedShell(shell);
    }

    @Override
    public void close() {}

    private <T> T watch(String name, Callable<T> call) throws InterruptedException {
        underWay.put(Thread.currentThread(), name);
        try {
            return call.call();
        } catch (InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(name + " throws what it does not declare", e);
        } finally {
            underWay.remove(Thread.currentThread());
        }
    }

    private final class WatchedShell extends ForwardingShell {
        private WatchedShell(Shell shell) {
            super(shell);
        }

        @Override
        public Channel open(String text) throws InterruptedException {
            // What waits for the cloud by the clock on the wall must not hold up the cloud's.
            Runnable release = holds.apply(text.contains(NOTICES) ? Duration.ZERO : command);
            Channel channel;
            try {
                channel = watch("the shell's open", () -> super.open(text));
            } catch (RuntimeException | InterruptedException e) {
                release.run();
                throw e;
            }
            var unused = channel.ended().whenComplete((code, failure) -> release.run());
            return channel;
        }

        @Override
        public boolean replaceHostKey(KeyPair newKey) throws InterruptedException {
            boolean replaced = watch("the shell's replaceHostKey", () -> super.replaceHostKey(newKey));
            keepsHostKeys = !replaced;
            return replaced;
        }
    }
}
