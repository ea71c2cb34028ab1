package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.Offer;
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

/**
 * One create call and what comes of it: frozen, written down, made so that its outcome is known; what it made is held.
 * Whatever the caller does meanwhile, nothing that was made is forgotten. Confined to the ticker.
 */
final class Attempt {
    /** Repetitions of the create call must not push the cap below the cloud's minimum. */
    private static final Duration CAP_MARGIN = Duration.ofMinutes(5);

    private final Region region;
    private final Identity identity;
    private final Order order;
    private final String token = "eb-" + UUID.randomUUID();

    /** Who launches. */
    record Identity(String owner, String host, Duration lease) {}

    /**
     * What is to be launched.
     *
     * @param number counts the attempts for a request, from 1
     * @param count how many machines; fewer may come
     */
    record Order(MachineSpec spec, AcquireRequest request, String requestId, Offer offer, int number, int count) {}

    /**
     * What was launched.
     *
     * @param machines one at least, and no more than were ordered; held
     * @param written completes when their records know them; nobody may get a builder of them if it fails
     */
    record Made(List<Held> machines, ShellKeys keys, Instant intendedAt, CompletableFuture<Void> written) {}

    private record Keys(KeyPair client, KeyPair host, ShellKeys shell) {}

    Attempt(Region region, Identity identity, Order order) {
        this.region = region;
        this.identity = identity;
        this.order = order;
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
        return region.calls().run(Attempt::keys).thenCompose(keys -> launch(keys, abandoned));
    }

    private static Keys keys() {
        KeyPair client = HostKeys.generate();
        KeyPair host = HostKeys.generate();
        return new Keys(client, host, new ShellKeys(client, HostKeys.fingerprint(host)));
    }

    private CompletableFuture<Made> launch(Keys keys, BooleanSupplier abandoned) {
        if (abandoned.getAsBoolean()) {
            return CompletableFuture.failedFuture(cancelled());
        }
        Instant intendedAt = region.ticker().now();
        Launch launch = freeze(keys, region.clock().of(intendedAt));
        Origin origin = new Origin(order.requestId(), token, order.offer(), intendedAt, launch.cap());
        BuilderRecord intent =
                new BuilderRecord(origin, intendedAt.plus(order.request().readyTimeout()), keys.shell(), null, null);
        CompletableFuture<Void> intended = region.records().intend(intent).thenAccept(v -> {
            if (abandoned.getAsBoolean()) {
                throw cancelled();
            }
        });
        return Stages.then(intended, (v, failure) -> {
            if (failure != null) {
                Stages.leave(region.records().forget(token));
                return CompletableFuture.failedFuture(failure);
            }
            region.events()
                    .publish(new BuilderEvent.Launching(intendedAt, order.requestId(), order.offer(), order.number()));
            region.launching().add(this);
            LaunchOnce once = new LaunchOnce(region, launch, identity.owner());
            return Stages.then(once.run(abandoned), (ids, refused) -> {
                if (refused == null) {
                    region.launching().remove(this);
                    return CompletableFuture.completedFuture(made(ids, keys.shell(), origin));
                }
                if (once.inDoubt()) {
                    clearUp(once, origin);
                } else {
                    nothingIsThere();
                }
                return CompletableFuture.failedFuture(refused);
            });
        });
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
            List<Held> late = hold(ids, origin);
            Stages.leave(written(late));
            late.forEach(h -> h.release(() -> BuilderHandle.lost(h)));
        });
    }

    private void nothingIsThere() {
        region.launching().remove(this);
        Stages.leave(region.records().forget(token));
    }

    private List<Held> hold(List<String> ids, Origin origin) {
        List<Held> all = ids.stream()
                .map(id -> new Held(region, order.count() == 1 ? origin : origin.ofOneOfMany(id), id))
                .toList();
        region.held().addAll(all);
        Instant until = region.clock().of(origin.intendedAt()).plus(identity.lease());
        all.forEach(h -> region.leases().hold(h.machineId(), until));
        return all;
    }

    private Made made(List<String> ids, ShellKeys keys, Origin origin) {
        Instant now = region.ticker().now();
        List<Held> all = hold(ids, origin);
        // More than were ordered can only be found by the search by tag: the oldest are kept.
        List<Held> kept = all.subList(0, Math.min(order.count(), all.size()));
        all.subList(kept.size(), all.size()).forEach(h -> h.release(() -> BuilderHandle.lost(h)));
        for (Held h : kept) {
            region.events()
                    .publish(new BuilderEvent.Launched(
                            now,
                            order.requestId(),
                            h.machineId(),
                            order.offer(),
                            Duration.between(origin.intendedAt(), now)));
        }
        return new Made(List.copyOf(kept), keys, origin.intendedAt(), written(kept));
    }

    private CompletableFuture<Void> written(List<Held> machines) {
        List<String> ids = machines.stream().map(Held::machineId).toList();
        return order.count() == 1
                ? region.records().launched(token, ids.get(0))
                : region.records().launchedMany(token, ids);
    }

    private Launch freeze(Keys keys, Instant now) {
        Duration least = region.provider().limits().minLifetime().plus(CAP_MARGIN);
        Duration lifetime = order.spec().maxLifetime().compareTo(least) < 0
                ? least
                : order.spec().maxLifetime();
        Instant cap = now.plus(lifetime).truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put(MachineTags.SCHEMA, "1");
        tags.put(MachineTags.OWNER, identity.owner());
        tags.put(MachineTags.HOST, identity.host());
        tags.put(MachineTags.REQUEST, order.requestId());
        tags.put(MachineTags.ATTEMPT, token);
        tags.put(MachineTags.LEASE, Long.toString(now.plus(identity.lease()).getEpochSecond()));
        tags.put(MachineTags.CAP, Long.toString(cap.getEpochSecond()));
        tags.put(MachineTags.HOST_KEY, keys.shell().hostKeyFingerprint());
        order.request().labels().forEach((key, value) -> tags.put(MachineTags.LABEL + key, value));
        return Launch.builder()
                .spec(order.spec())
                .offer(order.offer())
                .token(token)
                .tags(tags)
                .cap(cap)
                .bootstrap(Supervisor.script())
                .hostKey(keys.host())
                .clientKey(keys.client().getPublic())
                .count(1, order.count())
                .build();
    }
}
