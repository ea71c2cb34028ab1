package dev.ephemeralbuilder.spi;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ReclaimNotice;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What the cloud reports of a launched thing. Immutable. */
public final class Machine {
    private final String id;
    private final String region;
    private final String zone;
    private final String type;
    private final Market market;
    private final MachineState state;
    private final Instant createdAt;
    private final Map<String, String> tags;
    private final @Nullable String privateAddress;
    private final @Nullable String publicAddress;
    private final @Nullable Instant cap;
    private final @Nullable ReclaimNotice reclaimNotice;
    private final @Nullable String failure;
    private final FailureKind failureKind;
    private final @Nullable Integer exitCode;

    /** What keeps a machine from getting ready. */
    public enum FailureKind {
        /** It cannot boot, or cannot run what it is to run. */
        BOOT,
        /** Its container image cannot be had. */
        IMAGE_PULL
    }

    private Machine(Builder b) {
        this.id = requireNonNull(b.id, "id is required");
        this.region = requireNonNull(b.region, "region is required");
        this.zone = requireNonNull(b.zone, "zone is required");
        this.type = requireNonNull(b.type, "type is required");
        this.market = requireNonNull(b.market, "market is required");
        this.state = requireNonNull(b.state, "state is required");
        this.createdAt = requireNonNull(b.createdAt, "createdAt is required");
        this.tags = Map.copyOf(b.tags);
        this.privateAddress = b.privateAddress;
        this.publicAddress = b.publicAddress;
        this.cap = b.cap;
        this.reclaimNotice = b.reclaimNotice;
        this.failure = b.failure;
        this.failureKind = b.failureKind;
        this.exitCode = b.exitCode;
    }

    /** Returns a new builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the cloud's id. */
    public String id() {
        return id;
    }

    /** Returns the region. */
    public String region() {
        return region;
    }

    /** Returns the zone. */
    public String zone() {
        return zone;
    }

    /** Returns the id of the type or size. */
    public String type() {
        return type;
    }

    /** Returns the market it was bought on. */
    public Market market() {
        return market;
    }

    /** Returns the state. */
    public MachineState state() {
        return state;
    }

    /** Returns when it was created, by the cloud's clock. */
    public Instant createdAt() {
        return createdAt;
    }

    /** Returns the tags; unmodifiable. */
    public Map<String, String> tags() {
        return tags;
    }

    /** Returns the private address, once there is one. */
    public Optional<String> privateAddress() {
        return Optional.ofNullable(privateAddress);
    }

    /** Returns the public address, once there is one. */
    public Optional<String> publicAddress() {
        return Optional.ofNullable(publicAddress);
    }

    /** Returns when the cloud will end it by itself, if the cloud says so. */
    public Optional<Instant> cap() {
        return Optional.ofNullable(cap);
    }

    /**
     * Returns the notice of reclaim, if there is one, with its deadline by the cloud's clock; with state {@link
     * MachineState#ENDED} it was reclaimed. Where the cloud names no time, the deadline is the notice period from the look
     * on, so that it moves from look to look.
     */
    public Optional<ReclaimNotice> reclaimNotice() {
        return Optional.ofNullable(reclaimNotice);
    }

    /** Returns why it cannot get ready, in the cloud's own words, if the cloud says that it cannot. */
    public Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    /** Returns what {@link #failure} is about; {@link FailureKind#BOOT} if there is none. */
    public FailureKind failureKind() {
        return failureKind;
    }

    /** Returns the exit code of the machine's {@linkplain Launch#containerCommand own command}, once that has ended. */
    public OptionalInt exitCode() {
        return exitCode == null ? OptionalInt.empty() : OptionalInt.of(exitCode);
    }

    @Override
    public String toString() {
        return "Machine[" + id + ", " + type + ", " + zone + ", " + state + "]";
    }

    /** Builds {@link Machine}s. Not safe for use by many threads. */
    public static final class Builder {
        private @Nullable String id;
        private @Nullable String region;
        private @Nullable String zone;
        private @Nullable String type;
        private @Nullable Market market;
        private @Nullable MachineState state;
        private @Nullable Instant createdAt;
        private Map<String, String> tags = Map.of();
        private @Nullable String privateAddress;
        private @Nullable String publicAddress;
        private @Nullable Instant cap;
        private @Nullable ReclaimNotice reclaimNotice;
        private @Nullable String failure;
        private FailureKind failureKind = FailureKind.BOOT;
        private @Nullable Integer exitCode;

        private Builder() {}

        /** Sets the id. Required. */
        public Builder id(String id) {
            this.id = id;
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
        public Builder type(String type) {
            this.type = type;
            return this;
        }

        /** Sets the market. Required. */
        public Builder market(Market market) {
            this.market = market;
            return this;
        }

        /** Sets the state. Required. */
        public Builder state(MachineState state) {
            this.state = state;
            return this;
        }

        /** Sets when it was created. Required. */
        public Builder createdAt(Instant createdAt) {
            this.createdAt = createdAt;
            return this;
        }

        /** Sets the tags. Default: none. */
        public Builder tags(Map<String, String> tags) {
            this.tags = requireNonNull(tags, "tags");
            return this;
        }

        /** Sets the private address; null for none. */
        public Builder privateAddress(@Nullable String address) {
            this.privateAddress = address;
            return this;
        }

        /** Sets the public address; null for none. */
        public Builder publicAddress(@Nullable String address) {
            this.publicAddress = address;
            return this;
        }

        /** Sets when the cloud will end it; null for never or unknown. */
        public Builder cap(@Nullable Instant cap) {
            this.cap = cap;
            return this;
        }

        /** Sets the notice of reclaim; null for none. */
        public Builder reclaimNotice(@Nullable ReclaimNotice notice) {
            this.reclaimNotice = notice;
            return this;
        }

        /** Sets why it cannot get ready; null for no such word. */
        public Builder failure(@Nullable String failure) {
            return failure(FailureKind.BOOT, failure);
        }

        /** Sets why it cannot get ready, and what that is about; null for no such word. */
        public Builder failure(FailureKind kind, @Nullable String failure) {
            this.failureKind = requireNonNull(kind, "kind");
            this.failure = failure;
            return this;
        }

        /** Sets the exit code of its own command; null while that has not ended, or where there is none. */
        public Builder exitCode(@Nullable Integer exitCode) {
            this.exitCode = exitCode;
            return this;
        }

        /**
         * Builds the machine.
         *
         * @throws NullPointerException if a required part is missing
         */
        public Machine build() {
            return new Machine(this);
        }
    }
}
