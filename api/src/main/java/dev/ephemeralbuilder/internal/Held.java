package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One machine that this fleet has created and has not seen gone: from the answer of the create call to its observed
 * absence, whether a builder was made of it or not. Its state is confined to the ticker.
 */
final class Held {
    private static final Logger log = LoggerFactory.getLogger(Held.class);

    /** How long a new machine may be missing from the cloud's answers before that counts (ecs-openapi, 3). */
    static final Duration INVISIBLE = Duration.ofSeconds(60);

    private final Region region;
    private final String requestId;
    private final String token;
    private final String machineId;
    private final Offer offer;
    private final Instant createdAt;
    private final CompletableFuture<ReclaimNotice> reclaimNotice = new CompletableFuture<>();
    private final CompletableFuture<Void> gone = new CompletableFuture<>();
    private volatile @Nullable Instant releasedAt;
    private boolean seen;
    private Watcher.@Nullable Watch watch;
    private @Nullable Link link;

    Held(Region region, String requestId, String token, String machineId, Offer offer, Instant createdAt) {
        this.region = region;
        this.requestId = requestId;
        this.token = token;
        this.machineId = machineId;
        this.offer = offer;
        this.createdAt = createdAt;
    }

    String requestId() {
        return requestId;
    }

    String machineId() {
        return machineId;
    }

    Offer offer() {
        return offer;
    }

    CompletableFuture<ReclaimNotice> reclaimNotice() {
        return reclaimNotice;
    }

    CompletableFuture<Void> gone() {
        return gone;
    }

    boolean released() {
        return releasedAt != null;
    }

    CostEstimate cost() {
        Instant until = releasedAt;
        Duration billed =
                Duration.between(createdAt, until == null ? region.ticker().now() : until);
        return CostEstimate.of(
                offer.hourlyPrice(), offer.hourlyOnDemandPrice(), billed.isNegative() ? Duration.ZERO : billed);
    }

    /** From now on this watch ends and this connection is closed with the machine. */
    void ready(Watcher.Watch watch, Link link) {
        this.watch = watch;
        this.link = link;
    }

    /** The cloud has shown the machine: from now on, unknown means gone. */
    void seen() {
        seen = true;
    }

    /** Takes a look at the ready machine. */
    void onLook(Optional<Machine> look) {
        look.flatMap(Machine::reclaimNotice).ifPresent(notice -> {
            if (reclaimNotice.complete(notice)) {
                region.events()
                        .publish(new BuilderEvent.ReclaimNoticed(region.ticker().now(), requestId, machineId, notice));
            }
        });
        if (isOver(look)) {
            release(() -> BuilderHandle.lost(this));
        }
    }

    /** Asks the cloud whether the machine is still there: why it is lost, or nothing; fails if it cannot be asked. */
    CompletableFuture<Optional<BuilderException>> presence() {
        return region.watcher().look(machineId).thenApply(look -> {
            onLook(look);
            return isOver(look) ? Optional.of(BuilderHandle.lost(this)) : Optional.empty();
        });
    }

    private static boolean isOver(Optional<Machine> look) {
        return look.isEmpty() || look.get().state() == MachineState.ENDED;
    }

    /** Hands the machine to the terminator, once. May be called from any thread. */
    void release(Supplier<BuilderException> reason) {
        try {
            region.ticker().execute(() -> releaseNow(reason));
        } catch (RejectedExecutionException e) {
            log.debug(
                    "The fleet is closed: it has released its machines or named those that are left [id={}]",
                    machineId);
        }
    }

    private void releaseNow(Supplier<BuilderException> reason) {
        if (releasedAt != null) {
            return;
        }
        Instant now = region.ticker().now();
        releasedAt = now;
        if (watch != null) {
            watch.end();
        }
        if (link != null) {
            link.close(reason);
        }
        region.leases().drop(machineId);
        region.events().publish(new BuilderEvent.Released(now, requestId, machineId, cost()));
        Stages.whenDone(
                region.terminator().delete(machineId, seen ? createdAt : createdAt.plus(INVISIBLE)), (v, failure) -> {
                    Instant goneAt = region.ticker().now();
                    region.events()
                            .publish(
                                    new BuilderEvent.Gone(goneAt, requestId, machineId, Duration.between(now, goneAt)));
                    Stages.whenDone(region.records().ended(token, machineId, cost()), (w, f) -> {
                        if (f != null) {
                            log.warn(
                                    "The end of a machine could not be written down [id={}]",
                                    machineId,
                                    Failures.unwrap(f));
                        }
                        region.held().remove(this);
                        gone.complete(null);
                    });
                });
    }
}
