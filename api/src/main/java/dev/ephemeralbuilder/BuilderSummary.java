package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One machine of an owner as the cloud shows it, read from its {@linkplain MachineTags tags} alone, whichever process
 * acquired it. Immutable.
 *
 * <p>Tags of a {@linkplain #schemaKnown schema} that this version does not know may mean something else: then request,
 * host, labels and lease are empty, and the machine is neither an orphan nor attachable nor released by anybody.
 */
public final class BuilderSummary {
    private static final String SCHEMA = "1";

    private final String provider;
    private final Machine machine;
    private final Instant at;
    private final boolean recorded;
    private final boolean schemaKnown;

    private BuilderSummary(String provider, Machine machine, Instant at, boolean recorded) {
        this.provider = requireNonNull(provider, "provider");
        this.machine = requireNonNull(machine, "machine");
        this.at = requireNonNull(at, "at");
        this.recorded = recorded;
        this.schemaKnown = SCHEMA.equals(machine.tags().get(MachineTags.SCHEMA));
    }

    /**
     * Reads the tags of a machine.
     *
     * @param provider the name of the provider that shows it
     * @param machine the machine
     * @param at when it was shown, in the cloud's time as far as it is known
     * @param recorded whether the state store at hand has the record of the attempt that created it
     */
    public static BuilderSummary of(String provider, Machine machine, Instant at, boolean recorded) {
        return new BuilderSummary(provider, machine, at, recorded);
    }

    /** Returns the id that the cloud gave the machine, for {@link BuildFleet#attach} and {@link BuildFleet#release}. */
    public String id() {
        return machine.id();
    }

    /** Returns the name of the provider, such as {@code ecs}. */
    public String provider() {
        return provider;
    }

    /** Returns the region. */
    public String region() {
        return machine.region();
    }

    /** Returns the zone. */
    public String zone() {
        return machine.zone();
    }

    /** Returns the id of the type or size. */
    public String type() {
        return machine.type();
    }

    /** Returns the market it was bought on. */
    public Market market() {
        return machine.market();
    }

    /** Returns the state; in {@link MachineState#ENDED} it is no more than an entry in the cloud's books. */
    public MachineState state() {
        return machine.state();
    }

    /** Returns the private address, once there is one. */
    public Optional<String> privateAddress() {
        return machine.privateAddress();
    }

    /** Returns the public address, once there is one. */
    public Optional<String> publicAddress() {
        return machine.publicAddress();
    }

    /** Returns when the machine was created, by the cloud's clock. */
    public Instant createdAt() {
        return machine.createdAt();
    }

    /** Returns when the machine was shown so, in the cloud's time as far as that is known. */
    public Instant shownAt() {
        return at;
    }

    /** Returns whether this version knows what the tags mean. */
    public boolean schemaKnown() {
        return schemaKnown;
    }

    /** Returns the owner's name, if there is one. */
    public Optional<String> owner() {
        return Optional.ofNullable(machine.tags().get(MachineTags.OWNER));
    }

    /** Returns the name of the host that created the machine, if it is known. */
    public Optional<String> host() {
        return tag(MachineTags.HOST);
    }

    /** Returns the id of the request that the machine was created for, if it is known. */
    public Optional<String> requestId() {
        return tag(MachineTags.REQUEST);
    }

    /** Returns the labels of the request; unmodifiable. */
    public Map<String, String> labels() {
        if (!schemaKnown) {
            return Map.of();
        }
        return machine.tags().entrySet().stream()
                .filter(tag -> tag.getKey().startsWith(MachineTags.LABEL))
                .collect(Collectors.toUnmodifiableMap(
                        tag -> tag.getKey().substring(MachineTags.LABEL.length()), Map.Entry::getValue));
    }

    /** Returns until when the machine is wanted; empty if it is {@link #released} or its lease is not readable. */
    public Optional<Instant> leaseUntil() {
        return tag(MachineTags.LEASE).flatMap(BuilderSummary::seconds);
    }

    /** Returns whether the machine is marked as one that nobody wants any more. */
    public boolean released() {
        return tag(MachineTags.LEASE).filter(MachineTags.RELEASED::equals).isPresent();
    }

    /**
     * Returns whether the lease reaches the cap, as after {@link EphemeralBuilder#detach}: no process needs to live for
     * the machine to be left alone.
     */
    public boolean detached() {
        Instant until = leaseUntil().orElse(null);
        Instant end = cap().orElse(null);
        return until != null && end != null && !until.isBefore(end);
    }

    /** Returns when the cloud itself ends the machine: what the cloud says, else what its tag says. */
    public Optional<Instant> cap() {
        return machine.cap().or(() -> tag(MachineTags.CAP).flatMap(BuilderSummary::seconds));
    }

    /**
     * Returns whether the machine was an orphan when it was shown: still there, and released or past its lease. One
     * whose lease is not readable is none.
     */
    public boolean orphan() {
        return state() != MachineState.ENDED
                && (released()
                        || leaseUntil().filter(until -> until.isBefore(at)).isPresent());
    }

    /**
     * Returns whether {@link BuildFleet#attach} can work here: the machine is not on its way out, and the state store
     * has its record.
     */
    public boolean attachable() {
        boolean alive = state() == MachineState.STARTING || state() == MachineState.RUNNING;
        return schemaKnown && recorded && alive && !released();
    }

    /** Returns the most important parts. */
    @Override
    public String toString() {
        return "BuilderSummary[" + id() + ", " + type() + " in " + zone() + " (" + provider + "), " + state()
                + (orphan() ? ", orphan" : "") + "]";
    }

    private Optional<String> tag(String key) {
        return schemaKnown ? Optional.ofNullable(machine.tags().get(key)) : Optional.empty();
    }

    private static Optional<Instant> seconds(String text) {
        try {
            return Optional.of(Instant.ofEpochSecond(Long.parseLong(text)));
        } catch (NumberFormatException | DateTimeException notATime) {
            return Optional.empty();
        }
    }
}
