package dev.ephemeralbuilder.internal;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One create call and what comes of it: frozen, written down, made so that its outcome is known; what it made is held.
 * Whatever the caller does meanwhile, nothing that was made is forgotten. Confined to the ticker.
 */
final class Attempt {
    /** For how long the cloud surely knows a token: "at least minutes, not hours" (ecs-openapi, 1.3). */
    private static final Duration TOKEN_MEMORY = Duration.ofMinutes(5);

    private final Region region;
    private final Identity identity;
    private final Requests requests;
    private final Permits permits;
    private final Order order;
    private final String token;
    private boolean tokenUsed;

    /**
     * Who launches.
     *
     * @param diskPrice what a GiB of disk costs per hour, null if nobody has said
     */
    record Identity(
            String owner,
            String host,
            Duration lease,
            @Nullable Money diskPrice) {
        Particulars.@Nullable Disk disk(CloudProvider provider, MachineSpec spec) {
            int paid = Math.max(0, spec.diskGib() - provider.freeDiskGib());
            return diskPrice == null ? null : new Particulars.Disk(paid, diskPrice);
        }
    }

    /**
     * What is to be launched.
     *
     * @param number counts the attempts for a request, from 1
     * @param count how many machines; fewer may come
     */
    record Order(
            MachineSpec spec,
            AcquireRequest request,
            String requestId,
            Offer offer,
            int number,
            int count,
            Purpose<?> purpose) {
        /** Whether the caller has named the request: then other processes may make the same attempt. */
        boolean named() {
            return request.requestId().isPresent();
        }

        /** Says what is wanted, in words that are equal if and only if that is. */
        String wanted() {
            return purpose.marks().isEmpty() ? spec.toString() : spec + " " + purpose.marks();
        }
    }

    /**
     * What was launched.
     *
     * @param machines one at least, and no more than were ordered; held
     * @param keys by machine
     * @param since from when on the machines have time to get ready
     * @param launchedAt for a while from here on the cloud may not show them
     * @param permitted how many machines the create call asked for: what is missing to the order has no permit
     * @param written completes when their records know them; nobody may get a builder of them if it fails
     */
    record Made(
            List<Held> machines,
            Map<String, MachineKeys> keys,
            Instant since,
            Instant launchedAt,
            int permitted,
            CompletableFuture<Void> written) {
        private Made permitted(int number) {
            return new Made(machines, keys, since, launchedAt, number, written);
        }

        MachineKeys keysOf(String machineId) {
            return requireNonNull(keys.get(machineId), machineId);
        }
    }

    /**
     * @param own a host key for each machine to come, in place of the one that all of them begin with
     */
    private record Keys(KeyPair client, KeyPair host, String hostKeyFingerprint, List<KeyPair> own) {
        static Keys generate(int machines) {
            KeyPair host = HostKeys.generate();
            List<KeyPair> own = machines == 1
                    ? List.of()
                    : Stream.generate(HostKeys::generate).limit(machines).toList();
            return new Keys(HostKeys.generate(), host, HostKeys.fingerprint(host), own);
        }

        ShellKeys shell() {
            return new ShellKeys(client, hostKeyFingerprint);
        }
    }

    Attempt(Region region, Identity identity, Requests requests, Permits permits, Order order) {
        this.region = region;
        this.identity = identity;
        this.requests = requests;
        this.permits = permits;
        this.order = order;
        this.token = order.named() ? requests.token(order.requestId(), order.number()) : "eb-" + UUID.randomUUID();
    }

    /** Whether it has failed because somebody used its token for another call. */
    boolean tokenUsed() {
        return tokenUsed;
    }

    String token() {
        return token;
    }

    /**
     * Fails if nothing was made, or if nobody can tell; what turns up after that is released.
     *
     * @param abandoned whether nobody wants the machines any more; what is made all the same is still returned
     */
    CompletableFuture<Made> run(BooleanSupplier abandoned) {
        return region.calls().run(() -> Keys.generate(order.count())).thenCompose(keys -> launch(keys, abandoned));
    }

    private CompletableFuture<Made> launch(Keys keys, BooleanSupplier abandoned) {
        if (abandoned.getAsBoolean()) {
            return CompletableFuture.failedFuture(cancelled());
        }
        // Lease and cap count from the create call, which may have to wait long for its turn.
        return room(permits.check(order.offer()))
                .thenCompose(v -> region.cloud().turn(CloudAction.LAUNCH))
                .thenCompose(v -> claim())
                .thenCompose(v -> {
                    Instant cap = cap(region.clock().now());
                    return abandoned.getAsBoolean()
                            ? CompletableFuture.failedFuture(cancelled())
                            : room(permits.take(token, order.offer(), order.count(), cap))
                                    .thenCompose(permitted -> {
                                        if (permitted < order.count()) {
                                            limitReached(permitted, null);
                                        }
                                        return launch(keys, cap, permitted, abandoned);
                                    });
                });
    }

