package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One offer on its way to a ready builder: frozen launch, create call, address, first contact. Whatever goes wrong on
 * the way, what was created is released. Confined to the ticker.
 */
final class Attempt {
    /** Repetitions of the create call must not push the cap below the cloud's minimum. */
    private static final Duration CAP_MARGIN = Duration.ofMinutes(5);

    private final Region region;
    private final Identity identity;
    private final MachineSpec spec;
    private final AcquireRequest request;
    private final String requestId;
    private final Offer offer;
    private final int number;
    private final Executor users;
    private final CompletableFuture<EphemeralBuilder> result = new CompletableFuture<>();
    private final String token = "eb-" + UUID.randomUUID();
    private @Nullable Held held;
    private boolean launching;
    private @Nullable Boot boot;

    /** Who launches. */
    record Identity(String owner, String host, Duration lease) {}

    private record Keys(KeyPair client, KeyPair host, ShellKeys shell) {}

    Attempt(
            Region region,
            Identity identity,
            MachineSpec spec,
            AcquireRequest request,
            String requestId,
            Offer offer,
            int number,
            Executor users) {
        this.region = region;
        this.identity = identity;
        this.spec = spec;
        this.request = request;
        this.requestId = requestId;
        this.offer = offer;
        this.number = number;
        this.users = users;
    }

    CompletableFuture<EphemeralBuilder> run() {
        Stages.whenDone(region.calls().run(Attempt::keys).thenCompose(this::launch), (v, failure) -> {
            if (failure != null) {
                fail(Failures.asBuilderException(failure));
            }
        });
        return result;
    }

    /** Gives up; what was created, or is being created right now, is released. */
    void cancel() {
        fail(new CancellationException("the acquire was cancelled"));
    }

    private static Keys keys() {
        KeyPair client = HostKeys.generate();
        KeyPair host = HostKeys.generate();
        return new Keys(client, host, new ShellKeys(client, HostKeys.fingerprint(host)));
    }

    private CompletableFuture<Void> launch(Keys keys) {
        Instant intendedAt = region.ticker().now();
        Launch launch = freeze(keys, intendedAt);
        if (result.isDone()) {
            return CompletableFuture.completedFuture(null);
        }
        launching = true;
        Origin origin = new Origin(requestId, token, offer, intendedAt, launch.cap());
        BuilderRecord intent =
                new BuilderRecord(origin, intendedAt.plus(request.readyTimeout()), keys.shell(), null, null);
        return region.records().intend(intent).thenCompose(v -> {
            if (result.isDone()) {
                return region.records().forget(token);
            }
            region.events().publish(new BuilderEvent.Launching(intendedAt, requestId, offer, number));
            region.launching().add(this);
            LaunchOnce once = new LaunchOnce(region, launch, identity.owner());
            return Stages.then(once.run(result::isDone), (ids, failure) -> {
                if (failure == null) {
                    region.launching().remove(this);
                    launched(ids, keys, origin);
                    return CompletableFuture.<Void>completedFuture(null);
                }
                if (once.inDoubt()) {
                    clearUp(once, origin);
                } else {
                    nothingIsThere();
                }
                return CompletableFuture.<Void>failedFuture(failure);
            });
        });
    }

    /** The caller gets its failure now; what may have been created is looked for until the cloud can be asked. */
    private void clearUp(LaunchOnce once, Origin origin) {
        Stages.whenDone(once.settle(), (ids, failure) -> {
            if (failure != null || ids.isEmpty()) {
                nothingIsThere();
                return;
            }
            region.launching().remove(this);
            hold(ids, origin).forEach(late -> late.release(() -> BuilderHandle.lost(late)));
        });
    }

    private void nothingIsThere() {
        region.launching().remove(this);
        Stages.leave(region.records().forget(token));
    }

    private List<Held> hold(List<String> ids, Origin origin) {
        List<Held> all = ids.stream().map(id -> new Held(region, origin, id)).toList();
        region.held().addAll(all);
        Instant until = origin.intendedAt().plus(identity.lease());
        all.forEach(h -> region.leases().hold(h.machineId(), until));
        return all;
    }

