package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Moves the leases of all held machines forward, in batches, three times per lease. One per provider, on the ticker. */
final class Leases {
    private static final Logger log = LoggerFactory.getLogger(Leases.class);

    private final Ticker ticker;
    private final CloudCalls cloud;
    private final Duration lease;
    private final Set<String> held = new LinkedHashSet<>();
    private Ticker.@Nullable Scheduled next;

    Leases(Ticker ticker, CloudCalls cloud, Duration lease) {
        this.ticker = ticker;
        this.cloud = cloud;
        this.lease = lease;
    }

    void hold(String id) {
        held.add(id);
        if (next == null) {
            next = ticker.schedule(lease.dividedBy(3), this::renew);
        }
    }

    void drop(String id) {
        held.remove(id);
        if (held.isEmpty() && next != null) {
            next.cancel();
            next = null;
        }
    }

    private void renew() {
        next = ticker.schedule(lease.dividedBy(3), this::renew);
        List<String> ids = List.copyOf(held);
        int size = cloud.provider().limits().renewBatch();
        for (int i = 0; i < ids.size(); i += size) {
            List<String> batch = ids.subList(i, Math.min(ids.size(), i + size));
            Instant deadline = ticker.now().plus(lease.dividedBy(6));
            Stages.whenDone(
                    cloud.repeat(
                            CloudAction.RENEW,
                            deadline,
                            () -> cloud.provider().renew(batch, ticker.now().plus(lease))),
                    (outcomes, failure) -> {
                        if (failure != null) {
                            log.warn(
                                    "Leases could not be renewed; it is tried again in {} [ids={}, reason={}]",
                                    lease.dividedBy(3),
                                    batch,
                                    Failures.unwrap(failure).toString());
                            return;
                        }
                        outcomes.forEach((id, outcome) -> {
                            if (outcome.status() != Outcome.Status.ACCEPTED) {
                                log.debug("Lease was not renewed [id={}, code={}]", id, outcome.code());
                            }
                        });
                    });
        }
    }
}
