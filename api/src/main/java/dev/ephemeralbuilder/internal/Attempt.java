package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.spi.Ticker;
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
import org.jspecify.annotations.Nullable;

/**
 * One offer on its way to a ready builder: frozen launch, create call, address, first contact. Whatever goes wrong on
 * the way, what was created is released. Confined to the ticker.
 */
final class Attempt {
    /** For how long a cloud that cannot be asked about a new machine is put up with. */
    private static final Duration BLIND = Duration.ofMinutes(2);

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
    private Ticker.@Nullable Scheduled readyTimer;
    private Watcher.@Nullable Watch watch;
    private @Nullable Instant blindSince;

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
        return region.records().intend(requestId, launch, keys.shell()).thenCompose(v -> {
            if (result.isDone()) {
                return region.records().forget(token);
            }
            region.events().publish(new BuilderEvent.Launching(intendedAt, requestId, offer, number));
            region.launching().add(this);
            LaunchOnce once = new LaunchOnce(region, launch, identity.owner());
            return Stages.then(once.run(result::isDone), (ids, failure) -> {
                if (failure == null) {
                    region.launching().remove(this);
                    launched(ids, keys, intendedAt);
                    return CompletableFuture.<Void>completedFuture(null);
                }
                if (once.inDoubt()) {
                    clearUp(once, intendedAt);
                } else {
                    nothingIsThere();
                }
                return CompletableFuture.<Void>failedFuture(failure);
            });
        });
    }

    /** The caller gets its failure now; what may have been created is looked for until the cloud can be asked. */
    private void clearUp(LaunchOnce once, Instant intendedAt) {
        Stages.whenDone(once.settle(), (ids, failure) -> {
            nothingIsThere();
            if (failure == null) {
                hold(ids, intendedAt).forEach(late -> late.release(() -> BuilderHandle.lost(late)));
            }
        });
    }

    private void nothingIsThere() {
        region.launching().remove(this);
        Stages.leave(region.records().forget(token));
    }

    private List<Held> hold(List<String> ids, Instant intendedAt) {
        List<Held> all = ids.stream()
                .map(id -> new Held(region, requestId, token, id, offer, intendedAt))
                .toList();
        region.held().addAll(all);
        all.forEach(h -> region.leases().hold(h.machineId()));
        return all;
    }

    private void launched(List<String> ids, Keys keys, Instant intendedAt) {
        Instant now = region.ticker().now();
        List<Held> all = hold(ids, intendedAt);
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
        readyTimer = region.ticker()
                .schedule(
                        Duration.between(now, deadline),
                        () -> fail(new BuilderTimeoutException(
                                "Machine " + mine.machineId() + " (" + offer.describe() + ") was not ready within "
                                        + request.readyTimeout().toSeconds() + " s and is given back",
                                null,
                                null,
                                null)));
        watch = region.watcher().expect(mine.machineId(), new Watcher.Observer() {
            @Override
            public void onLook(Optional<Machine> look) {
                blindSince = null;
                Attempt.this.onLook(look, mine, keys, now, deadline);
            }

            @Override
            public void onBlindLook(BuilderException reason) {
                Attempt.this.onBlindLook(reason);
            }
        });
    }

    private void onBlindLook(BuilderException reason) {
        Instant now = region.ticker().now();
        if (blindSince == null) {
            blindSince = now;
        }
        boolean passing = reason instanceof ProviderException || reason instanceof ThrottledException;
        if (!passing || Duration.between(blindSince, now).compareTo(BLIND) > 0) {
            fail(reason);
        }
    }

    private void onLook(Optional<Machine> look, Held mine, Keys keys, Instant launchedAt, Instant deadline) {
        Instant now = region.ticker().now();
        if (result.isDone()) {
            return;
        }
        if (look.isEmpty() || look.get().state() == MachineState.ENDED) {
            if (look.isPresent() || now.isAfter(launchedAt.plus(Held.INVISIBLE))) {
                fail(vanished(look));
            }
            return;
        }
        mine.seen();
        Machine machine = look.get();
        if (machine.failure().isPresent()) {
            fail(new ConfigurationException(
                    "Machine " + machine.id() + " cannot get ready: "
                            + machine.failure().get(),
                    null,
                    null,
                    null));
            return;
        }
        if (machine.reclaimNotice().isPresent() || machine.state() == MachineState.STOPPED) {
            fail(vanished(look));
            return;
        }
        boolean addressed =
                machine.privateAddress().isPresent() || machine.publicAddress().isPresent();
        if (machine.state() == MachineState.RUNNING && addressed) {
            if (watch != null) {
                watch.end();
            }
            region.events()
                    .publish(new BuilderEvent.Running(now, requestId, machine.id(), Duration.between(launchedAt, now)));
            contact(machine, mine, keys, now, deadline);
        }
    }

    /** The answer to the create call was not yet capacity: stock may be found missing later (ecs-openapi, 0.3). */
    private CapacityException vanished(Optional<Machine> look) {
        String seen = look.isEmpty() ? "vanished before it was running" : "taken back before it was ready";
        return new CapacityException(
                offer.describe() + ": " + seen, CapacityException.Reason.NO_STOCK, seen, null, null);
    }

    private void contact(Machine machine, Held mine, Keys keys, Instant runningAt, Instant deadline) {
        Link link = new Link(
                region.ticker(), region.shellCalls(), region.provider(), machine, keys.shell(), mine::presence);
        Remote remote = new Remote(region.ticker(), link);
        mine.ready(region.watcher().watch(machine.id(), mine::onLook), link);
        Stages.whenDone(remote.ask(Supervisor.install(), deadline), (reply, failure) -> {
            if (failure != null) {
                BuilderException reason = Failures.asBuilderException(failure);
                boolean gone = reason instanceof BuilderLostException || reason instanceof BuilderReclaimedException;
                fail(gone ? vanished(Optional.empty()) : reason);
                return;
            }
            List<String> missing = reply.values("missing");
            Optional<String> workspace = reply.value("workspace");
            if (!missing.isEmpty() || workspace.isEmpty()) {
                fail(new ConfigurationException(
                        "The image lacks what scripts need: " + String.join(", ", missing)
                                + ". Install it in the image",
                        null,
                        null,
                        null));
                return;
            }
            Instant now = region.ticker().now();
            region.events()
                    .publish(new BuilderEvent.Ready(now, requestId, machine.id(), Duration.between(runningAt, now)));
            BuilderHandle handle = new BuilderHandle(mine, region, users, link, remote, workspace.get());
            settled();
            if (!result.complete(handle)) {
                handle.close();
            }
        });
    }

    private void fail(Throwable reason) {
        if (!result.completeExceptionally(reason)) {
            return;
        }
        settled();
        Held mine = held;
        if (mine != null) {
            mine.release(() -> reason instanceof BuilderException e ? e : BuilderHandle.lost(mine));
        } else if (!launching) {
            // Otherwise the outcome of the create call decides about the record.
            Stages.leave(region.records().forget(token));
        }
    }

    private void settled() {
        if (watch != null) {
            watch.end();
        }
        if (readyTimer != null) {
            readyTimer.cancel();
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
