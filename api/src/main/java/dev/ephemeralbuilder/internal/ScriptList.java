package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ScriptSummary;
import dev.ephemeralbuilder.ScriptSummary.State;
import dev.ephemeralbuilder.internal.Supervisor.Reply;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** The scripts of one machine, whoever started them: what the machine says, nothing is remembered here. */
final class ScriptList {
    private final Held held;
    private final Region region;
    private final Executor users;
    private final Link link;
    private final Remote remote;

    /** One line of the machine's answer. */
    private record Entry(boolean streamsSeparate, ScriptSummary summary) {
        /** Reads the words {@code ID STREAMS STARTED STATE...}. */
        static Entry parse(String line) {
            String[] w = line.split(" ", 4);
            try {
                Instant startedAt = Instant.ofEpochSecond(Long.parseLong(w[2]));
                Optional<ScriptResult> result = result(w[3]);
                State state =
                        w[3].equals("running") ? State.RUNNING : result.isPresent() ? State.ENDED : State.VANISHED;
                return new Entry(w[1].equals("separate"), new ScriptSummary(w[0], startedAt, state, result));
            } catch (IllegalArgumentException | IndexOutOfBoundsException | DateTimeException e) {
                throw new ProviderException(
                        "The machine's list of scripts is not readable",
                        ProviderException.Effect.NONE,
                        true,
                        null,
                        null,
                        e);
            }
        }

        private static Optional<ScriptResult> result(String state) {
            if (!state.startsWith("exited ")) {
                return Optional.empty();
            }
            try {
                return Optional.of(Supervisor.result(state.substring("exited ".length())));
            } catch (IllegalArgumentException unreadable) {
                // Nobody will ever know how it ended.
                return Optional.empty();
            }
        }
    }

    ScriptList(Held held, Region region, Executor users, Link link, Remote remote) {
        this.held = held;
        this.region = region;
        this.users = users;
        this.link = link;
        this.remote = remote;
    }

    /** Returns all, in the order in which they were started. */
    CompletableFuture<List<ScriptSummary>> all() {
        return remote.askForAll(Supervisor.list())
                .thenApply(reply -> entries(reply).stream()
                        .map(Entry::summary)
                        .sorted(Comparator.comparing(ScriptSummary::startedAt).thenComparing(ScriptSummary::id))
                        .toList());
    }

    /** Returns one; fails if the machine does not know it. */
    CompletableFuture<RunningScript> one(String id) {
        if (!Supervisor.isId(id)) {
            return CompletableFuture.failedFuture(unknown(id));
        }
        return remote.askForAll(Supervisor.list(id))
                .thenApply(reply -> entries(reply).stream()
                        .findFirst()
                        .<RunningScript>map(this::run)
                        .orElseThrow(() -> unknown(id)));
    }

    private ScriptRun run(Entry entry) {
        String id = entry.summary().id();
        ScriptRun run = new ScriptRun(id, entry.streamsSeparate(), region, held, users, link, remote);
        if (entry.summary().state() == State.RUNNING) {
            run.found();
        }
        return run;
    }

    private static List<Entry> entries(Reply reply) {
        return reply.values("script").stream().map(Entry::parse).toList();
    }

    private ConfigurationException unknown(String id) {
        return new ConfigurationException(
                "No script " + id + " was started on machine " + held.machineId() + "; scripts() tells which were",
                null,
                null,
                null);
    }
}
