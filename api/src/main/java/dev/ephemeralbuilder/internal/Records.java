package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.cost.CostLine;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.spi.Ticker;
import java.security.KeyPair;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is written down of each builder, and when: the intent before the create call, the id after it, the end. Several
 * processes may share a record: whoever sees the end first writes its line in the ledger and removes it.
 */
final class Records {
    /** Who has begun to write the end down and has not removed the record by then is dead. */
    private static final Duration WRITING = Duration.ofMinutes(2);

    private static final Logger log = LoggerFactory.getLogger(Records.class);

    private final StateStore store;
    private final Calls calls;
    private final Ticker ticker;
    private final Permits permits;

    Records(StateStore store, Calls calls, Ticker ticker, Permits permits) {
        this.store = store;
        this.calls = calls;
        this.ticker = ticker;
        this.permits = permits;
    }

    /** Writes the intent; the launch must not be made before this has completed. */
    CompletableFuture<Void> intend(BuilderRecord record) {
        return calls.run(() -> {
            store.update(Kind.BUILDER, record.origin().token(), present -> record.encode());
            return null;
        });
    }

    /** Adds the machine's id. A record that another process has removed meanwhile stays removed. */
    CompletableFuture<Void> launched(String token, String machineId) {
        Instant now = ticker.now();
        return change(token, record -> BuilderRecord.thawed(with(record, BuilderRecord.launch(machineId, now))));
    }

    /** Changes the machine's cap. */
    CompletableFuture<Void> capped(String token, Instant cap) {
        return change(token, record -> with(record, Map.of(BuilderRecord.CAP, cap.toString())))
                .thenCompose(v -> calls.run(() -> {
                    permits.capped(token, cap);
                    return null;
                }));
    }

    /** Writes down that the machine has a script for its end, and how long that may run. */
    CompletableFuture<Void> farewell(String token, Duration bound) {
        return change(token, record -> with(record, Map.of(BuilderRecord.ON_RELEASE, bound.toString())));
    }

    /**
     * Makes one record of each machine of the attempt's, which goes.
     *
     * @param hostKeys the host keys that machines are to get in place of the attempt's, by machine
     */
    CompletableFuture<Void> launchedMany(String token, List<String> machineIds, Map<String, KeyPair> hostKeys) {
        Instant now = ticker.now();
        return calls.run(() -> {
            permits.split(
                    token, machineIds.stream().map(id -> ofOneOfMany(token, id)).toList());
            Optional<Map<String, String>> intent = store.read(Kind.BUILDER, token);
            if (intent.isPresent()) {
                for (String id : machineIds) {
                    Map<String, String> record = oneOfMany(intent.get(), token, id, now);
                    KeyPair own = hostKeys.get(id);
                    if (own != null) {
                        BuilderRecord.expectHostKey(record, own);
                    }
                    store.update(Kind.BUILDER, ofOneOfMany(token, id), present -> record);
                }
                store.update(Kind.BUILDER, token, present -> null);
            }
            return null;
        });
    }

    /** Gives one machine of an attempt for several a record of its own, whoever the others belong to. */
    CompletableFuture<Void> launchedOneOfMany(String token, String machineId) {
        Instant now = ticker.now();
        return calls.run(() -> {
            Optional<Map<String, String>> intent = store.read(Kind.BUILDER, token);
            if (intent.isPresent()) {
                Map<String, String> record = oneOfMany(intent.get(), token, machineId, now);
                store.update(
                        Kind.BUILDER, ofOneOfMany(token, machineId), present -> present == null ? record : present);
            }
            return null;
        });
    }

    private static Map<String, String> oneOfMany(
            Map<String, String> intent, String token, String machineId, Instant now) {
        Map<String, String> record = with(intent, BuilderRecord.launch(machineId, now));
        record.put(BuilderRecord.TOKEN, ofOneOfMany(token, machineId));
        record.remove(BuilderRecord.COUNT);
        return record;
    }

    /** Writes down by which host key alone the machine is known from now on. */
    CompletableFuture<Void> hostKeySettled(String token, Set<String> fingerprints) {
        return change(token, record -> {
            Map<String, String> changed = new LinkedHashMap<>(record);
            BuilderRecord.settleHostKey(changed, fingerprints);
            return changed;
        });
    }

    /** Returns the key of the record of one machine of several that one attempt has made. */
    static String ofOneOfMany(String token, String machineId) {
        return token + "." + machineId;
    }

    /** Returns the record of a machine by its attempt's tag, if the store has it; fails if it is not readable. */
    CompletableFuture<Optional<BuilderRecord>> ofAttempt(String token, String machineId) {
        return calls.run(() -> read(ofOneOfMany(token, machineId)).or(() -> read(token)));
    }

    /** Returns the record of an attempt, if the store has it; fails if it is not readable. */
    CompletableFuture<Optional<BuilderRecord>> ofAttempt(String token) {
        return calls.run(() -> read(token));
    }

