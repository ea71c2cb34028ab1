package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.CapacityException.Tried;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.HookException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.Offer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way to what its machines are for: one offer after the other until all are ready or nothing more can
 * come. Confined to the ticker.
 */
final class Acquisition<T extends Arrived> {
    private static final Duration UNTIL_GONE = Duration.ofMinutes(5);

    private static final int MOST_USED_TOKENS = 10;

    private final Acquisitions fleet;
    private final MachineSpec spec;

    /** The spec, with the markets that it is to be had in now. */
    private final MachineSpec sought;

    private final AcquireRequest request;
    private final String requestId;
    private final Purpose<T> purpose;
    private final OfferChoice choice;
    private final CompletableFuture<Acquired<T>> result = new CompletableFuture<>();
    private final List<Tried> tried = new ArrayList<>();
    private final Map<Shop, Integer> tries = new HashMap<>();
    private final Set<Arrival<T>> arrivals = new HashSet<>();
    private final List<T> ready = new ArrayList<>();
    private final List<BuilderException> failures = new ArrayList<>();
    private Queue<Offer> offers = new ArrayDeque<>();
    private @Nullable Offer current;
    private @Nullable BuilderException fatal;

    /** What the last machine failed with whose script for the start has failed. */
    private @Nullable HookException hookFailure;

    private int mostHookFailures;
    private int launches;

    /** How often a token that somebody else has used is left for the next one. */
    private int usedTokens;

    private boolean selecting;
    private boolean selected;

    /** Machines that are still to be launched. */
    private int missing;

    /** Create calls and machines whose end is not known yet. */
    private int underWay;

    /**
     * What came of it.
     *
     * @param arrived one at least
     * @param failures why the others are not there, one for each
     */
    record Acquired<T extends Arrived>(List<T> arrived, List<BuilderException> failures) {}

    /** Where tries are counted: while one is sold out, the next may have all. */
    private record Shop(String provider, String region, Market market) {}

    Acquisition(Acquisitions fleet, Acquisitions.Wish wish, int count, Purpose<T> purpose) {
        this.fleet = fleet;
        this.spec = wish.spec();
        this.sought = spec.toBuilder().markets(wish.markets()).build();
        this.request = wish.request();
        this.requestId = wish.requestId();
        this.missing = count;
        this.mostHookFailures = count * fleet.maxAttempts();
        this.purpose = purpose;
        this.choice = new OfferChoice(fleet, wish, sought, purpose);
    }

    String requestId() {
        return requestId;
    }

    CompletableFuture<Acquired<T>> result() {
        return result;
    }

    void start() {
        if (result.isDone()) {
            return;
        }
        // Cancelling the caller's future is how a caller gives up, and an interrupt does it too.
        Stages.whenDone(result, fleet.ticker(), (acquired, failure) -> {
            if (failure != null) {
                List.copyOf(arrivals).forEach(Arrival::cancel);
                ready.forEach(Arrived::close);
            }
        });
        if (request.requestId().isEmpty()) {
            next();
            return;
        }
        Stages.whenDone(fleet.requests().begin(requestId), (begun, failure) -> {
            if (failure != null) {
                result.completeExceptionally(Failures.asBuilderException(failure));
                return;
            }
            launches = begun.last();
            begun.unfinished().ifPresent(this::goOn);
            next();
        });
    }

    /** Somebody who is dead now has begun this request, or has finished it. */
    private void goOn(BuilderRecord record) {
        BuilderRecord.Frozen frozen = record.frozen();
        Offer offer = record.origin().offer();
        Attempt.Order order = new Attempt.Order(spec, request, requestId, offer, launches, 1, purpose);
        if (!fleet.sells(offer) || (frozen != null && !frozen.spec().equals(order.wanted()))) {
            result.completeExceptionally(new ConfigurationException(
                    "Request id " + requestId + " was begun by a process that has died, on " + offer.describe()
                            + (fleet.sells(offer)
                                    ? ", for another spec or another command"
                                    : ", which this fleet has no provider for")
                            + ". Use the same settings, or another id",
                    null,
                    null,
                    null));
            return;
        }
        missing--;
        underWay++;
        Attempt attempt = fleet.attempt(order);
        Stages.whenDone(attempt.goOn(record, result::isDone), (made, failure) -> {
            underWay--;
            if (failure == null) {
                Held machine = made.machines().get(0);
                await(machine, made, launches, arrived -> onceGone(machine, arrived));
            } else if (Failures.asBuilderException(failure) instanceof ProviderException e
                    && e.effect() == ProviderException.Effect.NONE) {
                // Nothing of it is there: as if it had never been begun.
                missing++;
            } else {
                refused(offer, launches, 1, Failures.asBuilderException(failure));
            }
            next();
        });
    }

