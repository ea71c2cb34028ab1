package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.DuplicateRequestException;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.spi.Ticker;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Requests that their callers have named: at most one machine each, whichever process asks. Among the processes of one
 * store a document per request says whose it is, and which attempt is the last; among others the client token, which
 * follows from owner, request and attempt, and the tag with the request's id do.
 *
 * <p>Confined to the ticker, but for what only the store is asked.
 */
final class Requests {
    private static final String PREFIX = "er-";
    private static final int HASH_CHARACTERS = 40;

    /** For how long the clouds are asked who else has a machine for a request. */
    private static final Duration SEARCH = Duration.ofMinutes(2);

    /** For how long the number of attempts is kept: "not hours" is the cloud's memory (ecs-openapi, 1.3). */
    private static final Duration TOKENS = Duration.ofHours(1);

    private static final String NUMBER = "number";
    private static final String UNTIL = "until";

    private final StateStore store;
    private final Calls calls;
    private final Ticker ticker;
    private final Records records;
    private final String owner;
    private final Holder me;
    private final List<Region> regions;

    /**
     * A request that is this fleet's from now on.
     *
     * @param last the number of the last attempt for it, 0 if there was none
     * @param unfinished what somebody who is dead now has begun or made
     */
    record Begun(int last, Optional<BuilderRecord> unfinished) {}

    Requests(
            StateStore store,
            Calls calls,
            Ticker ticker,
            Records records,
            String owner,
            Holder me,
            List<Region> regions) {
        this.store = store;
        this.calls = calls;
        this.ticker = ticker;
        this.records = records;
        this.owner = owner;
        this.me = me;
        this.regions = regions;
    }

    /** Returns the client token of one attempt for a named request: the same in every process. */
    String token(String requestId, int number) {
        return key(requestId) + "-" + number;
    }

