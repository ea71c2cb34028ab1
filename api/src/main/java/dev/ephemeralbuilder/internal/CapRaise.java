package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.CloudAction;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Raises the cap of one held machine, one order after the other. The cloud would lower it just as well, so each looks
 * first how far another process may have raised it. Confined to the ticker.
 */
final class CapRaise {
    private static final Logger log = LoggerFactory.getLogger(CapRaise.class);

    /** For how long a cloud that cannot be asked is asked again, once for the look and once for the order. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** Repetitions of the create call or the order must not push the cap below the cloud's minimum. */
    private static final Duration ON_TOP = Duration.ofMinutes(5);

    private final Region region;
    private final Held held;

    /** Never fails. */
    private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);

    CapRaise(Region region, Held held) {
        this.region = region;
        this.held = held;
    }

    /** Sees to it that the cap is not before a time from now. */
    CompletableFuture<Instant> to(Duration lifetime) {
        CompletableFuture<Instant> raised = last.thenCompose(v -> look()).thenCompose(v -> raise(lifetime));
        last = raised.handle((cap, failure) -> null);
        return raised.copy();
    }

    private CompletableFuture<Void> look() {
        if (held.released()) {
            return CompletableFuture.failedFuture(held.notHeld());
        }
        String id = held.machineId();
        return region.describe(List.of(id), PATIENCE)
                .thenCompose(machines -> held.lossAfter(Optional.ofNullable(machines.get(id)))
                        .<CompletableFuture<Void>>map(CompletableFuture::failedFuture)
                        .orElseGet(() -> CompletableFuture.completedFuture(null)));
    }

    private CompletableFuture<Instant> raise(Duration lifetime) {
        if (held.released()) {
            return CompletableFuture.failedFuture(held.notHeld());
        }
        Instant now = region.clock().now();
        if (!now.plus(lifetime).isAfter(held.cap())) {
            return CompletableFuture.completedFuture(held.cap());
        }
        Instant wanted = Times.roundedUp(now.plus(atLeast(region, lifetime)), ChronoUnit.MINUTES);
        return Stages.then(
                region.cloud()
                        .repeat(
                                CloudAction.EXTEND,
                                region.ticker().now().plus(PATIENCE),
                                () -> region.provider().extend(held.machineId(), wanted)),
                (cap, failure) -> failure == null ? raised(cap) : held.refused(failure));
    }

    /** Returns a lifetime, or the shortest one that the cloud surely takes. */
    static Duration atLeast(Region region, Duration lifetime) {
        return Times.longer(lifetime, region.provider().limits().minLifetime().plus(ON_TOP));
    }

    private CompletableFuture<Instant> raised(Instant cap) {
        held.capped(cap);
        return Stages.then(region.records().capped(held.origin().token(), cap), (v, failure) -> {
            if (failure != null) {
                log.warn(
                        "The new cap of a machine could not be written down; the cloud has it [id={}, reason={}]",
                        held.machineId(),
                        Failures.unwrap(failure).toString());
            }
            return CompletableFuture.completedFuture(cap);
        });
    }
}
