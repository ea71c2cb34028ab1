package dev.ephemeralbuilder.selection;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** One thing that a provider could launch now. Immutable. */
public final class Offer {
    private final String provider;
    private final String region;
    private final String zone;
    private final MachineType type;
    private final Market market;
    private final Duration protection;
    private final Money hourlyPrice;
    private final Money hourlyOnDemandPrice;
    private final @Nullable Double releaseRate;

    private Offer(Builder b) {
        this.provider = requireNonNull(b.provider, "provider is required");
        this.region = requireNonNull(b.region, "region is required");
        this.zone = requireNonNull(b.zone, "zone is required");
        this.type = requireNonNull(b.type, "type is required");
        this.market = requireNonNull(b.market, "market is required");
        this.protection = b.protection;
        this.hourlyPrice = requireNonNull(b.hourlyPrice, "hourlyPrice is required");
        this.hourlyOnDemandPrice = requireNonNull(b.hourlyOnDemandPrice, "hourlyOnDemandPrice is required");
        this.releaseRate = b.releaseRate;
    }

    /** Returns a new builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the name of the provider, such as {@code ecs}. */
    public String provider() {
        return provider;
    }

    /** Returns the region. */
    public String region() {
        return region;
    }

    /** Returns the zone. */
    public String zone() {
        return zone;
    }

    /** Returns the type or size of the machine. */
    public MachineType type() {
        return type;
    }

    /** Returns the market. */
    public Market market() {
        return market;
    }

    /** Returns how long the cloud promises not to take the machine back; zero for no promise and on demand. */
    public Duration protection() {
        return protection;
    }

    /** Returns the price per hour. */
    public Money hourlyPrice() {
        return hourlyPrice;
    }

    /** Returns the price per hour of the same type on demand; equal to the price of an on-demand offer. */
    public Money hourlyOnDemandPrice() {
        return hourlyOnDemandPrice;
    }

    /** Returns the share of machines, 0 to 1, that the cloud says it takes back, if it says so. */
    public OptionalDouble releaseRate() {
        return releaseRate == null ? OptionalDouble.empty() : OptionalDouble.of(releaseRate);
    }

    /** Returns the key under which stock is remembered: {@code provider/region/zone/type/market}. */
    public String pool() {
        return provider + '/' + region + '/' + zone + '/' + type.id() + '/' + market;
    }

    /** Returns the offer in a few words, for people. */
    public String describe() {
        return type.id() + " in " + zone + " (" + provider + ", " + (market == Market.SPOT ? "spot" : "on demand")
                + ")";
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return o instanceof Offer other
                && pool().equals(other.pool())
                && type.equals(other.type)
                && protection.equals(other.protection)
                && hourlyPrice.equals(other.hourlyPrice)
                && hourlyOnDemandPrice.equals(other.hourlyOnDemandPrice)
                && Objects.equals(releaseRate, other.releaseRate);
    }

    @Override
    public int hashCode() {
        return Objects.hash(pool(), type, protection, hourlyPrice, hourlyOnDemandPrice, releaseRate);
    }

    @Override
    public String toString() {
        return describe() + " at " + hourlyPrice + " per hour";
    }

    /** Builds {@link Offer}s. Not safe for use by many threads. */
    public static final class Builder {
        private @Nullable String provider;
        private @Nullable String region;
        private @Nullable String zone;
        private @Nullable MachineType type;
        private @Nullable Market market;
        private Duration protection = Duration.ZERO;
        private @Nullable Money hourlyPrice;
        private @Nullable Money hourlyOnDemandPrice;
        private @Nullable Double releaseRate;

        private Builder() {}

        /** Sets the name of the provider. Required. */
        public Builder provider(String provider) {
            this.provider = provider;
            return this;
        }

        /** Sets the region. Required. */
        public Builder region(String region) {
            this.region = region;
            return this;
        }

        /** Sets the zone. Required. */
        public Builder zone(String zone) {
            this.zone = zone;
            return this;
        }

        /** Sets the type or size. Required. */
        public Builder type(MachineType type) {
            this.type = type;
            return this;
        }

        /** Sets the market. Required. */
        public Builder market(Market market) {
            this.market = market;
            return this;
        }

        /** Sets how long the cloud promises not to take the machine back. Default: zero. */
        public Builder protection(Duration protection) {
            this.protection = requireNonNull(protection, "protection");
            return this;
        }

        /** Sets the price per hour. Required. */
        public Builder hourlyPrice(Money price) {
            this.hourlyPrice = price;
            return this;
        }

        /** Sets the price per hour of the same type on demand. Required. */
        public Builder hourlyOnDemandPrice(Money price) {
            this.hourlyOnDemandPrice = price;
            return this;
        }

        /**
         * Sets the share of machines that the cloud says it takes back. Default: unknown.
         *
         * @throws IllegalArgumentException unless it is from 0 to 1
         */
        public Builder releaseRate(double share) {
            if (!(share >= 0 && share <= 1)) {
                throw new IllegalArgumentException("releaseRate must be from 0 to 1, was " + share);
            }
            this.releaseRate = share;
            return this;
        }

        /**
         * Builds the offer.
         *
         * @throws NullPointerException if a required part is missing
         */
        public Offer build() {
            return new Offer(this);
        }
    }
}