    private String key(String requestId) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest((owner + "\n" + requestId).getBytes(StandardCharsets.UTF_8));
            return PREFIX + HexFormat.of().formatHex(hash).substring(0, HASH_CHARACTERS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Returns the key of the request whose attempt a token names, if it is a named one's. */
    private static Optional<String> keyOf(String token) {
        int end = PREFIX.length() + HASH_CHARACTERS;
        return token.startsWith(PREFIX) && token.length() > end
                ? Optional.of(token.substring(0, end))
                : Optional.empty();
    }

    /** Makes a request this fleet's; fails with {@link DuplicateRequestException} if somebody who lives has it. */
    CompletableFuture<Begun> begin(String requestId) {
        String key = key(requestId);
        return calls.run(() -> store.read(Kind.REQUEST, key)).thenCompose(present -> {
            if (present.isEmpty()) {
                return take(requestId, null);
            }
            Map<String, String> document = present.get();
            Holder holder = Holder.decode(document);
            return read(requestId, number(document))
                    .thenCompose(record -> lives(document, holder, record)
                            .thenCompose(
                                    alive -> alive ? refused(requestId, holder, record) : take(requestId, document)));
        });
    }

    private CompletableFuture<Optional<BuilderRecord>> read(String requestId, int number) {
        return number == 0
                ? CompletableFuture.completedFuture(Optional.empty())
                : records.ofAttempt(token(requestId, number));
    }

    /**
     * Returns the number, from 1, of the last of some requests that somebody, alive or dead, has begun and that has not
     * ended; 0 if there is none.
     */
    CompletableFuture<Integer> lastBegun(List<String> requestIds) {
        Instant now = ticker.now();
        return calls.run(() -> {
            for (int number = requestIds.size(); number > 0; number--) {
                String id = requestIds.get(number - 1);
                Optional<Map<String, String>> document = store.read(Kind.REQUEST, key(id));
                if (document.isPresent() && isBegun(id, document.get(), now)) {
                    return number;
                }
            }
            return 0;
        });
    }

    private boolean isBegun(String requestId, Map<String, String> document, Instant now) {
        // Between two attempts there is no record, but somebody who lives.
        return store.read(Kind.BUILDER, token(requestId, number(document))).isPresent()
                || (me.lifeOf(Holder.decode(document)) != Holder.Life.DEAD && now.isBefore(until(document)));
    }

    /** Returns the machine that somebody who is dead has for a request, unless it is kept for people to look at. */
    CompletableFuture<Optional<String>> left(String requestId) {
        return calls.run(() -> store.read(Kind.REQUEST, key(requestId)).orElse(Map.of()))
                .thenCompose(document -> read(requestId, number(document)).thenCompose(record -> {
                    Optional<String> machine = record.filter(r -> !isKept(r)).map(BuilderRecord::machineId);
                    return machine.isEmpty()
                            ? CompletableFuture.completedFuture(machine)
                            : lives(document, Holder.decode(document), record)
                                    .thenApply(alive -> alive ? Optional.<String>empty() : machine);
                }));
    }

    private static boolean isKept(BuilderRecord record) {
        return record.used().kept();
    }

    private CompletableFuture<Boolean> lives(
            Map<String, String> document, Holder holder, Optional<BuilderRecord> record) {
        boolean over = !ticker.now().isBefore(until(document));
        if (holder.equals(me)) {
            // What is held or under way here was refused before: this is being given back, or was detached.
            return record.filter(this::isGivenBack).isPresent()
                    ? CompletableFuture.completedFuture(false)
                    : leased(record);
        }
        return switch (me.lifeOf(holder)) {
            // What it has kept for people to look at is theirs until its time is over.
            case DEAD ->
                record.filter(Requests::isKept).isPresent() ? leased(record) : CompletableFuture.completedFuture(false);
            // It may have closed the fleet that began this.
            case ALIVE -> CompletableFuture.completedFuture(record.isPresent() || !over);
            case UNKNOWN -> over ? leased(record) : CompletableFuture.completedFuture(true);
        };
    }

    private boolean isGivenBack(BuilderRecord record) {
        return regions.stream()
                .flatMap(region -> region.held().stream())
                .anyMatch(held -> held.machineId().equals(record.machineId()));
    }

    /** Whether the machine is there and its lease has not passed. */
    private CompletableFuture<Boolean> leased(Optional<BuilderRecord> record) {
        Optional<String> id = record.map(BuilderRecord::machineId);
        Optional<Region> region = record.map(r -> r.origin().offer())
                .flatMap(offer -> regions.stream().filter(r -> r.serves(offer)).findFirst());
        if (id.isEmpty() || region.isEmpty()) {
            return CompletableFuture.completedFuture(false);
        }
        return region.get()
                .watcher()
                .look(id.get())
                .thenApply(look ->
                        look.filter(machine -> isLive(region.get(), machine)).isPresent());
    }

    private boolean isLive(Region region, Machine machine) {
        BuilderSummary summary = BuilderSummary.of(
                region.provider().name(), machine, region.clock().atLeast(), false);
        boolean ending = Held.isEntryOnly(machine)
                || machine.state() == MachineState.STOPPING
                || (machine.state() == MachineState.ENDED && !isLeased(region, summary));
        return !ending && !summary.released() && !summary.orphan();
    }

    private static boolean isLeased(Region region, BuilderSummary summary) {
        return summary.leaseUntil()
                .filter(until -> !until.isBefore(region.clock().atLeast()))
                .isPresent();
    }

    private static <T> CompletableFuture<T> refused(String requestId, Holder holder, Optional<BuilderRecord> record) {
        String machine = record.map(BuilderRecord::machineId).orElse(null);
        return CompletableFuture.failedFuture(duplicate(requestId, holder.toString(), machine));
    }

    private static DuplicateRequestException duplicate(String requestId, String who, @Nullable String machine) {
        return new DuplicateRequestException(
                "Request id " + requestId + " is in use: " + who
                        + (machine == null
                                ? " is about to launch a machine for it. Wait for it, or use another id"
                                : " has machine " + machine + " for it. Attach to that one, or use another id"),
                machine);
    }

    /** @param seen the document that was found to be nobody's; somebody else may have been faster */
    private CompletableFuture<Begun> take(String requestId, @Nullable Map<String, String> seen) {
        String key = key(requestId);
        Instant until = ticker.now().plus(SEARCH);
        return calls.run(() -> store.update(Kind.REQUEST, key, present -> {
                    boolean nobodys = Objects.equals(present, seen) || present == null || isFree(present);
                    return nobodys ? document(requestId, present == null ? 0 : number(present), until) : present;
                }))
                .thenCompose(after -> {
                    Holder holder = after.map(Holder::decode).orElse(me);
                    if (!holder.equals(me)) {
                        return refused(requestId, holder, Optional.empty());
                    }
                    int number = after.map(Requests::number).orElse(0);
                    boolean mine = seen != null && Holder.decode(seen).equals(me);
                    return mine
                            ? CompletableFuture.completedFuture(new Begun(number, Optional.empty()))
                            : read(requestId, number).thenApply(record -> new Begun(number, record));
                });
    }

    /**
     * Writes down which attempt comes next, before it is made.
     *
     * @param until when somebody on another host may take it that this host is gone, unless the machine's lease says
     *     otherwise
     */
    CompletableFuture<Void> attempt(String requestId, int number, Instant until) {
        return calls.run(() -> store.update(
                        Kind.REQUEST,
                        key(requestId),
                        present -> isAnothers(present) ? present : document(requestId, number, until)))
                .thenCompose(after -> isAnothers(after.orElse(null))
                        ? refused(requestId, Holder.decode(after.orElseThrow()), Optional.empty())
                        : CompletableFuture.completedFuture(null));
    }

    /** What is nobody's is not: the last attempt's machine may be gone before the next attempt is written down. */
    private boolean isAnothers(@Nullable Map<String, String> document) {
        return document != null && !isFree(document) && !Holder.decode(document).equals(me);
    }

    private static boolean isFree(Map<String, String> document) {
        return Holder.decode(document).fleet().isEmpty();
    }

    /** The request is nobody's any more: nothing came of it. */
    CompletableFuture<Void> end(String requestId) {
        Instant now = ticker.now();
        return calls.run(() -> {
            store.update(
                    Kind.REQUEST,
                    key(requestId),
                    present -> present == null || isAnothers(present) ? present : free(present, now));
            return null;
        });
    }

    /** The machine of an attempt is gone, and with it the request, if that was the last attempt for it. */
    static void ended(StateStore store, String token, Instant now) {
        keyOf(token)
                .ifPresent(key -> store.update(
                        Kind.REQUEST,
                        key,
                        present -> present != null && token.equals(key + "-" + number(present))
                                ? free(present, now)
                                : present));
    }

    /** Nobody holds it, but for a while the cloud remembers the tokens of its attempts, so their number is kept. */
    private static Map<String, String> free(Map<String, String> present, Instant now) {
        Map<String, String> free = new LinkedHashMap<>(present);
        free.put("fleet", "");
        free.put("pid", "-1");
        free.put(UNTIL, now.plus(TOKENS).toString());
        return free;
    }

    /** Removes what was kept of requests that are nobody's. */
    CompletableFuture<Void> prune() {
        Instant now = ticker.now();
        return calls.run(() -> {
            for (String key : store.readAll(Kind.REQUEST).keySet()) {
                store.update(Kind.REQUEST, key, present -> isForgotten(present, now) ? null : present);
            }
            return null;
        });
    }

    private static boolean isForgotten(@Nullable Map<String, String> document, Instant now) {
        return document == null || (isFree(document) && until(document).isBefore(now));
    }

    /** Who attaches to a dead holder's machine has it from now on. */
    CompletableFuture<Void> attached(String token) {
        Optional<String> key = keyOf(token);
        return key.isEmpty()
                ? CompletableFuture.completedFuture(null)
                : calls.run(() -> {
                    store.update(Kind.REQUEST, key.get(), present -> {
                        if (present == null || me.lifeOf(Holder.decode(present)) == Holder.Life.ALIVE) {
                            return present;
                        }
                        Map<String, String> mine = me.encode();
                        present.forEach(mine::putIfAbsent);
                        return mine;
                    });
                    return null;
                });
    }

    /**
     * Fails with {@link DuplicateRequestException} if a process that does not share the store has an older machine for
     * the request: then that one is kept.
     */
    CompletableFuture<Void> outdone(String requestId, String machineId) {
        return machines(requestId).thenApply(all -> {
            Optional<Machine> oldest = all.stream().findFirst();
            if (oldest.isPresent() && !oldest.get().id().equals(machineId)) {
                throw duplicate(requestId, who(oldest.get()), oldest.get().id());
            }
            return null;
        });
    }

    /** Fails with {@link DuplicateRequestException} if somebody has a machine for the request. */
    CompletableFuture<Void> nobodyHas(String requestId) {
        return outdone(requestId, "");
    }

    private static String who(Machine machine) {
        return Optional.ofNullable(machine.tags().get(MachineTags.HOST))
                .map(host -> "host " + host)
                .orElse("another host");
    }

    /** Returns the machines of a request that somebody lives for, oldest first. */
    private CompletableFuture<List<Machine>> machines(String requestId) {
        Instant deadline = ticker.now().plus(SEARCH);
        List<CompletableFuture<List<Machine>>> lists = new ArrayList<>();
        for (Region region : regions) {
            lists.add(Listing.of(region, owner, deadline)
                    .thenApply(all -> all.stream()
                            .filter(m -> requestId.equals(m.tags().get(MachineTags.REQUEST)))
                            .filter(m -> isLive(region, m))
                            .toList()));
        }
        return CompletableFuture.allOf(lists.toArray(CompletableFuture<?>[]::new))
                .thenApply(v -> lists.stream()
                        .flatMap(list -> list.join().stream())
                        .sorted(Listing.OLDEST_FIRST)
                        .toList());
    }

    private Map<String, String> document(String requestId, int number, Instant until) {
        Map<String, String> document = me.encode();
        document.put("schema", "1");
        document.put("request", requestId);
        document.put(NUMBER, Integer.toString(number));
        document.put(UNTIL, until.toString());
        return document;
    }

    private static int number(Map<String, String> document) {
        String number = document.getOrDefault(NUMBER, "");
        return number.matches("[0-9]{1,9}") ? Integer.parseInt(number) : 0;
    }

    private static Instant until(Map<String, String> document) {
        try {
            return Instant.parse(document.getOrDefault(UNTIL, ""));
        } catch (DateTimeException damaged) {
            return Instant.MIN;
        }
    }
}
