package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Ticker;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What serves one provider in one region.
 *
 * @param calls for what blocks and is no call to the cloud, such as the store
 * @param shellCalls for connections to machines, which may take long and must not keep the others waiting
 * @param held the machines of the whole fleet that were created and not seen gone yet; on the ticker
 * @param launching the attempts of the whole fleet whose create call has no known outcome yet; on the ticker
 * @param otherMetadata where machines that have metadata find them, null for where their provider says
 */
record Region(
        Ticker ticker,
        Calls calls,
        Calls shellCalls,
        CloudCalls cloud,
        MarketBook market,
        Watcher watcher,
        Doors doors,
        Terminator terminator,
        Leases leases,
        Records records,
        Events events,
        Handouts handouts,
        Set<Held> held,
        Set<Attempt> launching,
        @Nullable URI otherMetadata) {
    CloudProvider provider() {
        return cloud.provider();
    }

    /** Whether an offer is one of this provider here. */
    boolean serves(Offer offer) {
        return sells(provider(), offer);
    }

    /** Whether an offer is one of this provider. */
    static boolean sells(CloudProvider provider, Offer offer) {
        return provider.name().equals(offer.provider()) && provider.region().equals(offer.region());
    }

    /** Asks for machines, no more than the cloud takes in one call; again for a time while it cannot be asked. */
    CompletableFuture<Map<String, Machine>> describe(List<String> ids, Duration patience) {
        return cloud.repeat(
                CloudAction.DESCRIBE,
                ticker.now().plus(patience),
                () -> provider().describe(ids));
    }

    /** Returns where machines find the metadata that tell of a reclaim, nothing if there are none. */
    Optional<URI> metadata() {
        return provider().machineMetadata().map(own -> otherMetadata == null ? own : otherMetadata);
    }

    CloudClock clock() {
        return cloud.clock();
    }
}
