package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.MachineSpec;
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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the market has for one request, and the order in which it is tried. Where a machine was lost is left out as long as
 * there is something else. Confined to the ticker.
 */
final class OfferChoice {
    private static final int MOST_REASONS = 6;

    /** How long slow regions are waited for once another one has answered. */
    private static final Duration LATECOMERS = Duration.ofSeconds(10);

    private final Acquisitions fleet;
    private final MachineSpec sought;
    private final AcquireRequest request;
    private final String requestId;
    private final Set<String> avoided;
    private final Purpose<?> purpose;
    private final List<Region> able;

    /** Whether something was left out only because a machine was lost there. */
    private boolean choosy;

    /** Whether nothing else is left, so that what was lost before is good enough. */
    private boolean desperate;

    private record Answer(
            Region region,
            @Nullable MarketSnapshot market,
            @Nullable BuilderException failure) {}

    /** @param sought the wish's spec, with the markets that it is to be had in now */
    OfferChoice(Acquisitions fleet, Acquisitions.Wish wish, MachineSpec sought, Purpose<?> purpose) {
        this.fleet = fleet;
        this.sought = sought;
        this.request = wish.request();
        this.requestId = wish.requestId();
        this.avoided = wish.avoided();
        this.purpose = purpose;
        this.able = fleet.regions().stream()
                .filter(region -> purpose.objection(region.provider()).isEmpty())
                .toList();
    }

    /** Returns offers, the best first; at least one. Fails if there are none, and says why. Completes on the ticker. */
    CompletableFuture<List<Offer>> make() {
        Instant began = fleet.ticker().now();
        List<CompletableFuture<Answer>> answers = able.stream().map(this::read).toList();
        return allOrEnough(answers)
                .thenApplyAsync(
                        v -> select(
                                answers.stream().map(CompletableFuture::join).toList(), began),
                        fleet.ticker());
    }

    /** Returns whether there may be more to choose from where machines were lost, which is good enough from now on. */
    boolean settleForLess() {
        boolean more = choosy && !desperate;
        desperate |= more;
        return more;
    }

    /** Whether an offer is not to be tried now: it may have turned out empty after the choice. */
    boolean isBlocked(Offer offer) {
        return (desperate ? fleet.foundEmpty() : fleet.stockMemory())
                .blockedUntil(offer.pool(), fleet.ticker().now())
                .isPresent();
    }

    /** Once one region has answered with a market, the others get a while and no more. */
    private CompletableFuture<Void> allOrEnough(List<CompletableFuture<Answer>> answers) {
        for (CompletableFuture<Answer> one : answers) {
            Stages.whenDone(one, fleet.ticker(), (answer, failure) -> {
                if (answer.market() != null) {
                    Stages.whenDone(Stages.after(fleet.ticker(), LATECOMERS), (v, f) -> {
                        for (int i = 0; i < answers.size(); i++) {
                            answers.get(i).complete(new Answer(able.get(i), null, tooLate()));
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
                .forSpec(sought)
                .handle((market, failure) -> failure == null
                        ? new Answer(region, market, null)
                        : new Answer(region, null, Failures.asBuilderException(failure)));
    }

    private List<Offer> select(List<Answer> answers, Instant began) {
        List<Offer> all = new ArrayList<>();
        List<Rejection> rejections = new ArrayList<>();
        List<MachineType> types = new ArrayList<>();
        for (Region region : fleet.regions()) {
            purpose.objection(region.provider())
                    .ifPresent(why ->
                            rejections.add(new Rejection(region.provider().name(), why)));
        }
        for (Answer answer : answers) {
            if (answer.market() == null) {
                BuilderException failure = answer.failure();
                rejections.add(new Rejection(
                        answer.region().provider().name(),
                        "the market could not be read: " + (failure == null ? "" : failure.getMessage()),
                        true));
                continue;
            }
            Offers offered = answer.region().provider().offers(sought, answer.market());
            all.addAll(offered.offers());
            rejections.addAll(offered.rejections());
            types.addAll(answer.market().types());
        }
        if (types.isEmpty() && !answers.isEmpty() && answers.get(0).failure() != null) {
            throw answers.get(0).failure();
        }
        Instant now = fleet.ticker().now();
        SelectionRequest wanted = SelectionRequest.builder(sought, now)
                .objective(request.objective().orElse(fleet.objective()))
                .offers(all)
                .rejections(rejections)
                .expectedDuration(request.expectedDuration().orElse(null))
                .build();
        Selection selection = Selection.of(fleet.selectionPolicy(), desperate ? withAll(wanted) : choosy(wanted));
        if (selection.ranked().isEmpty() && choosy && !desperate) {
            desperate = true;
            selection = Selection.of(fleet.selectionPolicy(), withAll(wanted));
        }
        fleet.events().publish(new BuilderEvent.Selected(now, requestId, selection, Duration.between(began, now)));
        if (selection.ranked().isEmpty()) {
            throw nothingToLaunch(selection, types);
        }
        return selection.ranked().stream().map(RankedOffer::offer).toList();
    }

    /** Leaves out the pools that a machine was lost from: one of this request for good, any one for a while. */
    private SelectionRequest choosy(SelectionRequest wanted) {
        List<Offer> kept = new ArrayList<>();
        List<Rejection> rejections = new ArrayList<>(wanted.rejections());
        for (Offer offer : wanted.offers()) {
            if (avoided.contains(offer.pool())) {
                rejections.add(new Rejection(offer.describe(), "a machine of this job was lost there", true));
            } else {
                kept.add(offer);
            }
        }
        choosy =
                kept.size() < wanted.offers().size() || wanted.offers().stream().anyMatch(this::wasLost);
        return wanted.toBuilder()
                .offers(kept)
                .rejections(rejections)
                .stockMemory(fleet.stockMemory())
                .build();
    }

    private SelectionRequest withAll(SelectionRequest wanted) {
        return wanted.toBuilder().stockMemory(fleet.foundEmpty()).build();
    }

    /** Whether it is left out for a while although nobody has found it empty. */
    private boolean wasLost(Offer offer) {
        Instant now = fleet.ticker().now();
        return fleet.stockMemory().blockedUntil(offer.pool(), now).isPresent()
                && fleet.foundEmpty().blockedUntil(offer.pool(), now).isEmpty();
    }

    private BuilderException nothingToLaunch(Selection selection, List<MachineType> types) {
        String reasons = selection.rejectionsByReason().entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(MOST_REASONS)
                .map(e -> "\n  " + e.getValue() + " x " + e.getKey())
                .collect(Collectors.joining());
        boolean temporary = selection.rejections().stream().anyMatch(Rejection::temporary);
        if (temporary) {
            return new CapacityException("Nothing can be launched for " + sought + " now:" + reasons, List.of());
        }
        String largest = types.stream()
                .max(Comparator.comparingInt(MachineType::millicpus).thenComparingInt(MachineType::memoryMib))
                .map(t -> "\nThe largest of the " + types.size() + " types to choose from is " + t.id() + " with "
                        + t.millicpus() / 1000.0 + " vCPU and " + t.memoryMib() / 1024.0 + " GiB.")
                .orElse("\nThe providers' settings leave no machine type to choose from.");
        return new ConfigurationException(
                "Nothing on sale meets " + sought + ":" + reasons + largest, null, null, null);
    }
}