    private void readMarket() {
        selecting = true;
        CompletableFuture<Void> chosen = choice.make().thenAccept(ranked -> {
            selected = true;
            offers = new ArrayDeque<>(ranked);
            next();
        });
        Stages.whenDone(chosen, (v, failure) -> {
            if (failure != null) {
                nothingToChoose(Failures.asBuilderException(failure));
            }
        });
    }

    /** There is nothing to choose from: that is the end, in the words of what was tried before if anything was. */
    private void nothingToChoose(BuilderException reason) {
        if (tried.isEmpty() && ready.isEmpty()) {
            result.completeExceptionally(reason);
        } else {
            selected = true;
            next();
        }
    }

    /** Launches what is missing on the best offer that is left; ends when nothing more can come. */
    private void next() {
        if (result.isDone()) {
            return;
        }
        if (missing > 0 && fatal == null && !selected) {
            if (!selecting) {
                readMarket();
            }
            return;
        }
        while (missing > 0 && fatal == null) {
            Offer offer = usable();
            if (offer == null) {
                break;
            }
            int count = Math.min(missing, fleet.launchBatch(offer));
            missing -= count;
            launch(offer, count);
        }
        if (underWay > 0) {
            return;
        }
        if (missing > 0 && fatal == null && choice.settleForLess()) {
            selected = false;
            selecting = false;
            next();
        } else {
            finish();
        }
    }

    private @Nullable Offer usable() {
        Offer now = current;
        if (now != null && !choice.isBlocked(now)) {
            return now;
        }
        for (Offer offer = offers.poll(); offer != null; offer = offers.poll()) {
            Shop shop = new Shop(offer.provider(), offer.region(), offer.market());
            boolean enough = tries.getOrDefault(shop, 0) >= fleet.maxAttempts();
            if (!enough && !choice.isBlocked(offer)) {
                tries.merge(shop, 1, Integer::sum);
                current = offer;
                return offer;
            }
        }
        current = null;
        return null;
    }

    private void launch(Offer offer, int count) {
        underWay++;
        int number = ++launches;
        Attempt.Order order = new Attempt.Order(spec, request, requestId, offer, number, count, purpose);
        Attempt attempt = fleet.attempt(order);
        Stages.whenDone(attempt.run(result::isDone), (made, failure) -> {
            underWay--;
            if (failure == null) {
                // Those without a permit are tried again, to be told so or to find that one has come back.
                missing += count - made.permitted();
                int refused = made.permitted() - made.machines().size();
                if (refused > 0) {
                    failed(offer, number, refused, fewer(made, offer));
                }
                made.machines().forEach(machine -> await(machine, made, number, UnaryOperator.identity()));
                next();
            } else if (attempt.tokenUsed()) {
                underWay++;
                tokenUsed(offer, number, Failures.asBuilderException(failure));
            } else {
                refused(offer, number, count, Failures.asBuilderException(failure));
                next();
            }
        });
    }

    /** What the cloud refuses to one it refuses to all; what is already there may still get ready. */
    private void refused(Offer offer, int number, int count, BuilderException reason) {
        if (!(reason instanceof CapacityException)) {
            fatal = reason;
        }
        failed(offer, number, count, reason);
    }

    /** Somebody without access to our store has made the same attempt: either has a machine, or has gone on. */
    private void tokenUsed(Offer offer, int number, BuilderException reason) {
        Stages.whenDone(fleet.requests().nobodyHas(requestId), (v, somebody) -> {
            underWay--;
            if (somebody == null && usedTokens < MOST_USED_TOKENS) {
                usedTokens++;
                missing++;
            } else {
                refused(offer, number, 1, somebody == null ? reason : Failures.asBuilderException(somebody));
            }
            next();
        });
    }