    private Optional<BuilderRecord> read(String key) {
        return store.read(Kind.BUILDER, key).map(record -> BuilderRecord.decode(key, record));
    }

    /** Returns the record of a machine, if the store has it; fails if it is not readable. */
    CompletableFuture<Optional<BuilderRecord>> ofMachine(String machineId) {
        return calls.run(() -> store.readAll(Kind.BUILDER).entrySet().stream()
                .filter(entry -> machineId.equals(entry.getValue().get(BuilderRecord.MACHINE)))
                .findFirst()
                .map(entry -> BuilderRecord.decode(entry.getKey(), entry.getValue())));
    }

    /** Returns all records that are readable. */
    CompletableFuture<List<BuilderRecord>> all() {
        return calls.run(() -> {
            List<BuilderRecord> all = new ArrayList<>();
            store.readAll(Kind.BUILDER).forEach((key, record) -> {
                try {
                    all.add(BuilderRecord.decode(key, record));
                } catch (ConfigurationException e) {
                    log.debug("A record is left as it is: {}", e.getMessage());
                }
            });
            return all;
        });
    }

    /** Returns the tokens of all attempts whose records are readable. */
    CompletableFuture<Set<String>> attempts() {
        return calls.run(() -> store.readAll(Kind.BUILDER).entrySet().stream()
                .filter(entry -> BuilderRecord.isReadable(entry.getValue()))
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet()));
    }

    /** Writes down what this process knows of a machine's use, for whoever holds it after it. */
    CompletableFuture<Void> used(String token, Used used) {
        return change(token, record -> Used.decode(record).with(used).into(record));
    }

    /**
     * The machine is gone, and nobody has seen its end: it is taken for that of this moment, or for its cap if that was
     * before.
     *
     * @param lead by how much the cloud is ahead of this host
     */
    CompletableFuture<Void> endedUnseen(Origin origin, String machineId, Duration lead) {
        Instant now = ticker.now();
        Instant cap = origin.cap().minus(lead);
        Instant at = now.isBefore(cap) ? now : cap;
        return ended(origin, machineId, new Ledger.Ending(null, at, null, CostLine.End.UNKNOWN, Used.NOTHING));
    }

    /**
     * The machine is gone: its keys are of no use any more, its cost goes to the ledger, once, whoever else has seen it.
     */
    CompletableFuture<Void> ended(Origin origin, String machineId, Ledger.Ending ending) {
        String token = origin.token();
        Instant now = ticker.now();
        String mark = "endedBy." + machineId;
        String mine = now + " " + UUID.randomUUID();
        return calls.run(() -> {
            Optional<Map<String, String>> record = update(
                    token,
                    present -> isBeingWritten(present.get(mark), now) ? present : with(present, Map.of(mark, mine)));
            if (record.isEmpty() || !mine.equals(record.get().get(mark))) {
                Ledger.addition(token, machineId, ending.used())
                        .ifPresent(addition -> store.append(StateStore.Log.LEDGER, now, addition));
                return null;
            }
            Map<String, String> line = Ledger.line(record.get(), origin, machineId, ending);
            line.remove(mark);
            store.append(StateStore.Log.LEDGER, now, line);
            boolean over = store.update(
                            Kind.BUILDER, token, present -> isOfAnother(present, machineId) ? present : null)
                    .isEmpty();
            if (over) {
                permits.give(token);
            }
            Requests.ended(store, token, now);
            return null;
        });
    }

    /** Nothing was launched, or what was launched is gone and cost nothing that can be told. */
    CompletableFuture<Void> forget(String token) {
        return calls.run(() -> {
            store.update(Kind.BUILDER, token, record -> null);
            permits.give(token);
            return null;
        });
    }

    private static boolean isBeingWritten(@Nullable String mark, Instant now) {
        if (mark == null) {
            return false;
        }
        try {
            return now.isBefore(Instant.parse(mark.substring(0, Math.max(0, mark.indexOf(' '))))
                    .plus(WRITING));
        } catch (DateTimeException unreadable) {
            return false;
        }
    }

    /**
     * Of several machines of one attempt all but one are given back; the record stays with that one. And an attempt for
     * several is not over with one of them.
     */
    private static boolean isOfAnother(@Nullable Map<String, String> record, String machineId) {
        return record != null
                && (record.containsKey(BuilderRecord.COUNT)
                        || !machineId.equals(record.getOrDefault(BuilderRecord.MACHINE, machineId)));
    }

    private CompletableFuture<Void> change(String token, UnaryOperator<Map<String, String>> change) {
        return calls.run(() -> {
            var unused = update(token, change);
            return null;
        });
    }

    private Optional<Map<String, String>> update(String token, UnaryOperator<Map<String, String>> change) {
        return store.update(Kind.BUILDER, token, record -> record == null ? null : change.apply(record));
    }

    private static Map<String, String> with(Map<String, String> record, Map<String, String> changes) {
        Map<String, String> changed = new LinkedHashMap<>(record);
        changed.putAll(changes);
        return changed;
    }
}
