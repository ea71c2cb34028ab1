package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the store's records together with what the cloud shows: closes those whose machines are gone without anybody
 * having written it down, and finds the machines of those that do not say which it is. Deletes no machine. Confined to
 * the ticker.
 */
final class Reconciler {
    private static final Logger log = LoggerFactory.getLogger(Reconciler.class);

    /** Who launches has written the machine's id down by then, or given up. */
    private static final Duration LAUNCHING = Duration.ofMinutes(15);

    /** Who sees the end of a machine of its own has written it down by then. */
    private static final Duration WRITING = Duration.ofMinutes(1);

    /** For how long the cloud is asked. */
    private static final Duration ASKING = Duration.ofMinutes(2);

    private final Ticker ticker;
    private final List<Region> regions;
    private final Records records;
    private final Machines machines;
    private final Set<Attempt> launching;

    /**
     * @param launching the attempts of this fleet whose outcome is not known yet
     */
    Reconciler(Ticker ticker, List<Region> regions, Records records, Machines machines, Set<Attempt> launching) {
        this.ticker = ticker;
        this.regions = List.copyOf(regions);
        this.records = records;
        this.machines = machines;
        this.launching = launching;
    }

    /** Does it once; never fails. What could not be asked is left for the next time. */
    CompletableFuture<Void> run() {
        CompletableFuture<Void> done = records.all().thenCompose(all -> {
            List<CompletableFuture<?>> parts = new ArrayList<>();
            for (Region region : regions) {
                List<BuilderRecord> here = all.stream()
                        .filter(record -> region.serves(record.origin().offer()))
                        .toList();
                parts.add(closeEnded(region, here));
                parts.add(findMissing(region, here));
            }
            return CompletableFuture.allOf(parts.toArray(CompletableFuture<?>[]::new));
        });
        return done.handle((v, failure) -> {
            if (failure != null) {
                log.debug(
                        "Records could not be brought together with the cloud: {}",
                        Failures.unwrap(failure).toString());
            }
            return null;
        });
    }

    private boolean isOlder(Instant time, Duration age) {
        return time.plus(age).isBefore(ticker.now());
    }

    private CompletableFuture<Void> closeEnded(Region region, List<BuilderRecord> all) {
        List<BuilderRecord> known = all.stream()
                .filter(record -> record.machineId() != null && !machines.isHeld(record.machineId()))
                .filter(record -> record.launchedAt() == null || isOlder(record.launchedAt(), Held.INVISIBLE))
                .toList();
        return absent(region, known)
                .thenCompose(gone -> gone.isEmpty()
                        ? CompletableFuture.completedFuture(null)
                        : Stages.after(ticker, WRITING)
                                .thenCompose(v -> absent(region, gone))
                                .thenCompose(still -> bury(region, still)));
    }

    /** Returns the records whose machines a complete answer does not contain. */
    private CompletableFuture<List<BuilderRecord>> absent(Region region, List<BuilderRecord> known) {
        Set<String> there = new HashSet<>();
        List<String> all = known.stream().map(BuilderRecord::machineId).toList();
        return Stages.inBatches(
                        all,
                        region.provider().limits().describeBatch(),
                        ids -> region.describe(ids, ASKING)
                                .thenAccept(shown -> shown.values().stream()
                                        .filter(machine -> !Held.isEntryOnly(machine))
                                        .forEach(machine -> there.add(machine.id()))))
                .thenApply(v -> known.stream()
                        .filter(record -> !there.contains(record.machineId()))
                        .toList());
    }

    private CompletableFuture<Void> bury(Region region, List<BuilderRecord> gone) {
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (BuilderRecord record : gone) {
            String id = record.machineId();
            if (id != null) {
                log.debug("A machine is gone and nobody has written it down; its record is closed [id={}]", id);
                all.add(records.endedUnseen(record.origin(), id, region.clock().lead()));
            }
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new));
    }

    private CompletableFuture<Void> findMissing(Region region, List<BuilderRecord> all) {
        Set<String> own = launching.stream().map(Attempt::token).collect(Collectors.toSet());
        List<BuilderRecord> nameless = all.stream()
                .filter(record -> record.machineId() == null)
                .filter(record -> isOlder(record.origin().intendedAt(), LAUNCHING))
                .filter(record -> !own.contains(record.origin().token()))
                .toList();
        if (nameless.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        return Listing.of(region, machines.owner(), ticker.now().plus(ASKING)).thenCompose(listed -> {
            Map<String, List<String>> made = listed.stream()
                    .filter(machine -> !Held.isEntryOnly(machine))
                    .filter(machine -> machine.tags().containsKey(MachineTags.ATTEMPT))
                    .collect(Collectors.groupingBy(
                            machine -> machine.tags().get(MachineTags.ATTEMPT),
                            Collectors.mapping(Machine::id, Collectors.toList())));
            return CompletableFuture.allOf(nameless.stream()
                    .map(record -> settle(
                            record.origin().token(),
                            made.getOrDefault(record.origin().token(), List.of()),
                            record.count() > 1))
                    .toArray(CompletableFuture<?>[]::new));
        });
    }

    private CompletableFuture<Void> settle(String token, List<String> ids, boolean many) {
        log.debug("A record does not say which machine it is of; the cloud says {} [attempt={}]", ids, token);
        if (ids.isEmpty()) {
            return records.forget(token);
        }
        return ids.size() == 1 && !many
                ? records.launched(token, ids.get(0))
                : records.launchedMany(token, ids, Map.of());
    }
}
