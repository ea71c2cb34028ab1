package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a job needs from its machine, but not where it runs. Two requests with equal specs are interchangeable.
 *
 * <p>A spec with a {@link Builder#machineImage machine image} can run as an instance (ECS), one with a
 * {@link Builder#containerImage container image} as a container group (ECI), one with both as either. Instances are
 * immutable and safe for use by many threads.
 */
public final class MachineSpec {
    /** The lifetime cap when {@link Builder#maxLifetime} is not called: two hours. */
    public static final Duration DEFAULT_MAX_LIFETIME = Duration.ofHours(2);

    private final int millicpus;
    private final int memoryMib;
    private final int gpus;
    private final Architecture architecture;
    private final int diskGib;
    private final @Nullable String machineImage;
    private final @Nullable String containerImage;
    private final int publicBandwidthMbit;
    private final Set<Market> markets;
    private final @Nullable Money maxHourlyPrice;
    private final Duration maxLifetime;

    private MachineSpec(Builder b) {
        this.millicpus = b.millicpus;
        this.memoryMib = b.memoryMib;
        this.gpus = b.gpus;
        this.architecture = b.architecture;
        this.diskGib = b.diskGib;
        this.machineImage = b.machineImage;
        this.containerImage = b.containerImage;
        this.publicBandwidthMbit = b.publicBandwidthMbit;
        this.markets = Set.copyOf(b.markets);
        this.maxHourlyPrice = b.maxHourlyPrice;
        this.maxLifetime = b.maxLifetime;
    }

    /** Returns a new builder with the documented defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that starts from this spec. */
    public Builder toBuilder() {
        Builder b = new Builder();
        b.millicpus = millicpus;
        b.memoryMib = memoryMib;
        b.gpus = gpus;
        b.architecture = architecture;
        b.diskGib = diskGib;
        b.machineImage = machineImage;
        b.containerImage = containerImage;
        b.publicBandwidthMbit = publicBandwidthMbit;
        b.markets = EnumSet.copyOf(markets);
        b.maxHourlyPrice = maxHourlyPrice;
        b.maxLifetime = maxLifetime;
        return b;
    }

    /** Returns the least processing power, in thousandths of a virtual CPU. */
    public int millicpus() {
        return millicpus;
    }

    /** Returns the least memory, in MiB. */
    public int memoryMib() {
        return memoryMib;
    }

    /** Returns the least number of GPUs; 0 for none. */
    public int gpus() {
        return gpus;
    }

    /** Returns the processor architecture. */
    public Architecture architecture() {
        return architecture;
    }

    /** Returns the size of the system disk or of the ephemeral storage, in GiB. */
    public int diskGib() {
        return diskGib;
    }

    /** Returns the image that an instance boots from, in the cloud's form ({@code m-bp1…}), if any. */
    public Optional<String> machineImage() {
        return Optional.ofNullable(machineImage);
    }

    /** Returns the image that a container group runs, as a registry reference, if any. */
    public Optional<String> containerImage() {
        return Optional.ofNullable(containerImage);
    }

    /** Returns the outgoing bandwidth of the public address, in Mbit/s; 0 for no public address. */
    public int publicBandwidthMbit() {
        return publicBandwidthMbit;
    }

    /** Returns the markets that may be used; never empty; unmodifiable. */
    public Set<Market> markets() {
        return markets;
    }

    /** Returns the highest price per hour to pay, if there is such a limit. */
    public Optional<Money> maxHourlyPrice() {
        return Optional.ofNullable(maxHourlyPrice);
    }

    /** Returns how long the machine may exist; after that the cloud itself ends it. */
    public Duration maxLifetime() {
        return maxLifetime;
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return o instanceof MachineSpec other
                && millicpus == other.millicpus
                && memoryMib == other.memoryMib
                && gpus == other.gpus
                && architecture == other.architecture
                && diskGib == other.diskGib
                && Objects.equals(machineImage, other.machineImage)
                && Objects.equals(containerImage, other.containerImage)
                && publicBandwidthMbit == other.publicBandwidthMbit
                && markets.equals(other.markets)
                && Objects.equals(maxHourlyPrice, other.maxHourlyPrice)
                && maxLifetime.equals(other.maxLifetime);
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                millicpus,
                memoryMib,
                gpus,
                architecture,
                diskGib,
                machineImage,
                containerImage,
                publicBandwidthMbit,
                markets,
                maxHourlyPrice,
                maxLifetime);
    }

    /** Returns the spec in one line, for people. */
    @Override
    public String toString() {
        StringBuilder s = new StringBuilder()
                .append(millicpus / 1000.0)
                .append(" vCPU, ")
                .append(memoryMib / 1024.0)
                .append(" GiB");
        if (gpus > 0) {
            s.append(", ").append(gpus).append(" GPU");
        }
        s.append(", ").append(architecture).append(", ").append(diskGib).append(" GiB disk");
        if (machineImage != null) {
            s.append(", machine image ").append(machineImage);
        }
        if (containerImage != null) {
            s.append(", container image ").append(containerImage);
        }
        return s.toString();
    }

    /** Builds {@link MachineSpec}s. Not safe for use by many threads. */
    public static final class Builder {
        private int millicpus = 2000;
        private int memoryMib = 4096;
        private int gpus;
        private Architecture architecture = Architecture.X86_64;
        private int diskGib = 40;
        private @Nullable String machineImage;
        private @Nullable String containerImage;
        private int publicBandwidthMbit;
        private Set<Market> markets = EnumSet.allOf(Market.class);
        private @Nullable Money maxHourlyPrice;
        private Duration maxLifetime = DEFAULT_MAX_LIFETIME;

        private Builder() {}

        /**
         * Sets the least number of whole virtual CPUs. Default: 2.
         *
         * @throws IllegalArgumentException if {@code vcpus} is less than 1 or more than 2,000,000
         */
        public Builder vcpus(int vcpus) {
            check(vcpus >= 1 && vcpus <= 2_000_000, "vcpus must be from 1 to 2000000, was ", vcpus);
            this.millicpus = vcpus * 1000;
            return this;
        }

        /**
         * Sets the least processing power in thousandths of a virtual CPU. Default: 2000.
         *
         * @throws IllegalArgumentException if {@code millicpus} is less than 1
         */
        public Builder millicpus(int millicpus) {
            check(millicpus >= 1, "millicpus must be at least 1, was ", millicpus);
            this.millicpus = millicpus;
            return this;
        }

        /**
         * Sets the least memory in whole GiB. Default: 4.
         *
         * @throws IllegalArgumentException if {@code memoryGib} is less than 1 or more than 2,000,000
         */
        public Builder memoryGib(int memoryGib) {
            check(memoryGib >= 1 && memoryGib <= 2_000_000, "memoryGib must be from 1 to 2000000, was ", memoryGib);
            this.memoryMib = memoryGib * 1024;
            return this;
        }

        /**
         * Sets the least memory in MiB. Default: 4096.
         *
         * @throws IllegalArgumentException if {@code memoryMib} is less than 1
         */
        public Builder memoryMib(int memoryMib) {
            check(memoryMib >= 1, "memoryMib must be at least 1, was ", memoryMib);
            this.memoryMib = memoryMib;
            return this;
        }

        /**
         * Sets the least number of GPUs. Default: 0, which also keeps machines with GPUs out of the offers.
         *
         * @throws IllegalArgumentException if {@code gpus} is negative
         */
        public Builder gpus(int gpus) {
            check(gpus >= 0, "gpus must not be negative, was ", gpus);
            this.gpus = gpus;
            return this;
        }

        /** Sets the processor architecture. Default: {@link Architecture#X86_64}. */
        public Builder architecture(Architecture architecture) {
            this.architecture = requireNonNull(architecture, "architecture");
            return this;
        }

        /**
         * Sets the size of the system disk or of the ephemeral storage in GiB. Default: 40.
         *
         * @throws IllegalArgumentException if {@code diskGib} is less than 1
         */
        public Builder diskGib(int diskGib) {
            check(diskGib >= 1, "diskGib must be at least 1, was ", diskGib);
            this.diskGib = diskGib;
            return this;
        }

        /** Sets the image that an instance boots from. Without one no instance is offered. Default: none. */
        public Builder machineImage(String machineImage) {
            this.machineImage = notBlank(machineImage, "machineImage");
            return this;
        }

        /** Sets the image that a container group runs. Without one no group is offered. Default: none. */
        public Builder containerImage(String containerImage) {
            this.containerImage = notBlank(containerImage, "containerImage");
            return this;
        }

        /**
         * Sets the outgoing bandwidth of a public address in Mbit/s. Default: 0, no public address. Public traffic is
         * billed beside the machine.
         *
         * @throws IllegalArgumentException if negative
         */
        public Builder publicBandwidthMbit(int publicBandwidthMbit) {
            check(publicBandwidthMbit >= 0, "publicBandwidthMbit must not be negative, was ", publicBandwidthMbit);
            this.publicBandwidthMbit = publicBandwidthMbit;
            return this;
        }

        /**
         * Sets the markets that may be used. Default: all.
         *
         * @throws IllegalArgumentException if {@code markets} is empty
         */
        public Builder markets(Set<Market> markets) {
            if (markets.isEmpty()) {
                throw new IllegalArgumentException("markets must not be empty");
            }
            this.markets = EnumSet.copyOf(markets);
            return this;
        }

        /**
         * Sets the highest price per hour to pay; on the spot market it is also the bid. Default: none, which means
         * the on-demand price at most.
         *
         * @throws IllegalArgumentException if the price is not positive
         */
        public Builder maxHourlyPrice(Money price) {
            if (price.amount().signum() <= 0) {
                throw new IllegalArgumentException("maxHourlyPrice must be positive, was " + price);
            }
            this.maxHourlyPrice = price;
            return this;
        }

        /**
         * Sets how long the machine may exist, counted from the create call. The cloud is told in the create call to
         * end the machine then, so the limit holds even when this JVM dies. A cloud's own minimum (30 minutes on ECS)
         * is applied where it is longer. Default: {@link #DEFAULT_MAX_LIFETIME}.
         *
         * @throws IllegalArgumentException if not positive or longer than 3 years
         */
        public Builder maxLifetime(Duration maxLifetime) {
            if (maxLifetime.isNegative()
                    || maxLifetime.isZero()
                    || maxLifetime.compareTo(Duration.ofDays(3 * 365)) > 0) {
                throw new IllegalArgumentException(
                        "maxLifetime must be positive and at most 3 years, was " + maxLifetime);
            }
            this.maxLifetime = maxLifetime;
            return this;
        }

        /** Builds the spec. */
        public MachineSpec build() {
            return new MachineSpec(this);
        }

        private static void check(boolean ok, String message, int value) {
            if (!ok) {
                throw new IllegalArgumentException(message + value);
            }
        }

        private static String notBlank(String value, String name) {
            if (value.isBlank()) {
                throw new IllegalArgumentException(name + " must not be blank");
            }
            return value;
        }
    }
}
