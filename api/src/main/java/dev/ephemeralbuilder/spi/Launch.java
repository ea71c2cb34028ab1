package dev.ephemeralbuilder.spi;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.Offer;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Everything that one create call says, fixed once per attempt and sent again unchanged while its outcome is unknown.
 * Immutable. {@link #toString} shows no key.
 */
public final class Launch {
    private final MachineSpec spec;
    private final Offer offer;
    private final String token;
    private final Map<String, String> tags;
    private final Instant cap;
    private final String bootstrap;
    private final @Nullable ContainerCommand containerCommand;
    private final KeyPair hostKey;
    private final PublicKey clientKey;
    private final int count;
    private final int minimum;

    private Launch(Builder b) {
        this.spec = requireNonNull(b.spec, "spec is required");
        this.offer = requireNonNull(b.offer, "offer is required");
        this.token = requireNonNull(b.token, "token is required");
        this.tags = Map.copyOf(b.tags);
        this.cap = requireNonNull(b.cap, "cap is required");
        this.bootstrap = b.bootstrap;
        this.containerCommand = b.containerCommand;
        this.hostKey = requireNonNull(b.hostKey, "hostKey is required");
        this.clientKey = requireNonNull(b.clientKey, "clientKey is required");
        this.count = b.count;
        this.minimum = b.minimum;
    }

    /** Returns a new builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the spec, for images, disk and network. */
    public MachineSpec spec() {
        return spec;
    }

    /** Returns the offer: zone, type, market, protection and price. */
    public Offer offer() {
        return offer;
    }

    /** Returns the client token: at most 64 ASCII characters. */
    public String token() {
        return token;
    }

    /** Returns the tags, in the order of their keys; they must travel in the create call itself. */
    public Map<String, String> tags() {
        return new TreeMap<>(tags);
    }

    /** Returns when the cloud shall end the machine by itself, on the full minute. */
    public Instant cap() {
        return cap;
    }

    /**
     * Returns the POSIX shell script that sets up the supervisor. A provider whose machines run a command from the
     * start makes it that command, with {@code sh} and no argument: it serves until it gets SIGTERM. Elsewhere the fleet
     * installs it over the first connection.
     */
    public String bootstrap() {
        return bootstrap;
    }

    /**
     * Returns what the machine runs in place of the bootstrap, if its own command is the job; then no shell is opened on
     * it, and it is over when the command ends. Only for providers that
     * {@linkplain CloudProvider#runsContainerCommands can do that}.
     */
    public Optional<ContainerCommand> containerCommand() {
        return Optional.ofNullable(containerCommand);
    }

    /** Returns the host key that the machine must show, ECDSA on P-256; the private half goes to the machine. */
    public KeyPair hostKey() {
        return hostKey;
    }

    /** Returns the public key that the machine must let in, ECDSA on P-256. */
    public PublicKey clientKey() {
        return clientKey;
    }

    /** Returns how many machines to create. */
    public int count() {
        return count;
    }

    /** Returns with how many machines the call may be content. */
    public int minimum() {
        return minimum;
    }

    @Override
    public String toString() {
        return "Launch[" + offer.describe() + ", token=" + token + ", count=" + count + ", cap=" + cap + "]";
    }

    /** Builds {@link Launch}es. Not safe for use by many threads. */
    public static final class Builder {
        private @Nullable MachineSpec spec;
        private @Nullable Offer offer;
        private @Nullable String token;
        private Map<String, String> tags = Map.of();
        private @Nullable Instant cap;
        private String bootstrap = "";
        private @Nullable ContainerCommand containerCommand;
        private @Nullable KeyPair hostKey;
        private @Nullable PublicKey clientKey;
        private int count = 1;
        private int minimum = 1;

        private Builder() {}

        /** Sets the spec. Required. */
        public Builder spec(MachineSpec spec) {
            this.spec = spec;
            return this;
        }

        /** Sets the offer. Required. */
        public Builder offer(Offer offer) {
            this.offer = offer;
            return this;
        }

        /**
         * Sets the client token. Required.
         *
         * @throws IllegalArgumentException unless it is 1 to 64 printable ASCII characters
         */
        public Builder token(String token) {
            if (!token.matches("[!-~]{1,64}")) {
                throw new IllegalArgumentException("token must be 1 to 64 ASCII characters, was " + token);
            }
            this.token = token;
            return this;
        }

        /** Sets the tags. Default: none. */
        public Builder tags(Map<String, String> tags) {
            this.tags = requireNonNull(tags, "tags");
            return this;
        }

        /** Sets when the cloud shall end the machine. Required. */
        public Builder cap(Instant cap) {
            this.cap = cap;
            return this;
        }

        /** Sets the script that sets up the supervisor. Default: empty. */
        public Builder bootstrap(String bootstrap) {
            this.bootstrap = requireNonNull(bootstrap, "bootstrap");
            return this;
        }

        /** Sets what the machine runs in place of the bootstrap. Default: nothing, it runs the bootstrap. */
        public Builder containerCommand(@Nullable ContainerCommand command) {
            this.containerCommand = command;
            return this;
        }

        /** Sets the host key. Required. */
        public Builder hostKey(KeyPair hostKey) {
            this.hostKey = hostKey;
            return this;
        }

        /** Sets the client's public key. Required. */
        public Builder clientKey(PublicKey clientKey) {
            this.clientKey = clientKey;
            return this;
        }

        /**
         * Sets how many machines to create and with how many to be content. Default: one.
         *
         * @throws IllegalArgumentException unless {@code 1 <= minimum <= count}
         */
        public Builder count(int minimum, int count) {
            if (minimum < 1 || minimum > count) {
                throw new IllegalArgumentException(
                        "1 <= minimum <= count must hold, were " + minimum + " and " + count);
            }
            this.minimum = minimum;
            this.count = count;
            return this;
        }

        /**
         * Builds the launch.
         *
         * @throws NullPointerException if a required part is missing
         */
        public Launch build() {
            return new Launch(this);
        }
    }
}