    private <T> CompletableFuture<T> room(CompletableFuture<T> permitted) {
        return permitted.whenComplete((value, failure) -> {
            if (failure != null && Failures.unwrap(failure) instanceof QuotaException reason) {
                limitReached(0, reason);
            }
        });
    }

    private void limitReached(int room, @Nullable QuotaException reason) {
        region.events()
                .publish(new BuilderEvent.LimitReached(
                        region.ticker().now(), order.requestId(), order.offer(), order.count(), room, reason));
    }

    /** From here on record and permit under the token are ours: another process may use the same one. */
    private CompletableFuture<Void> claim() {
        Instant until =
                region.ticker().now().plus(order.request().readyTimeout()).plus(identity.lease());
        return order.named()
                ? requests.attempt(order.requestId(), order.number(), until)
                : CompletableFuture.completedFuture(null);
    }

    private CompletableFuture<Made> launch(Keys keys, Instant cap, int permitted, BooleanSupplier abandoned) {
        Instant intendedAt = region.ticker().now();
        Instant readyBy = intendedAt.plus(order.request().readyTimeout());
        Launch launch = freeze(keys, region.clock().of(intendedAt), cap, permitted);
        Origin origin = new Origin(order.requestId(), token, order.offer(), intendedAt, cap, particulars());
        BuilderRecord.Frozen frozen =
                order.named() ? new BuilderRecord.Frozen(order.wanted(), launch.tags(), launch.hostKey()) : null;
        CompletableFuture<Void> intended =
                region.records().intend(BuilderRecord.intent(origin, readyBy, keys.shell(), frozen, permitted));
        CompletableFuture<Void> wanted = intended.thenAccept(v -> {
            if (abandoned.getAsBoolean()) {
                throw cancelled();
            }
        });
        return Stages.then(wanted, (v, failure) -> {
            if (failure != null) {
                Stages.leave(region.records().forget(token));
                return CompletableFuture.failedFuture(failure);
            }
            LaunchOnce once = new LaunchOnce(region, launch, identity.owner(), order.named());
            return make(once, once.run(abandoned), origin, keys.shell(), keys.own(), intendedAt)
                    .thenApply(made -> made.permitted(permitted));
        });
    }

    private CompletableFuture<Made> make(
            LaunchOnce once,
            CompletableFuture<List<String>> made,
            Origin origin,
            ShellKeys keys,
            List<KeyPair> own,
            Instant since) {
        region.events().publish(new BuilderEvent.Launching(since, order.requestId(), order.offer(), order.number()));
        region.launching().add(this);
        return Stages.then(made, (ids, refused) -> {
            if (refused == null && !ids.isEmpty()) {
                region.launching().remove(this);
                return CompletableFuture.completedFuture(made(ids, keys, own, origin, since));
            }
            tokenUsed = once.tokenUsed();
            if (once.inDoubt()) {
                clearUp(once, origin);
            } else {
                nothingIsThere();
            }
            return CompletableFuture.failedFuture(refused == null ? nothingWasMade() : refused);
        });
    }

    /**
     * Goes on where another process stopped when it died: with the machine that it had, or with the very call that it
     * may have made.
     */
    CompletableFuture<Made> goOn(BuilderRecord record, BooleanSupplier abandoned) {
        Origin origin = record.origin();
        Instant now = region.ticker().now();
        String id = record.machineId();
        if (id != null) {
            Instant launchedAt = record.launchedAt();
            List<Held> held = hold(List.of(id), origin, made -> Usage.ofRecorded(made, record));
            // The lease is the dead one's: whoever reaps must not be faster.
            Stages.leave(region.leases().renewNow(id));
            region.events().publish(new BuilderEvent.TakenOver(now, order.requestId(), id, origin.offer()));
            return CompletableFuture.completedFuture(new Made(
                    held,
                    Map.of(id, MachineKeys.of(record)),
                    now,
                    launchedAt == null ? now : launchedAt,
                    1,
                    CompletableFuture.completedFuture(null)));
        }
        BuilderRecord.Frozen frozen = record.frozen();
        if (frozen == null) {
            nothingIsThere();
            return CompletableFuture.failedFuture(nothingWasMade());
        }
        Launch launch = launch(
                frozen.tags(), origin.cap(), frozen.hostKey(), record.keys().client(), 1);
        LaunchOnce once = new LaunchOnce(region, launch, identity.owner(), true);
        boolean remembered = now.isBefore(origin.intendedAt().plus(TOKEN_MEMORY));
        CompletableFuture<List<String>> made = remembered
                ? region.cloud().turn(CloudAction.LAUNCH).thenCompose(v -> once.run(abandoned))
                : once.find();
        return make(once, made, origin, record.keys(), List.of(), now);
    }

    private static ProviderException nothingWasMade() {
        return new ProviderException(
                "The process that began this attempt died before it had a machine",
                ProviderException.Effect.NONE,
                true,
                null,
                null,
                null);
    }

