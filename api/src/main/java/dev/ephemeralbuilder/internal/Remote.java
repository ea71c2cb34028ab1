package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.internal.Supervisor.Command;
import dev.ephemeralbuilder.internal.Supervisor.Reply;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * Asks the supervisor on one machine and repeats the question when the connection is lost before the answer came: every
 * command that goes this way may be repeated. Confined to the ticker.
 */
final class Remote {
    private static final Duration PAUSE = Duration.ofMillis(250);

    /** A machine that is reached but does not answer in this time is asked again. */
    private static final Duration ANSWER = Duration.ofMinutes(2);

    /** Longer than any machine lives. */
    private static final Duration FOR_EVER = Duration.ofDays(4 * 365);

    private final Ticker ticker;
    private final Link link;

    Remote(Ticker ticker, Link link) {
        this.ticker = ticker;
        this.link = link;
    }

    /** Asks until there is an answer or the link's patience is at its end. */
    CompletableFuture<Reply> ask(Command command) {
        return ask(command, ticker.now().plus(Link.PATIENCE));
    }

    /** Asks a question whose answer has many lines, until there is one with its last line. */
    CompletableFuture<Reply> askForAll(Command command) {
        return ask(
                command,
                ticker.now().plus(Link.PATIENCE),
                reply -> reply.value("end").isPresent());
    }

    /** Asks once for the end of a stream, as text; fails if the connection is lost before all has come. */
    CompletableFuture<String> askForBytes(Command command) {
        return link.open(command.line())
                .thenCompose(channel -> within(ANSWER, Exchange.of(channel, command.input(), ticker)))
                .thenApply(Supervisor::stream);
    }

    /** Asks until there is an answer or the deadline has passed. */
    CompletableFuture<Reply> ask(Command command, Instant deadline) {
        return ask(command, deadline, reply -> true);
    }

    private CompletableFuture<Reply> ask(Command command, Instant deadline, Predicate<Reply> whole) {
        return once(command, deadline, ANSWER).thenCompose(reply -> {
            if (reply.filter(whole).isPresent()) {
                return CompletableFuture.completedFuture(reply.get());
            }
            if (!ticker.now().plus(PAUSE).isBefore(deadline)) {
                return CompletableFuture.failedFuture(new BuilderTimeoutException(
                        "The machine takes connections but does not answer; is its login shell a POSIX shell?",
                        null,
                        null,
                        null));
            }
            return Stages.after(ticker, PAUSE).thenCompose(v -> ask(command, deadline, whole));
        });
    }

    /** Asks a question that is answered only when something has happened; waits for that as long as the machine lives. */
    CompletableFuture<Reply> askAndWait(Command command) {
        return once(command, ticker.now().plus(Link.PATIENCE), FOR_EVER)
                .thenCompose(reply -> reply.isPresent()
                        ? CompletableFuture.completedFuture(reply.get())
                        : Stages.after(ticker, PAUSE).thenCompose(v -> askAndWait(command)));
    }

    private CompletableFuture<String> within(Duration time, CompletableFuture<String> exchange) {
        Ticker.Scheduled timer = ticker.schedule(time, () -> exchange.cancel(false));
        Stages.whenDone(exchange, (output, failure) -> timer.cancel());
        return exchange;
    }

    /** Asks once; empty if the connection was lost, or the time was over, before the answer came. */
    private CompletableFuture<Optional<Reply>> once(Command command, Instant deadline, Duration answer) {
        return link.open(command.line(), deadline)
                .thenCompose(channel -> within(answer, Exchange.of(channel, command.input(), ticker))
                        .handle((output, failure) -> Optional.ofNullable(failure == null ? output : null)
                                .map(Supervisor::parse)
                                .filter(reply -> !reply.lines().isEmpty())));
    }
}
