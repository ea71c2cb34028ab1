package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.CapacityException.Tried;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.selection.RankedOffer;
import dev.ephemeralbuilder.selection.Rejection;
import dev.ephemeralbuilder.selection.Selection;
import dev.ephemeralbuilder.selection.SelectionRequest;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way to a builder: market, selection, then one offer after the other until one is ready. Confined
 * to the ticker.
 */
final class Acquisition {
    private static final int MOST_REASONS = 6;

    /** How long slow regions are waited for once another one has answered. */
    private static final Duration LATECOMERS = Duration.ofSeconds(10);

    private final Engine engine;
    private final MachineSpec spec;
    private final AcquireRequest request;
    private final String requestId;
    private final CompletableFuture<EphemeralBuilder> result = new CompletableFuture<>();
    private final List<Tried> tried = new ArrayList<>();
    private final Map<Market, Integer> triesByMarket = new EnumMap<>(Market.class);
    private Queue<Offer> offers = new ArrayDeque<>();
    private @Nullable Attempt attempt;

    private record Answer(
            Region region,
            @Nullable MarketSnapshot market,
            @Nullable BuilderException failure) {}

    Acquisition(Engine engine, MachineSpec spec, AcquireRequest request, String requestId) {
        this.engine = engine;
        this.spec = spec;
        this.request = request;
        this.requestId = requestId;
    }

    String requestId() {
        return requestId;
    }

    CompletableFuture<EphemeralBuilder> result() {
        return result;
    }

    void start() {
        if (result.isDone()) {
            return;
        }
        // Cancelling the caller's future is how a caller gives up, and an interrupt does it too.
        Stages.whenDone(result, engine.ticker(), (builder, failure) -> {
            if (failure != null && attempt != null) {
                attempt.cancel();
            }
        });
        Instant began = engine.ticker().now();
        List<CompletableFuture<Answer>> answers =
                engine.regions().stream().map(this::read).toList();
        CompletableFuture<Void> selected = allOrEnough(answers)
                .thenRunAsync(
                        () -> select(
                                answers.stream().map(CompletableFuture::join).toList(), began),
                        engine.ticker());
        Stages.whenDone(selected, (v, failure) -> {
            if (failure != null) {
                result.completeExceptionally(Failures.asBuilderException(failure));
            }
        });
    }

    /** Once one region has answered with a market, the others get a while and no more. */
    private CompletableFuture<Void> allOrEnough(List<CompletableFuture<Answer>> answers) {
        for (CompletableFuture<Answer> one : answers) {
            Stages.whenDone(one, engine.ticker(), (answer, failure) -> {
                if (answer.market() != null) {
                    Stages.whenDone(Stages.after(engine.ticker(), LATECOMERS), (v, f) -> {
                        for (int i = 0; i < answers.size(); i++) {
                            answers.get(i).complete(new Answer(engine.regions().get(i), null, tooLate()));
                        }
                    });
                }
            });
        }
        return CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new));
    }

    private static BuilderException tooLate() {
        return new BuilderTimeoutException(
                "no answer within " + LATECOMERS.toSeconds() + " s of another one's", null, null, null);
    }

    private CompletableFuture<Answer> read(Region region) {
        return region.market()
                .forSpec(spec)
                .handle((market, failure) -> failure == null
                        ? new Answer(region, market, null)
                        : new Answer(region, null, Failures.asBuilderException(failure)));
    }

    private void select(List<Answer> answers, Instant began) {
        List<Offer> all = new ArrayList<>();
        List<Rejection> rejections = new ArrayList<>();
        List<MachineType> types = new ArrayList<>();
        for (Answer answer : answers) {
            if (answer.market() == null) {
                BuilderException failure = answer.failure();
                rejections.add(new Rejection(
                        answer.region().provider().name(),
                        "the market could not be read: " + (failure == null ? "" : failure.getMessage()),
                        true));
                continue;
            }
            Offers offered = answer.region().provider().offers(spec, answer.market());
            all.addAll(offered.offers());
            rejections.addAll(offered.rejections());
            types.addAll(answer.market().types());
        }
        if (types.isEmpty() && answers.get(0).failure() != null) {
            result.completeExceptionally(answers.get(0).failure());
            return;
        }
        Instant now = engine.ticker().now();
        Selection selection = Selection.of(
                engine.selectionPolicy(),
                SelectionRequest.builder(spec, now)
                        .objective(request.objective().orElse(engine.objective()))
                        .offers(all)
                        .rejections(rejections)
                        .stockMemory(engine.stockMemory())
                        .expectedDuration(request.expectedDuration().orElse(null))
                        .build());
        engine.events().publish(new BuilderEvent.Selected(now, requestId, selection, Duration.between(began, now)));
        if (selection.ranked().isEmpty()) {
            result.completeExceptionally(nothingToLaunch(selection, types));
            return;
        }
        offers = selection.ranked().stream().map(RankedOffer::offer).collect(Collectors.toCollection(ArrayDeque::new));
        next();
    }

    private void next() {
        if (result.isDone()) {
            return;
        }
        Offer offer = offers.poll();
        if (offer == null) {
            result.completeExceptionally(new CapacityException(
                    "None of the offers for " + spec + " could be launched; tried " + tried.size() + ":", tried));
            return;
        }
        boolean enough = triesByMarket.getOrDefault(offer.market(), 0) >= engine.maxAttempts();
        boolean blocked = engine.stockMemory()
                .blockedUntil(offer.pool(), engine.ticker().now())
                .isPresent();
        if (enough || blocked) {
            next();
            return;
        }
        triesByMarket.merge(offer.market(), 1, Integer::sum);
        Attempt mine = engine.attempt(spec, request, requestId, offer, tried.size() + 1);
        attempt = mine;
        Stages.whenDone(mine.run(), (builder, failure) -> {
            if (failure == null) {
                if (!result.complete(builder)) {
                    builder.close();
                }
                return;
            }
            failed(offer, Failures.asBuilderException(failure));
        });
    }

    private void failed(Offer offer, BuilderException failure) {
        if (result.isDone()) {
            return;
        }
        engine.events()
                .publish(new BuilderEvent.LaunchFailed(
                        engine.ticker().now(), requestId, offer, tried.size() + 1, failure));
        if (!(failure instanceof CapacityException capacity)) {
            result.completeExceptionally(failure);
            return;
        }
        tried.add(new Tried(offer, capacity.reason(), capacity.code().orElse("no code")));
        if (capacity.reason() == CapacityException.Reason.NO_STOCK) {
            engine.foundEmpty(offer.pool());
        }
        next();
    }

    private BuilderException nothingToLaunch(Selection selection, List<MachineType> types) {
        String reasons = selection.rejectionsByReason().entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(MOST_REASONS)
                .map(e -> "\n  " + e.getValue() + " x " + e.getKey())
                .collect(Collectors.joining());
        boolean temporary = selection.rejections().stream().anyMatch(Rejection::temporary);
        if (temporary) {
            return new CapacityException("Nothing can be launched for " + spec + " now:" + reasons, List.of());
        }
        String largest = types.stream()
                .max(Comparator.comparingInt(MachineType::millicpus).thenComparingInt(MachineType::memoryMib))
                .map(t -> "\nThe largest of the " + types.size() + " types to choose from is " + t.id() + " with "
                        + t.millicpus() / 1000.0 + " vCPU and " + t.memoryMib() / 1024.0 + " GiB.")
                .orElse("\nThe providers' settings leave no machine type to choose from.");
        return new ConfigurationException("Nothing on sale meets " + spec + ":" + reasons + largest, null, null, null);
    }
}
