package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.DuplicateRequestException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.Objective;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.SelectionPolicy;
import dev.ephemeralbuilder.selection.StockMemory;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The acquisitions of a fleet, and what they share: where offers are bought, in whose name, and which pools were found
 * empty. Confined to the ticker.
 */
final class Acquisitions {
    private static final Logger log = LoggerFactory.getLogger(Acquisitions.class);

    private final EngineConfig config;
    private final Ticker ticker;
    private final List<Region> regions;
    private final Attempt.Identity identity;
    private final Requests requests;
    private final Permits permits;
    private final Events events;
    private final Set<Held> held;
    private final Set<Acquisition<?>> running = new HashSet<>();

    /** Named requests that nothing came of, until that is written down. */
    private final Set<String> ending = new HashSet<>();

    private StockMemory stockMemory = StockMemory.empty();

    /** The same without the pools that a machine was lost from: those may have stock. */
    private StockMemory foundEmpty = StockMemory.empty();

    /**
     * @param held what the fleet holds, as it changes
     */
    Acquisitions(
            EngineConfig config,
            Ticker ticker,
            List<Region> regions,
            Attempt.Identity identity,
            Requests requests,
            Permits permits,
            Events events,
            Set<Held> held) {
        this.config = config;
        this.ticker = ticker;
        this.regions = regions;
        this.identity = identity;
        this.requests = requests;
        this.permits = permits;
        this.events = events;
        this.held = held;
    }

    /**
     * Begins one; giving up what is returned gives it up.
     *
     * @throws DuplicateRequestException if this fleet has a machine of the request, or is about to
     */
    <T extends Arrived> CompletableFuture<Acquisition.Acquired<T>> begin(
            MachineSpec spec, AcquireRequest request, int count, Purpose<T> purpose) {
        return begin(
                new Wish(
                        spec,
                        request,
                        request.requestId().orElseGet(() -> UUID.randomUUID().toString()),
                        spec.markets(),
                        Set.of()),
                count,
                purpose);
    }

    /**
     * What is asked for.
     *
     * @param requestId the request's own id, or one that is used for it; it is a named one if the request has an id
     * @param markets those of the spec's markets where it is to be had now; not what is wanted, so whoever asks again for
     *     the same may have others
     * @param avoided pools that are left out unless nothing else is left
     */
    record Wish(MachineSpec spec, AcquireRequest request, String requestId, Set<Market> markets, Set<String> avoided) {}

    /** Begins one as {@link #begin(MachineSpec, AcquireRequest, int, Purpose)} does. */
    <T extends Arrived> CompletableFuture<Acquisition.Acquired<T>> begin(Wish wish, int count, Purpose<T> purpose) {
        String requestId = wish.requestId();
        boolean inUse = running.stream().anyMatch(a -> a.requestId().equals(requestId))
                || held.stream().anyMatch(h -> h.requestId().equals(requestId) && !h.released());
        if (inUse) {
            throw new DuplicateRequestException("Request id " + requestId + " is in use in this very fleet", null);
        }
        Acquisition<T> acquisition = new Acquisition<>(this, wish, count, purpose);
        Instant began = ticker.now();
        running.add(acquisition);
        Stages.whenDone(acquisition.result(), (acquired, failure) -> {
            Instant now = ticker.now();
            Duration took = Duration.between(began, now);
            events.publish(
                    failure == null
                            ? new BuilderEvent.Acquired(
                                    now, requestId, acquired.arrived().size(), took)
                            : new BuilderEvent.AcquireFailed(now, requestId, why(failure), took));
        });
        Stages.whenDone(acquisition.result(), ticker, (acquired, failure) -> {
            running.remove(acquisition);
            if (failure != null && wish.request().requestId().isPresent()) {
                end(requestId);
            }
        });
        acquisition.start();
        return acquisition.result();
    }

    /** Returns null if the caller has given it up, or the fleet is closed. */
    private static @Nullable BuilderException why(Throwable failure) {
        return Failures.unwrap(failure) instanceof CancellationException ? null : Failures.asBuilderException(failure);
    }

    private void end(String requestId) {
        ending.add(requestId);
        Stages.whenDone(requests.end(requestId), (v, failure) -> {
            ending.remove(requestId);
            if (failure != null) {
                log.warn(
                        "It could not be written down that request id {} is free again; others may use it once this"
                                + " process has ended: {}",
                        requestId,
                        Failures.unwrap(failure).toString());
            }
        });
    }

    /** Gives all up. */
    void giveUp() {
        List.copyOf(running).forEach(a -> a.result().cancel(false));
    }

    /** Returns whether all ends are written down. */
    boolean written() {
        return ending.isEmpty();
    }

    Attempt attempt(Attempt.Order order) {
        return new Attempt(region(order.offer()), identity, requests, permits, order);
    }

    <T extends Arrived> Arrival<T> arrival(Held machine, Attempt.Made made, Duration readyTimeout, Purpose<T> purpose) {
        return new Arrival<>(region(machine.offer()), machine, made, readyTimeout, purpose);
    }

    int launchBatch(Offer offer) {
        return region(offer).provider().limits().launchBatch();
    }

    /** Returns whether one of the fleet's providers sells an offer. */
    boolean sells(Offer offer) {
        return find(offer).isPresent();
    }

    private Region region(Offer offer) {
        return find(offer)
                .orElseThrow(() ->
                        new IllegalStateException("an offer of a provider that the fleet does not have: " + offer));
    }

    private Optional<Region> find(Offer offer) {
        return regions.stream().filter(region -> region.serves(offer)).findFirst();
    }

    List<Region> regions() {
        return regions;
    }

    Requests requests() {
        return requests;
    }

    Ticker ticker() {
        return ticker;
    }

    Events events() {
        return events;
    }

    SelectionPolicy selectionPolicy() {
        return config.selectionPolicy();
    }

    Objective objective() {
        return config.objective();
    }

    int maxAttempts() {
        return config.maxAttempts();
    }

    StockMemory stockMemory() {
        return stockMemory;
    }

    /** Returns what is known to be empty, by a create call that was refused. */
    StockMemory foundEmpty() {
        return foundEmpty;
    }

    void foundEmpty(String pool) {
        stockMemory = stockMemory.with(pool, ticker.now());
        foundEmpty = foundEmpty.with(pool, ticker.now());
    }

    /** The cloud has taken a machine of this pool back: others had better look elsewhere first. */
    void lost(String pool) {
        stockMemory = stockMemory.with(pool, ticker.now());
    }
}