    private static CapacityException fewer(Attempt.Made made, Offer offer) {
        String came = "only " + made.machines().size() + " of " + made.permitted() + " machines came";
        return new CapacityException(
                offer.describe() + ": " + came, CapacityException.Reason.NO_STOCK, came, null, null);
    }

    private void await(Held machine, Attempt.Made made, int number, UnaryOperator<CompletableFuture<T>> what) {
        Arrival<T> arrival = fleet.arrival(machine, made, request.readyTimeout(), purpose);
        if (result.isDone()) {
            arrival.cancel();
            return;
        }
        underWay++;
        arrivals.add(arrival);
        CompletableFuture<T> arrived = what.apply(arrival.run());
        Stages.whenDone(request.requestId().isPresent() ? only(arrived) : arrived, (builder, failure) -> {
            underWay--;
            arrivals.remove(arrival);
            if (failure != null) {
                failed(machine.offer(), number, 1, Failures.asBuilderException(failure));
            } else if (result.isDone()) {
                builder.close();
            } else {
                ready.add(builder);
            }
            next();
        });
    }

    /** What a dead process has begun there may run until the machine is gone: elsewhere nothing of it begins before. */
    private CompletableFuture<T> onceGone(Held machine, CompletableFuture<T> arrived) {
        return Stages.then(
                arrived,
                (builder, failure) -> failure == null
                        ? CompletableFuture.completedFuture(builder)
                        : Stages.then(
                                Stages.atMost(fleet.ticker(), UNTIL_GONE, machine.gone()),
                                (gone, f) -> CompletableFuture.failedFuture(failure)));
    }

    /** Of several processes that have a machine for the request, one keeps it. */
    private CompletableFuture<T> only(CompletableFuture<T> arrived) {
        return arrived.thenCompose(builder ->
                Stages.then(fleet.requests().outdone(requestId, builder.id()), (v, failure) -> {
                    if (failure == null) {
                        return CompletableFuture.completedFuture(builder);
                    }
                    builder.close();
                    return CompletableFuture.failedFuture(failure);
                }));
    }

    /** Some machines will not come from here: lack of capacity is a matter for the next offer, anything else is final. */
    private void failed(Offer offer, int number, int count, BuilderException failure) {
        if (result.isDone()) {
            return;
        }
        fleet.events().publish(new BuilderEvent.LaunchFailed(fleet.ticker().now(), requestId, offer, number, failure));
        if (failure instanceof HookException e && fatal == null) {
            hookFailed(offer, count, e);
            return;
        }
        if (!(failure instanceof CapacityException capacity)) {
            failures.addAll(Collections.nCopies(count, failure));
            return;
        }
        missing += count;
        tried.add(new Tried(offer, capacity.reason(), capacity.code().orElse("no code")));
        if (capacity.reason() == CapacityException.Reason.NO_STOCK) {
            fleet.foundEmpty(offer.pool());
        }
        if (offer.equals(current)) {
            current = null;
        }
    }

    /** It may be the machine, or where it stands; if it is the script or the image, each machine costs. */
    private void hookFailed(Offer offer, int count, HookException failure) {
        missing += count;
        hookFailure = failure;
        mostHookFailures -= count;
        if (mostHookFailures <= 0) {
            fatal = failure;
            return;
        }
        // There may be no other one.
        offers.add(offer);
        if (offer.equals(current)) {
            current = null;
        }
    }

    private void finish() {
        if (missing > 0) {
            BuilderException known = fatal != null ? fatal : hookFailure;
            BuilderException why = known != null
                    ? known
                    : new CapacityException(
                            "None of the offers for " + sought + " could be launched; tried " + tried.size() + ":",
                            tried);
            failures.addAll(Collections.nCopies(missing, why));
            missing = 0;
        }
        if (ready.isEmpty()) {
            result.completeExceptionally(failures.get(0));
        } else {
            result.complete(new Acquired<>(List.copyOf(ready), List.copyOf(failures)));
        }
    }
}