    private static CancellationException cancelled() {
        return new CancellationException("the acquire was cancelled");
    }

    /** The caller gets its failure now; what may have been created is looked for until the cloud can be asked. */
    private void clearUp(LaunchOnce once, Origin origin) {
        Stages.whenDone(once.settle(), (ids, failure) -> {
            if (failure != null || ids.isEmpty()) {
                nothingIsThere();
                return;
            }
            region.launching().remove(this);
            List<Held> late = hold(ids, origin, this::isNew);
            late.forEach(h -> h.usage().bootFailed());
            Stages.leave(written(late, Map.of()));
            late.forEach(h -> h.release(() -> BuilderHandle.lost(h)));
        });
    }

    private void nothingIsThere() {
        region.launching().remove(this);
        Stages.leave(region.records().forget(token));
    }

    private Usage isNew(Origin origin) {
        return Usage.ofNew(origin, region.ticker().now());
    }

    private Particulars particulars() {
        return new Particulars(
                identity.owner(),
                identity.host(),
                order.purpose().job().orElse(null),
                order.request().labels(),
                identity.disk(region.provider(), order.spec()));
    }

    private List<Held> hold(List<String> ids, Origin origin, Function<Origin, Usage> usage) {
        List<Held> all = ids.stream()
                .map(id -> {
                    Origin own = order.count() == 1 ? origin : origin.ofOneOfMany(id);
                    return new Held(region, own, usage.apply(own), id);
                })
                .toList();
        region.held().addAll(all);
        Instant until = region.clock().of(origin.intendedAt()).plus(identity.lease());
        all.forEach(h -> region.leases().hold(h.machineId(), until));
        return all;
    }

    private Made made(List<String> ids, ShellKeys keys, List<KeyPair> own, Origin origin, Instant since) {
        Instant now = region.ticker().now();
        List<Held> all = hold(ids, origin, this::isNew);
        // More than were ordered can only be found by the search by tag: the oldest are kept.
        List<Held> kept = all.subList(0, Math.min(order.count(), all.size()));
        all.subList(kept.size(), all.size()).forEach(h -> {
            h.usage().bootFailed();
            h.release(() -> BuilderHandle.lost(h));
        });
        for (Held h : kept) {
            region.events()
                    .publish(new BuilderEvent.Launched(
                            now,
                            order.requestId(),
                            h.machineId(),
                            order.offer(),
                            Duration.between(origin.intendedAt(), now)));
        }
        Map<String, KeyPair> next = new LinkedHashMap<>();
        for (int i = 0; i < kept.size() && i < own.size(); i++) {
            next.put(kept.get(i).machineId(), own.get(i));
        }
        CompletableFuture<Void> written = written(kept, next);
        Map<String, MachineKeys> machineKeys = new LinkedHashMap<>();
        for (Held h : kept) {
            machineKeys.put(h.machineId(), MachineKeys.ofNew(keys, next.get(h.machineId()), written));
        }
        return new Made(List.copyOf(kept), machineKeys, since, now, order.count(), written);
    }

    private CompletableFuture<Void> written(List<Held> machines, Map<String, KeyPair> hostKeys) {
        List<String> ids = machines.stream().map(Held::machineId).toList();
        return order.count() == 1
                ? region.records().launched(token, ids.get(0))
                : region.records().launchedMany(token, ids, hostKeys);
    }

    private Instant cap(Instant now) {
        Duration lifetime = CapRaise.atLeast(region, order.spec().maxLifetime());
        return now.plus(lifetime).truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
    }

    private Launch freeze(Keys keys, Instant now, Instant cap, int count) {
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put(MachineTags.SCHEMA, "1");
        tags.put(MachineTags.OWNER, identity.owner());
        tags.put(MachineTags.HOST, identity.host());
        tags.put(MachineTags.REQUEST, order.requestId());
        tags.put(MachineTags.ATTEMPT, token);
        tags.put(MachineTags.LEASE, Long.toString(now.plus(identity.lease()).getEpochSecond()));
        tags.put(MachineTags.CAP, Long.toString(cap.getEpochSecond()));
        tags.put(MachineTags.HOST_KEY, keys.hostKeyFingerprint());
        tags.putAll(order.purpose().marks());
        order.request().labels().forEach((key, value) -> tags.put(MachineTags.LABEL + key, value));
        return launch(tags, cap, keys.host(), keys.client(), count);
    }

    private Launch launch(Map<String, String> tags, Instant cap, KeyPair hostKey, KeyPair clientKey, int count) {
        return Launch.builder()
                .spec(order.spec())
                .offer(order.offer())
                .token(token)
                .tags(tags)
                .cap(cap)
                .bootstrap(Supervisor.script())
                .containerCommand(order.purpose().command())
                .hostKey(hostKey)
                .clientKey(clientKey.getPublic())
                .count(1, count)
                .build();
    }
}
