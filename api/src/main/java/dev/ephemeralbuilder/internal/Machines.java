package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.cost.CostLine.End;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What can be done with machines that this fleet has not acquired, by owner or by id. Confined to the ticker. */
final class Machines {
    private static final Logger log = LoggerFactory.getLogger(Machines.class);

    /** For how long a listing goes on. */
    private static final Duration LISTING = Duration.ofMinutes(2);

    /** How long a caller waits for a deletion. */
    private static final Duration RELEASING = Duration.ofMinutes(5);

    private final List<Region> regions;
    private final Records records;
    private final Requests requests;
    private final Ticker ticker;
    private final Executor users;
    private final String owner;
    private final Set<Held> held;
    private final Finder finder;
    private final Map<String, Attachment> attachments = new HashMap<>();

    /** Machines without a record that are being given back. */
    private final Set<String> removals = new HashSet<>();

    private record Shown(Region region, List<Machine> machines) {}

    /**
     * The attempts that the store has readable records of.
     *
     * @param tokens their tokens
     */
    record Attempts(Set<String> tokens) {
        static final Attempts NONE = new Attempts(Set.of());

        boolean made(Machine machine) {
            String attempt = machine.tags().get(MachineTags.ATTEMPT);
            return attempt != null
                    && (tokens.contains(attempt) || tokens.contains(Records.ofOneOfMany(attempt, machine.id())));
        }
    }

    Machines(
            List<Region> regions,
            Records records,
            Requests requests,
            Ticker ticker,
            Executor users,
            String owner,
            Set<Held> held) {
        this.regions = List.copyOf(regions);
        this.records = records;
        this.requests = requests;
        this.ticker = ticker;
        this.users = users;
        this.owner = owner;
        this.held = held;
        this.finder = new Finder(regions, records, ticker, owner);
    }

