package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Describes all machines that anyone in this fleet waits for or holds, in batches: often while something is expected,
 * seldom otherwise. One per provider. Confined to the ticker.
 */
final class Watcher {
    private static final Logger log = LoggerFactory.getLogger(Watcher.class);

    /** Between two looks while a machine is expected to change; about as ecs-openapi, 6.1 advises. */
    private static final Duration OFTEN = Duration.ofSeconds(2);

    /** Between two looks at machines that only might be taken back. */
    private static final Duration SELDOM = Duration.ofSeconds(30);

    /** How long single looks are collected into one call. */
    private static final Duration GATHER = Duration.ofMillis(100);

    /** After a look at more than this many, the next call is put off until {@link #OFTEN} has passed. */
    private static final int FEW = 4;

    /** Told of each look. */
    @FunctionalInterface
    interface Observer {
        /** A complete answer: the machine, or empty when the answer does not contain it. */
        void onLook(Optional<Machine> machine);

        /** The cloud could not be asked, which says nothing about the machine. */
        default void onBlindLook(BuilderException reason) {}
    }

    /** What ends a watch. */
    static final class Watch {
        private final Observer observer;
        private Duration interval;
        private Instant dueAt;
        private boolean over;

        private Watch(Observer observer, Duration interval, Instant dueAt) {
            this.observer = observer;
            this.interval = interval;
            this.dueAt = dueAt;
        }

        void end() {
            over = true;
        }

        /** From now on looks are seldom: the change is expected to be seen elsewhere first. */
        void relax() {
            relax(SELDOM);
        }

        /** From now on looks are as seldom as this, which is no oftener than before. */
        void relax(Duration interval) {
            dueAt = dueAt.plus(interval).minus(this.interval);
            this.interval = interval;
        }

        private boolean isDueBy(Instant time) {
            return !over && !dueAt.isAfter(time);
        }

        /** Whether a look now, which costs nothing more, spares one later. */
        private boolean isWorthALook(Instant now) {
            return isDueBy(now.plus(interval.dividedBy(2)));
        }
    }

    private final Ticker ticker;
    private final CloudCalls cloud;
    private final Map<String, List<Watch>> watches = new LinkedHashMap<>();
    private Map<String, CompletableFuture<Optional<Machine>>> looks = new LinkedHashMap<>();

    /** What calls are under way for. */
    private final Set<String> asking = new HashSet<>();

    private Ticker.@Nullable Scheduled next;
    private @Nullable Instant nextAt;
    private Instant restUntil = Instant.MIN;

    Watcher(Ticker ticker, CloudCalls cloud) {
        this.ticker = ticker;
        this.cloud = cloud;
    }

    /** Watches a machine that is about to change, until the watch is ended. */
    Watch expect(String id, Observer observer) {
        return add(id, observer, OFTEN);
    }

    /** Watches a machine that may be lost, until the watch is ended. */
    Watch watch(String id, Observer observer) {
        return add(id, observer, SELDOM);
    }

    private Watch add(String id, Observer observer, Duration interval) {
        Watch watch = new Watch(observer, interval, ticker.now().plus(interval));
        watches.computeIfAbsent(id, i -> new ArrayList<>()).add(watch);
        wake(interval);
        return watch;
    }

    /** Looks at one machine soon. Fails when the cloud could not be asked. */
    CompletableFuture<Optional<Machine>> look(String id) {
        CompletableFuture<Optional<Machine>> look = looks.computeIfAbsent(id, i -> new CompletableFuture<>());
        wake(GATHER);
        return look.copy();
    }

    private void wake(Duration delay) {
        Instant now = ticker.now();
        Instant wanted = now.plus(delay);
        Instant at = wanted.isBefore(restUntil) ? restUntil : wanted;
        if (nextAt != null && !at.isBefore(nextAt)) {
            return;
        }
        if (next != null) {
            next.cancel();
        }
        nextAt = at;
        next = ticker.schedule(Duration.between(now, at), this::round);
    }

