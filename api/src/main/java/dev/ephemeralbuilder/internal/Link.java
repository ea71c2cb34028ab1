package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.spi.TerminalChannel;
import dev.ephemeralbuilder.spi.Ticker;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The way to one machine: as few connections as will do, opened again when they break. A channel that cannot be opened
 * is tried again until the machine is known to be gone or the patience is at its end. Confined to the ticker.
 */
final class Link {
    /** For how long a machine that the cloud still shows may be out of reach. */
    static final Duration PATIENCE = Duration.ofMinutes(3);

    /** For how long the cloud may keep it waiting on top of that: with turns, and with looks at the machine. */
    private static final Duration CLOUD = Duration.ofMinutes(15);

    private static final Duration FIRST_DELAY = Duration.ofMillis(200);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(5);

    /** A machine that boots is about to let its user in. */
    private static final Duration LONGEST_WHILE_BOOTING = Duration.ofMillis(500);

    /** For how long somebody waits for a terminal. */
    private static final Duration TERMINAL = Duration.ofMinutes(1);

    /** Opens a channel of some kind. */
    private interface Opening<C extends Channel> {
        C on(Shell shell) throws InterruptedException;
    }

    /** Asked after each failed try. */
    interface Presence {
        /**
         * Completes with why the machine is lost if it is known to be gone, with nothing if the cloud still shows it;
         * fails if the cloud could not be asked.
         */
        CompletableFuture<Optional<BuilderException>> check();
    }

    private static final class Connection {
        final Shell shell;
        int channels;
        int most;

        Connection(Shell shell, int most) {
            this.shell = shell;
            this.most = most;
        }
    }

    private final Ticker ticker;
    private final Calls calls;
    private final CloudCalls cloud;
    private final Machine machine;
    private ShellKeys keys;
    private final Presence presence;
    private final List<Connection> connections = new ArrayList<>();
    private @Nullable CompletableFuture<Connection> connecting;
    private @Nullable Supplier<BuilderException> closed;
    private Duration longest = LONGEST_WHILE_BOOTING;

    Link(Ticker ticker, Calls calls, CloudCalls cloud, Machine machine, ShellKeys keys, Presence presence) {
        this.ticker = ticker;
        this.calls = calls;
        this.cloud = cloud;
        this.machine = machine;
        this.keys = keys;
        this.presence = presence;
    }

    /** The machine has booted: from now on a failure is not a matter of moments. */
    void booted() {
        longest = LONGEST_DELAY;
    }

    /** Opens a channel, however often it takes within the patience. Completes on the ticker. */
    CompletableFuture<Channel> open(String command) {
        return open(command, ticker.now().plus(PATIENCE));
    }

    /** Opens a channel, however often it takes until the deadline. Completes on the ticker. */
    CompletableFuture<Channel> open(String command, Instant deadline) {
        return new Persistence<>(cloud::openTurn, () -> tryOpen(shell -> shell.open(command)), deadline)
                .go(FIRST_DELAY);
    }

    /** Opens a terminal, however often it takes while somebody waits for it. Completes on the ticker. */
    CompletableFuture<TerminalChannel> openTerminal(TerminalSize size) {
        return new Persistence<>(
                        cloud::openTurn,
                        () -> tryOpen(shell -> shell.openTerminal(size)),
                        ticker.now().plus(TERMINAL))
                .go(FIRST_DELAY);
    }

    /**
     * Gives the machine another host key, however often it takes until the deadline; false if the provider leaves it as
     * it is. Connections that are opened meanwhile are shown one or the other. Completes on the ticker.
     */
    CompletableFuture<Boolean> replaceHostKey(KeyPair next, Instant deadline) {
        return new Persistence<>(() -> CompletableFuture.completedFuture(null), () -> tryReplaceHostKey(next), deadline)
                .go(FIRST_DELAY);
    }

    /** Returns another way to the same machine, with the keys of now, which is not closed with this one. */
    Link again() {
        return new Link(ticker, calls, cloud, machine, keys, presence);
    }

    /** From now on connections are opened with these keys. */
    void pin(ShellKeys keys) {
        this.keys = keys;
    }

    private CompletableFuture<Boolean> tryReplaceHostKey(KeyPair next) {
        if (closed != null) {
            return CompletableFuture.failedFuture(closed.get());
        }
        return connection().thenCompose(connection -> {
            connection.channels++;
            return calls.run(() -> connection.shell.replaceHostKey(next)).whenComplete((replaced, failure) -> {
                connection.channels--;
                if (failure != null) {
                    drop(connection);
                }
            });
        });
    }