    /** Returns all machines of the owner, or fails. */
    CompletableFuture<List<BuilderSummary>> list() {
        Instant deadline = ticker.now().plus(LISTING);
        List<CompletableFuture<Shown>> parts = new ArrayList<>();
        for (Region region : regions) {
            parts.add(Listing.of(region, owner, deadline).thenApply(machines -> new Shown(region, machines)));
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture<?>[]::new))
                .thenCompose(v -> records.attempts())
                .thenApply(Attempts::new)
                .thenApply(attempts -> parts.stream()
                        .map(CompletableFuture::join)
                        .flatMap(shown ->
                                shown.machines().stream().map(machine -> summary(shown.region(), machine, attempts)))
                        .sorted(Comparator.comparing(BuilderSummary::createdAt).thenComparing(BuilderSummary::id))
                        .toList());
    }

    /** Returns what the store knows of attempts; nothing if it cannot be asked, since tags say enough. */
    CompletableFuture<Attempts> attempts() {
        return Stages.then(records.attempts(), (tokens, failure) -> {
            if (failure != null) {
                log.debug(
                        "The store does not say which machines it has records of: {}",
                        Failures.unwrap(failure).toString());
            }
            return CompletableFuture.completedFuture(failure == null ? new Attempts(tokens) : Attempts.NONE);
        });
    }

    BuilderSummary summary(Region region, Machine machine, Attempts attempts) {
        return BuilderSummary.of(
                region.provider().name(), machine, region.clock().now(), attempts.made(machine));
    }

    String owner() {
        return owner;
    }

    /** Whether this fleet holds a machine, or is giving it back. */
    boolean isHeld(String id) {
        return find(id).isPresent();
    }

    /** Whether this fleet holds a machine and wants it. */
    boolean isInUse(String id) {
        return find(id).filter(h -> !h.released()).isPresent();
    }

    /** Whether this fleet is giving a machine back. */
    boolean isGoing(String id) {
        return removals.contains(id) || find(id).filter(Held::released).isPresent();
    }

    /** Returns one caller's own future of a builder of a machine. */
    CompletableFuture<EphemeralBuilder> attach(String id) {
        attachments.values().removeIf(Attachment::isOver);
        Attachment present = attachments.get(id);
        if (present != null) {
            return present.join();
        }
        Optional<Held> mine = find(id).filter(h -> !h.released());
        if (mine.isPresent()) {
            return mine.get().opened().thenApply(builder -> builder);
        }
        Attachment attachment = new Attachment(id, finder, records, requests, ticker, users, held);
        attachments.put(id, attachment);
        CompletableFuture<EphemeralBuilder> own = attachment.join();
        attachment.run();
        return own;
    }

    /** A caller of {@link #attach} has gone before it could take the builder. */
    void unwanted(EphemeralBuilder builder) {
        Attachment attachment = attachments.get(builder.id());
        if (attachment != null && attachment.made(builder)) {
            attachment.leave();
        }
    }

    /** Gives a machine back; completes when it was seen gone. */
    CompletableFuture<Void> release(String id) {
        CompletableFuture<Void> gone =
                find(id).map(this::release).orElseGet(() -> finder.find(id).thenCompose(this::remove));
        CompletableFuture<Void> waited = gone.copy();
        Ticker.Scheduled timer = ticker.schedule(
                RELEASING,
                () -> waited.completeExceptionally(new BuilderTimeoutException(
                        "The cloud still shows machine " + id + " after " + RELEASING.toMinutes()
                                + " minutes; its deletion goes on while the fleet lives",
                        null,
                        null,
                        null)));
        Stages.whenDone(waited, (v, failure) -> timer.cancel());
        return waited;
    }

    private Optional<Held> find(String id) {
        return held.stream().filter(h -> h.machineId().equals(id)).findFirst();
    }

    private CompletableFuture<Void> release(Held mine) {
        mine.release(() -> new BuilderLostException("Builder " + mine.machineId() + " was released", null));
        return mine.gone();
    }

    private CompletableFuture<Void> remove(Optional<Finder.Found> found) {
        if (found.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        return giveBack(found.get(), End.CLOSED);
    }

    /**
     * Gives a machine back that was just seen; completes when it was seen gone.
     *
     * @param how what that is for the ledger, if this fleet does not hold it
     */
    CompletableFuture<Void> giveBack(Finder.Found there, End how) {
        String id = there.machine().id();
        String token = there.machine().tags().get(MachineTags.ATTEMPT);
        CompletableFuture<Optional<BuilderRecord>> record =
                token == null ? CompletableFuture.completedFuture(Optional.empty()) : readable(token, id);
        return record.thenCompose(known -> {
            Optional<Held> mine = find(id);
            if (mine.isPresent()) {
                return release(mine.get());
            }
            return known.isPresent() ? remove(there, known.get(), how) : removeUnrecorded(there, token);
        });
    }

    /** A record that cannot be read says no more than none. */
    private CompletableFuture<Optional<BuilderRecord>> readable(String token, String id) {
        return Stages.then(records.ofAttempt(token, id), (record, failure) -> {
            if (failure != null && Failures.unwrap(failure) instanceof ConfigurationException e) {
                log.debug("A machine is released without its record: {}", e.getMessage());
                return CompletableFuture.completedFuture(Optional.empty());
            }
            return failure == null
                    ? CompletableFuture.completedFuture(record)
                    : CompletableFuture.failedFuture(failure);
        });
    }

    private CompletableFuture<Void> remove(Finder.Found there, BuilderRecord record, End how) {
        Region region = there.region();
        Machine machine = there.machine();
        Usage usage = Usage.ofRecorded(record.origin(), record);
        usage.endsAs(how);
        Held mine = new Held(region, record.origin(), usage, machine.id());
        held.add(mine);
        mine.seen();
        if (Farewell.recorded(region, mine, machine, record)) {
            // A notice leaves it less time.
            mine.observe(Optional.of(machine));
        }
        mine.remove(() -> new BuilderLostException("Machine " + mine.machineId() + " was released", null));
        return mine.gone();
    }

    private CompletableFuture<Void> removeUnrecorded(Finder.Found there, @Nullable String token) {
        Region region = there.region();
        String id = there.machine().id();
        Instant began = ticker.now();
        removals.add(id);
        return region.terminator().delete(id, began).thenCompose(v -> {
            removals.remove(id);
            Instant now = ticker.now();
            region.events()
                    .publish(new BuilderEvent.Gone(
                            now, there.summary().requestId().orElse(""), id, Duration.between(began, now)));
            return token == null ? CompletableFuture.completedFuture(null) : records.forget(token);
        });
    }

    /** Leaves what is not attached yet; what is, is held. */
    void close() {
        List.copyOf(attachments.values()).stream()
                .filter(attachment -> !attachment.isDone())
                .forEach(Attachment::close);
    }

    /** Returns what is being given back without being held. */
    Set<String> removals() {
        return Set.copyOf(removals);
    }
}
