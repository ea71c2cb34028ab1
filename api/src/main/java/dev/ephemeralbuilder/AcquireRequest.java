package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.selection.Objective;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What goes with one acquire and does not shape the machine. Immutable.
 *
 * <p>Labels and request id become tags of the machine, so they are visible to everyone who may list machines: never put
 * a secret there.
 */
public final class AcquireRequest {
    /** At most this many labels: the cloud allows 20 tags and the library needs some of them. */
    public static final int MAX_LABELS = 8;

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:-]{0,63}");
    private static final Pattern LABEL_KEY = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,31}");
    private static final int MAX_LABEL_VALUE = 128;

    private final @Nullable String requestId;
    private final Map<String, String> labels;
    private final @Nullable Duration expectedDuration;
    private final @Nullable Objective objective;
    private final Duration readyTimeout;
    private final boolean acceptsFewer;
    private final @Nullable Script onReady;
    private final @Nullable Script onRelease;

    private AcquireRequest(Builder b) {
        this.requestId = b.requestId;
        this.labels = Map.copyOf(b.labels);
        this.expectedDuration = b.expectedDuration;
        this.objective = b.objective;
        this.readyTimeout = b.readyTimeout;
        this.acceptsFewer = b.acceptsFewer;
        this.onReady = b.onReady;
        this.onRelease = b.onRelease;
    }

    /** Returns a request with every default. */
    public static AcquireRequest defaults() {
        return builder().build();
    }

    /** Returns a new builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the caller's id for this request, if it gave one. */
    public Optional<String> requestId() {
        return Optional.ofNullable(requestId);
    }

    /** Returns the labels; unmodifiable. */
    public Map<String, String> labels() {
        return labels;
    }

    /** Returns how long the caller expects to use the builder, if it said so. */
    public Optional<Duration> expectedDuration() {
        return Optional.ofNullable(expectedDuration);
    }

    /** Returns the objective of this request, if it differs from the fleet's. */
    public Optional<Objective> objective() {
        return Optional.ofNullable(objective);
    }

    /** Returns how long one machine may take from its create call until it is ready. */
    public Duration readyTimeout() {
        return readyTimeout;
    }

    /** Returns whether {@link BuildFleet#acquireAll} may return fewer builders than were asked for. */
    public boolean acceptsFewer() {
        return acceptsFewer;
    }

    /** Returns the script for the start of each machine, if there is one. */
    public Optional<Script> onReady() {
        return Optional.ofNullable(onReady);
    }

    /** Returns the script for the end of each machine, if there is one. */
    public Optional<Script> onRelease() {
        return Optional.ofNullable(onRelease);
    }

    /** Builds {@link AcquireRequest}s. Not safe for use by many threads. */
    public static final class Builder {
        private @Nullable String requestId;
        private final Map<String, String> labels = new LinkedHashMap<>();
        private @Nullable Duration expectedDuration;
        private @Nullable Objective objective;
        private Duration readyTimeout = Duration.ofMinutes(10);
        private boolean acceptsFewer;
        private @Nullable Script onReady;
        private @Nullable Script onRelease;

        private Builder() {}

        /**
         * Sets the id of this request, which the machine's tags, events and the ledger carry. Of all processes of an owner
         * that use the same id, one gets a machine; the others fail with {@link DuplicateRequestException}. A process that
         * asks again after another one has died goes on with what that one had, whether or not it was ready, if they share
         * a state store: such a machine may have run scripts. Default: none; the fleet makes one up.
         *
         * @throws IllegalArgumentException unless it is 1 to 64 characters of {@code A-Z a-z 0-9 . _ : -}, the first a
         *     letter or digit
         */
        public Builder requestId(String requestId) {
            if (!ID.matcher(requestId).matches()) {
                throw new IllegalArgumentException("requestId must match " + ID + ", was " + requestId);
            }
            this.requestId = requestId;
            return this;
        }

        /**
         * Adds one label, replacing an earlier one with the same key. At most {@value #MAX_LABELS}.
         *
         * @throws IllegalArgumentException if the key is not 1 to 32 characters of {@code A-Z a-z 0-9 . _ -}, the value
         *     is longer than 128 characters, or there are too many
         */
        public Builder putLabel(String key, String value) {
            if (!LABEL_KEY.matcher(key).matches()) {
                throw new IllegalArgumentException("label key must match " + LABEL_KEY + ", was " + key);
            }
            if (value.length() > MAX_LABEL_VALUE) {
                throw new IllegalArgumentException(
                        "label value must have at most " + MAX_LABEL_VALUE + " characters, had " + value.length());
            }
            labels.put(key, value);
            if (labels.size() > MAX_LABELS) {
                throw new IllegalArgumentException("at most " + MAX_LABELS + " labels");
            }
            return this;
        }

        /**
         * Sets how long the caller expects to use the builder; the choice of machine weighs it. Default: unknown.
         *
         * @throws IllegalArgumentException if not positive
         */
        public Builder expectedDuration(Duration expectedDuration) {
            this.expectedDuration = positive(expectedDuration, "expectedDuration");
            return this;
        }

        /** Sets the objective of the selection. Default: the fleet's. */
        public Builder objective(Objective objective) {
            this.objective = requireNonNull(objective, "objective");
            return this;
        }

        /**
         * Sets how long one machine may take from its create call until it is ready. Default: 10 minutes.
         *
         * @throws IllegalArgumentException if not positive
         */
        public Builder readyTimeout(Duration readyTimeout) {
            this.readyTimeout = positive(readyTimeout, "readyTimeout");
            return this;
        }

        /**
         * Sets that {@link BuildFleet#acquireAll} returns what came, at least one, where it would else throw a {@link
         * PartialAcquireException}. Default: false. Of no meaning for a single acquire.
         */
        public Builder acceptFewer(boolean acceptFewer) {
            this.acceptsFewer = acceptFewer;
            return this;
        }

        /**
         * Sets a script that runs on each machine before it is handed out, to register it somewhere, say. If it does not
         * end with exit code 0, within its {@link Script#timeout} and {@link #readyTimeout}, the machine is given back and
         * another one is tried, on another offer if there is one: as many for each machine wanted as the fleet {@linkplain
         * BuildFleet.Builder#maxAttempts tries offers}. Then the acquire fails with {@link HookException}. The machine
         * knows it as script {@code onready}, which {@link EphemeralBuilder#script} finds. A process that attaches to a
         * machine does not wait for it. Default: none.
         */
        public Builder onReady(Script script) {
            this.onReady = requireNonNull(script, "script");
            return this;
        }

        /**
         * Sets a script that runs on each machine before it is deleted, to take back what {@link #onReady} did, say. It
         * is put onto the machine when that gets ready, before {@code onReady} runs. From then on whoever gives the
         * machine back runs it, once: {@link EphemeralBuilder#close}, {@link BuildFleet#close}, and with the machine's
         * record {@link BuildFleet#release}, {@link BuildFleet#attach} and {@link BuildFleet#reap} in other processes,
         * too; also on a machine whose {@code onReady} has failed. It does not run if the machine is lost, or ends at its
         * cap, or is deleted by a fleet whose store has no record of it.
         *
         * <p>However it ends, the machine is deleted. The script has 30 seconds, or its {@link Script#timeout} if that is
         * shorter; the deletion waits 30 seconds at most, connecting included, and not beyond a notice of reclaim. When the
         * fleet is closed, half of its {@linkplain BuildFleet.Builder#closeTimeout time} is left for it. Default: none.
         */
        public Builder onRelease(Script script) {
            this.onRelease = requireNonNull(script, "script");
            return this;
        }

        /** Builds the request. */
        public AcquireRequest build() {
            return new AcquireRequest(this);
        }

        private static Duration positive(Duration value, String name) {
            return Durations.positive(value, name);
        }
    }
}