    private void launched(List<String> ids, Keys keys, Origin origin) {
        Instant now = region.ticker().now();
        Instant intendedAt = origin.intendedAt();
        List<Held> all = hold(ids, origin);
        // More than one can only be found by the search by tag: the oldest is kept.
        all.stream().skip(1).forEach(h -> h.release(() -> BuilderHandle.lost(h)));
        Held mine = all.get(0);
        held = mine;
        region.events()
                .publish(new BuilderEvent.Launched(
                        now, requestId, mine.machineId(), offer, Duration.between(intendedAt, now)));
        Stages.whenDone(region.records().launched(token, mine.machineId()), (v, failure) -> {
            if (failure != null) {
                fail(Failures.asBuilderException(failure));
            }
        });
        if (result.isDone()) {
            mine.release(() -> BuilderHandle.lost(mine));
            return;
        }
        Instant deadline = intendedAt.plus(request.readyTimeout());
        Patience patience = new Patience(mine, now);
        Boot begun = new Boot(region, users, mine, keys.shell(), now, deadline, patience);
        boot = begun;
        Stages.whenDone(begun.run(), (builder, failure) -> {
            if (failure != null) {
                BuilderException reason = Failures.asBuilderException(failure);
                boolean gone = reason instanceof BuilderLostException || reason instanceof BuilderReclaimedException;
                fail(gone ? vanished("vanished before it was ready") : reason);
                return;
            }
            Instant readyAt = region.ticker().now();
            region.events()
                    .publish(new BuilderEvent.Ready(
                            readyAt, requestId, mine.machineId(), Duration.between(patience.runningAt, readyAt)));
            if (result.complete(builder)) {
                mine.opened().complete(builder);
            } else {
                builder.close();
            }
        });
    }

    /** A new machine that the cloud is about to take back is left for the next offer. */
    private final class Patience implements Boot.Waiting {
        private final Held mine;
        private final Instant launchedAt;
        private Instant runningAt;

        Patience(Held mine, Instant launchedAt) {
            this.mine = mine;
            this.launchedAt = launchedAt;
            this.runningAt = launchedAt;
        }

        @Override
        public Optional<BuilderException> objection(Machine machine) {
            boolean hopeless = machine.reclaimNotice().isPresent() || machine.state() == MachineState.STOPPED;
            return hopeless ? Optional.of(vanished("taken back before it was ready")) : Optional.empty();
        }

        @Override
        public BuilderException tooLate() {
            return new BuilderTimeoutException(
                    "Machine " + mine.machineId() + " (" + offer.describe() + ") was not ready within "
                            + request.readyTimeout().toSeconds() + " s and is given back",
                    null,
                    null,
                    null);
        }

        @Override
        public void onAddress(Machine machine) {
            runningAt = region.ticker().now();
            region.events()
                    .publish(new BuilderEvent.Running(
                            runningAt, requestId, machine.id(), Duration.between(launchedAt, runningAt)));
        }
    }

    /** The answer to the create call was not yet capacity: stock may be found missing later (ecs-openapi, 0.3). */
    private CapacityException vanished(String seen) {
        return new CapacityException(
                offer.describe() + ": " + seen, CapacityException.Reason.NO_STOCK, seen, null, null);
    }

    private void fail(Throwable reason) {
        if (!result.completeExceptionally(reason)) {
            return;
        }
        Held mine = held;
        if (mine != null) {
            Supplier<BuilderException> why = () -> reason instanceof BuilderException e ? e : BuilderHandle.lost(mine);
            if (boot != null) {
                boot.giveUp(why.get());
            }
            mine.release(why);
        } else if (!launching) {
            // Otherwise the outcome of the create call decides about the record.
            Stages.leave(region.records().forget(token));
        }
    }

    private Launch freeze(Keys keys, Instant now) {
        Duration least = region.provider().limits().minLifetime().plus(CAP_MARGIN);
        Duration lifetime = spec.maxLifetime().compareTo(least) < 0 ? least : spec.maxLifetime();
        Instant cap = now.plus(lifetime).truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put(MachineTags.SCHEMA, "1");
        tags.put(MachineTags.OWNER, identity.owner());
        tags.put(MachineTags.HOST, identity.host());
        tags.put(MachineTags.REQUEST, requestId);
        tags.put(MachineTags.ATTEMPT, token);
        tags.put(MachineTags.LEASE, Long.toString(now.plus(identity.lease()).getEpochSecond()));
        tags.put(MachineTags.CAP, Long.toString(cap.getEpochSecond()));
        tags.put(MachineTags.HOST_KEY, keys.shell().hostKeyFingerprint());
        request.labels().forEach((key, value) -> tags.put(MachineTags.LABEL + key, value));
        return Launch.builder()
                .spec(spec)
                .offer(offer)
                .token(token)
                .tags(tags)
                .cap(cap)
                .bootstrap(Supervisor.script())
                .hostKey(keys.host())
                .clientKey(keys.client().getPublic())
                .build();
    }
}
