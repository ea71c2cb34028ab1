package dev.ephemeralbuilder.selection;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.MachineSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * All that a choice depends on, the time included, so that the choice is a pure function of it. Immutable.
 */
public final class SelectionRequest {
    private final MachineSpec spec;
    private final Objective objective;
    private final List<Offer> offers;
    private final List<Rejection> rejections;
    private final StockMemory stockMemory;
    private final Instant now;
    private final @Nullable Duration expectedDuration;

    private SelectionRequest(Builder b) {
        this.spec = b.spec;
        this.now = b.now;
        this.objective = b.objective;
        this.offers = List.copyOf(b.offers);
        this.rejections = List.copyOf(b.rejections);
        this.stockMemory = b.stockMemory;
        this.expectedDuration = b.expectedDuration;
    }

    /** Returns a builder of a request for a spec at a time. */
    public static Builder builder(MachineSpec spec, Instant now) {
        return new Builder(requireNonNull(spec, "spec"), requireNonNull(now, "now"));
    }

    /** Returns a builder that starts from this request. */
    public Builder toBuilder() {
        Builder b = new Builder(spec, now);
        b.objective = objective;
        b.offers = offers;
        b.rejections = rejections;
        b.stockMemory = stockMemory;
        b.expectedDuration = expectedDuration;
        return b;
    }

    /** Returns the spec. */
    public MachineSpec spec() {
        return spec;
    }

    /** Returns what the choice is to be good at. */
    public Objective objective() {
        return objective;
    }

    /** Returns the offers of all providers; unmodifiable. */
    public List<Offer> offers() {
        return offers;
    }

    /** Returns what the providers left out; unmodifiable. */
    public List<Rejection> rejections() {
        return rejections;
    }

    /** Returns what is remembered about stock. */
    public StockMemory stockMemory() {
        return stockMemory;
    }

    /** Returns the time of the choice. */
    public Instant now() {
        return now;
    }

    /** Returns how long the builder is expected to be used, if known. */
    public Optional<Duration> expectedDuration() {
        return Optional.ofNullable(expectedDuration);
    }

    /** Builds {@link SelectionRequest}s. Not safe for use by many threads. */
    public static final class Builder {
        private final MachineSpec spec;
        private final Instant now;
        private Objective objective = Objective.cheapest();
        private List<Offer> offers = List.of();
        private List<Rejection> rejections = List.of();
        private StockMemory stockMemory = StockMemory.empty();
        private @Nullable Duration expectedDuration;

        private Builder(MachineSpec spec, Instant now) {
            this.spec = spec;
            this.now = now;
        }

        /** Sets the objective. Default: {@link Objective#cheapest}. */
        public Builder objective(Objective objective) {
            this.objective = requireNonNull(objective, "objective");
            return this;
        }

        /** Sets the offers. Default: none. */
        public Builder offers(List<Offer> offers) {
            this.offers = requireNonNull(offers, "offers");
            return this;
        }

        /** Sets what the providers left out. Default: nothing. */
        public Builder rejections(List<Rejection> rejections) {
            this.rejections = requireNonNull(rejections, "rejections");
            return this;
        }

        /** Sets what is remembered about stock. Default: nothing. */
        public Builder stockMemory(StockMemory stockMemory) {
            this.stockMemory = requireNonNull(stockMemory, "stockMemory");
            return this;
        }

        /** Sets how long the builder is expected to be used; null for unknown. Default: unknown. */
        public Builder expectedDuration(@Nullable Duration expectedDuration) {
            this.expectedDuration = expectedDuration;
            return this;
        }

        /** Builds the request. */
        public SelectionRequest build() {
            return new SelectionRequest(this);
        }
    }
}