    /** Opens a channel with one try. */
    private <C extends Channel> CompletableFuture<C> tryOpen(Opening<C> opening) {
        if (closed != null) {
            return CompletableFuture.failedFuture(closed.get());
        }
        return connection().thenCompose(connection -> {
            connection.channels++;
            Instant began = ticker.now();
            return calls.run(() -> opening.on(connection.shell)).whenComplete((channel, failure) -> {
                cloud.opened(began, failure);
                if (failure != null) {
                    connection.channels--;
                    // A connection that is up and opens nothing more is full, whatever we were told.
                    connection.most = connection.channels;
                    drop(connection);
                } else if (closed != null) {
                    channel.close();
                } else {
                    Stages.whenDone(channel.ended(), ticker, (exit, f) -> connection.channels--);
                }
            });
        });
    }

    /** One thing that is tried until a deadline. What is waited for the cloud does not count, up to a bound. */
    private final class Persistence<T> {
        private final Supplier<CompletableFuture<Void>> turn;
        private final Supplier<CompletableFuture<T>> attempt;
        private final Instant last;
        private Instant deadline;

        Persistence(Supplier<CompletableFuture<Void>> turn, Supplier<CompletableFuture<T>> attempt, Instant deadline) {
            this.turn = turn;
            this.attempt = attempt;
            this.deadline = deadline;
            this.last = deadline.plus(CLOUD);
        }

        CompletableFuture<T> go(Duration delay) {
            if (closed != null) {
                return CompletableFuture.failedFuture(closed.get());
            }
            return uncounted(turn.get())
                    .thenCompose(v -> Stages.then(
                            attempt.get(),
                            (result, failure) -> failure == null
                                    ? CompletableFuture.completedFuture(result)
                                    : failed(Failures.asBuilderException(failure), delay)));
        }

        /** Puts the deadline off by the time that something takes. */
        private <U> CompletableFuture<U> uncounted(CompletableFuture<U> something) {
            Instant asked = ticker.now();
            return something.whenComplete((value, failure) -> {
                Instant later = deadline.plus(Duration.between(asked, ticker.now()));
                deadline = later.isBefore(last) ? later : last;
            });
        }

        private CompletableFuture<T> failed(BuilderException reason, Duration delay) {
            cloud.openFailed(reason);
            if (closed != null) {
                return CompletableFuture.failedFuture(closed.get());
            }
            if (!reason.retryable()) {
                return CompletableFuture.failedFuture(reason);
            }
            return Stages.then(uncounted(presence.check()), (gone, blind) -> {
                if (blind == null && gone.isPresent()) {
                    return CompletableFuture.failedFuture(gone.get());
                }
                if (!ticker.now().plus(delay).isBefore(deadline)) {
                    return CompletableFuture.failedFuture(outOfReach(reason, blind));
                }
                Duration longer = delay.multipliedBy(2).compareTo(longest) < 0 ? delay.multipliedBy(2) : longest;
                return Stages.after(ticker, delay).thenCompose(v -> go(longer));
            });
        }
    }

    private BuilderTimeoutException outOfReach(BuilderException reason, @Nullable Throwable blind) {
        String cloud = blind == null
                ? "but the cloud still shows it"
                : "and the cloud cannot be asked about it ("
                        + Failures.asBuilderException(blind).getMessage() + ")";
        return new BuilderTimeoutException(
                "Machine " + machine.id() + " cannot be reached, " + cloud + ". Last failure: " + reason.getMessage(),
                null,
                null,
                reason);
    }

    /** Closes all connections; from now on every open fails with the given reason. */
    void close(Supplier<BuilderException> reason) {
        if (closed != null) {
            return;
        }
        closed = reason;
        List<Connection> all = List.copyOf(connections);
        connections.clear();
        for (Connection connection : all) {
            Stages.leave(calls.run(() -> {
                connection.shell.close();
                return null;
            }));
        }
    }

    private CompletableFuture<Connection> connection() {
        connections.removeIf(c -> !c.shell.isOpen() && c.channels <= 0);
        for (Connection c : connections) {
            if (c.shell.isOpen() && c.channels < c.most) {
                return CompletableFuture.completedFuture(c);
            }
        }
        if (connecting != null && !connecting.isDone()) {
            // Then look again: others may have taken its channels.
            return connecting.thenCompose(c -> connection());
        }
        CompletableFuture<Connection> mine = calls.run(() -> cloud.provider().open(machine, keys))
                .thenApply(shell -> {
                    Connection c =
                            new Connection(shell, cloud.provider().limits().channelsPerShell());
                    if (closed == null) {
                        connections.add(c);
                    } else {
                        shell.close();
                        throw closed.get();
                    }
                    return c;
                });
        connecting = mine;
        return mine;
    }

    private void drop(Connection connection) {
        if (!connection.shell.isOpen() || connection.most == 0) {
            connections.remove(connection);
            connection.shell.close();
        }
    }
}