    private void round() {
        next = null;
        nextAt = null;
        forgetOver();
        Map<String, CompletableFuture<Optional<Machine>>> asked = looks;
        looks = new LinkedHashMap<>();
        Set<String> ids = new LinkedHashSet<>(asked.keySet());
        int size = cloud.provider().limits().describeBatch();
        addWatched(ids, size);
        restUntil = ids.size() > FEW ? ticker.now().plus(OFTEN) : Instant.MIN;
        List<String> all = List.copyOf(ids);
        Stages.whenDone(Stages.inBatches(all, size, batch -> describe(batch, asked)), (v, failure) -> again());
    }

    /** Adds what is due, or nearly; and, since fuller batches are fewer calls, what fits in and will be due soonest. */
    private void addWatched(Set<String> ids, int size) {
        Instant now = ticker.now();
        Instant soon = now.plus(OFTEN.dividedBy(2));
        watches.forEach((id, some) -> {
            if (!asking.contains(id) && some.stream().anyMatch(watch -> watch.isDueBy(soon))) {
                ids.add(id);
            }
        });
        int room = (size - ids.size() % size) % size;
        watches.entrySet().stream()
                .filter(e -> !ids.contains(e.getKey()) && !asking.contains(e.getKey()))
                .filter(e -> e.getValue().stream().anyMatch(watch -> watch.isWorthALook(now)))
                .sorted(Comparator.comparing(e -> soonest(e.getValue())))
                .limit(room)
                .map(Map.Entry::getKey)
                .toList()
                .forEach(ids::add);
    }

    private static Instant soonest(List<Watch> some) {
        return some.stream()
                .map(watch -> watch.dueAt)
                .min(Comparator.naturalOrder())
                .orElse(Instant.MAX);
    }

    private void again() {
        forgetOver();
        watches.entrySet().stream()
                .filter(e -> !asking.contains(e.getKey()))
                .flatMap(e -> e.getValue().stream())
                .map(watch -> watch.dueAt)
                .min(Comparator.naturalOrder())
                .ifPresent(at -> wake(Duration.between(ticker.now(), at)));
    }

    private void forgetOver() {
        watches.values().forEach(some -> some.removeIf(watch -> watch.over));
        watches.values().removeIf(List::isEmpty);
    }

    private CompletableFuture<Void> describe(
            List<String> ids, Map<String, CompletableFuture<Optional<Machine>>> asked) {
        asking.addAll(ids);
        return cloud.once(CloudAction.DESCRIBE, () -> cloud.provider().describe(ids))
                .handle((machines, failure) -> {
                    asking.removeAll(Set.copyOf(ids));
                    if (failure != null) {
                        BuilderException reason = Failures.asBuilderException(failure);
                        log.debug("Could not look at machines [ids={}, reason={}]", ids, reason.toString());
                        ids.forEach(id -> tell(
                                asked, id, look -> look.completeExceptionally(reason), o -> o.onBlindLook(reason)));
                    } else {
                        ids.forEach(id -> {
                            Optional<Machine> machine = Optional.ofNullable(machines.get(id));
                            tell(asked, id, look -> look.complete(machine), o -> o.onLook(machine));
                        });
                    }
                    return null;
                });
    }

    private void tell(
            Map<String, CompletableFuture<Optional<Machine>>> asked,
            String id,
            Consumer<CompletableFuture<Optional<Machine>>> toLook,
            Consumer<Observer> toWatch) {
        CompletableFuture<Optional<Machine>> look = asked.get(id);
        if (look != null) {
            toLook.accept(look);
        }
        for (Watch watch : List.copyOf(watches.getOrDefault(id, List.of()))) {
            if (!watch.over) {
                watch.dueAt = ticker.now().plus(watch.interval);
                toWatch.accept(watch.observer);
            }
        }
    }
}
