package dev.ephemeralbuilder.spi;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/** The limits of a cloud product's calls. Immutable; built with the limits of ECS as defaults. */
public final class ProviderLimits {
    /** Alibaba Cloud publishes no numbers for ECS; other products of it allow 100 to 1,000 (ecs-openapi, 1.4). */
    private static final int CALLS_PER_MINUTE = 300;

    private final int launchBatch;
    private final int describeBatch;
    private final int deleteBatch;
    private final int renewBatch;
    private final Duration minLifetime;
    private final Duration reclaimNotice;
    private final int channelsPerShell;
    private final Map<CloudAction, Integer> callsPerMinute;
    private final Map<CloudAction, String> buckets;

    private ProviderLimits(Builder b) {
        this.launchBatch = b.launchBatch;
        this.describeBatch = b.describeBatch;
        this.deleteBatch = b.deleteBatch;
        this.renewBatch = b.renewBatch;
        this.minLifetime = b.minLifetime;
        this.reclaimNotice = b.reclaimNotice;
        this.channelsPerShell = b.channelsPerShell;
        this.callsPerMinute = new EnumMap<>(b.callsPerMinute);
        this.buckets = new EnumMap<>(b.buckets);
    }

    /** Returns a new builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns how many machines one create call may ask for. */
    public int launchBatch() {
        return launchBatch;
    }

    /** Returns how many ids one describe call may name. */
    public int describeBatch() {
        return describeBatch;
    }

    /** Returns how many ids one delete call may name. */
    public int deleteBatch() {
        return deleteBatch;
    }

    /** Returns how many ids one renew call may name. */
    public int renewBatch() {
        return renewBatch;
    }

    /** Returns the shortest lifetime that the cloud accepts as cap. */
    public Duration minLifetime() {
        return minLifetime;
    }

    /** Returns how long before a reclaim the notice comes. */
    public Duration reclaimNotice() {
        return reclaimNotice;
    }

    /** Returns how many channels one shell can have open at the same time. */
    public int channelsPerShell() {
        return channelsPerShell;
    }

    /**
     * Returns how many calls of a kind a fleet makes in a minute at most. Throttling lowers it for a while.
     *
     * @param action the kind of call
     */
    public int callsPerMinute(CloudAction action) {
        return callsPerMinute.getOrDefault(action, CALLS_PER_MINUTE);
    }

    /** Returns whether opening a channel on a machine is a call to the cloud too, and counts as one. */
    public boolean opensAreCalls() {
        return callsPerMinute.containsKey(CloudAction.OPEN);
    }

    /**
     * Returns the name of the limit that a kind of call counts against. Kinds with one name share one limit.
     *
     * @param action the kind of call
     */
    public String bucket(CloudAction action) {
        return buckets.getOrDefault(action, action.name());
    }

    /** Builds {@link ProviderLimits}. Not safe for use by many threads. */
    public static final class Builder {
        private int launchBatch = 100;
        private int describeBatch = 100;
        private int deleteBatch = 100;
        private int renewBatch = 50;
        private Duration minLifetime = Duration.ofMinutes(30);
        private Duration reclaimNotice = Duration.ofMinutes(5);
        private int channelsPerShell = 8;
        private final Map<CloudAction, Integer> callsPerMinute = new EnumMap<>(CloudAction.class);
        private final Map<CloudAction, String> buckets = new EnumMap<>(CloudAction.class);

        private Builder() {}

        /** Sets how many machines one create call may ask for. Default: 100. */
        public Builder launchBatch(int n) {
            this.launchBatch = positive(n, "launchBatch");
            return this;
        }

        /** Sets how many ids one describe call may name. Default: 100. */
        public Builder describeBatch(int n) {
            this.describeBatch = positive(n, "describeBatch");
            return this;
        }

        /** Sets how many ids one delete call may name. Default: 100. */
        public Builder deleteBatch(int n) {
            this.deleteBatch = positive(n, "deleteBatch");
            return this;
        }

        /** Sets how many ids one renew call may name. Default: 50. */
        public Builder renewBatch(int n) {
            this.renewBatch = positive(n, "renewBatch");
            return this;
        }

        /** Sets the shortest lifetime that the cloud accepts. Default: 30 minutes. */
        public Builder minLifetime(Duration d) {
            this.minLifetime = requireNonNull(d, "minLifetime");
            return this;
        }

        /** Sets how long before a reclaim the notice comes. Default: 5 minutes. */
        public Builder reclaimNotice(Duration d) {
            this.reclaimNotice = requireNonNull(d, "reclaimNotice");
            return this;
        }

        /** Sets how many channels one shell can have open at the same time. Default: 8. */
        public Builder channelsPerShell(int n) {
            this.channelsPerShell = positive(n, "channelsPerShell");
            return this;
        }

        /**
         * Sets how many calls of a kind may be made in a minute. Default: 300 [unconfirmed: the cloud's own limits are
         * shown in its Quota Center only]. Opening channels is limited where it is set here, and else no call at all.
         *
         * @throws IllegalArgumentException if less than 1
         */
        public Builder callsPerMinute(CloudAction action, int n) {
            callsPerMinute.put(action, positive(n, "callsPerMinute of " + action));
            return this;
        }

        /** Sets the name of the limit that a kind of call counts against. Default: the name of the kind. */
        public Builder bucket(CloudAction action, String name) {
            buckets.put(action, requireNonNull(name, "name"));
            return this;
        }

        /** Builds the limits. */
        public ProviderLimits build() {
            return new ProviderLimits(this);
        }

        private static int positive(int n, String name) {
            if (n < 1) {
                throw new IllegalArgumentException(name + " must be at least 1, was " + n);
            }
            return n;
        }
    }
}
