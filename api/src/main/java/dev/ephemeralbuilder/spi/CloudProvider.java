package dev.ephemeralbuilder.spi;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.Offers;
import java.net.URI;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One cloud product in one region. Thin and stateless: it translates calls and errors and does nothing else.
 *
 * <p><b>Contract</b> (checked by {@code CloudProviderContract} in the testing module):
 *
 * <ul>
 *   <li>Safe for use by many threads. Methods block, end within a bound of their own, and honour interruption.
 *   <li>No method retries, caches, sleeps or polls. The only state is the connections of the client, what time it is at
 *       the cloud, and who wants to know.
 *   <li>Every failure is a {@link BuilderException}, translated in one place: {@code CapacityException} for the offer
 *       at hand, {@code QuotaException}, {@code ThrottledException}, {@code CredentialsException},
 *       {@code ConfigurationException}, and {@code ProviderException} for everything else, with
 *       {@link dev.ephemeralbuilder.ProviderException.Effect#UNKNOWN} wherever the call may have taken effect.
 *   <li>"Not there" and "could not ask" are never the same: what a complete answer does not contain is absent, a call
 *       that failed says nothing.
 *   <li>No message, log or exception holds a secret.
 * </ul>
 */
public interface CloudProvider extends AutoCloseable {
    /** Returns the short name of the product, such as {@code ecs}; it is part of offers, records and metrics. */
    String name();

    /** Returns the region. */
    String region();

    /**
     * Returns a name for the account whose limits the calls count against, without any secret in it. Default: {@code
     * default}; two providers of a fleet that use different accounts must differ here.
     */
    default String account() {
        return "default";
    }

    /**
     * Sets who is told what time it is at the cloud: once per answer, as that answer says (the header {@code Date} of
     * HTTP), on the thread that made the call, before it returns. Leases are written and judged in that time, so that a
     * host whose clock is wrong neither loses its machines nor deletes those of others. The last one set is told.
     *
     * <p>Default: nobody is told; then the fleet's own clock is used, with a margin before anything is deleted.
     */
    default void onCloudTime(Consumer<Instant> listener) {}

    /** Returns the limits of the product's calls. */
    ProviderLimits limits();

    /**
     * Reads the market: the parts that are asked for, and nothing else.
     *
     * @throws InterruptedException if interrupted
     */
    MarketSnapshot market(MarketQuery query) throws InterruptedException;

    /**
     * Returns which offers fit a spec, and why the others do not. Pure: no I/O, same result for the same arguments.
     *
     * @param market the merged answers to earlier {@link #market} calls
     */
    Offers offers(MachineSpec spec, MarketSnapshot market);

    /**
     * Makes one create call. Called again with an equal launch it sends exactly the same, so that the cloud's client
     * token makes the repetition harmless.
     *
     * @return the ids of what was created, at least {@link Launch#minimum}, at most {@link Launch#count}
     * @throws InterruptedException if interrupted; the outcome is then unknown
     */
    LaunchResult launch(Launch launch) throws InterruptedException;

    /**
     * Describes machines.
     *
     * @param ids at most {@link ProviderLimits#describeBatch}
     * @return the machines that exist, by id; an id that is not in it is absent by a complete answer
     * @throws InterruptedException if interrupted
     */
    Map<String, Machine> describe(Collection<String> ids) throws InterruptedException;

    /**
     * Lists the machines that carry an owner's tag, running or not, a page at a time.
     *
     * @param owner the value of {@link MachineTags#OWNER}
     * @param cursor the cursor of the page before, null for the first page
     * @throws InterruptedException if interrupted
     */
    MachinePage list(String owner, @Nullable String cursor) throws InterruptedException;

    /**
     * Moves the lease tag of machines.
     *
     * @param ids at most {@link ProviderLimits#renewBatch}
     * @param lease the new value of {@link MachineTags#LEASE}
     * @return an outcome for each id
     * @throws InterruptedException if interrupted
     */
    Map<String, Outcome> renew(Collection<String> ids, Instant lease) throws InterruptedException;

    /**
     * Raises the time at which the cloud itself ends a machine, where the cloud can.
     *
     * @return the cap that holds now
     * @throws dev.ephemeralbuilder.ConfigurationException if the cloud cannot change it
     * @throws InterruptedException if interrupted
     */
    Instant extend(String id, Instant cap) throws InterruptedException;

    /**
     * Asks the cloud to delete machines. An id that the cloud does not know is {@link Outcome.Status#ABSENT}.
     *
     * @param ids at most {@link ProviderLimits#deleteBatch}
     * @return an outcome for each id
     * @throws InterruptedException if interrupted
     */
    Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException;

    /** Returns whether a {@link Launch} may carry a {@link Launch#containerCommand}. Default: no. */
    default boolean runsContainerCommands() {
        return false;
    }

    /**
     * Reads the next piece of what the {@link Launch#containerCommand} of a machine has written, as far as the cloud
     * keeps it.
     *
     * @param id the machine, running or ended
     * @param cursor the cursor of the page before, null for the beginning
     * @throws dev.ephemeralbuilder.ConfigurationException if machines of this provider have no such command
     * @throws InterruptedException if interrupted
     */
    default LogPage log(String id, @Nullable String cursor) throws InterruptedException {
        throw new ConfigurationException(name() + " runs no commands of containers", null, null, null);
    }

    /**
     * Returns where a machine finds its own metadata, {@code http://host[:port]}, if they tell it that it will be taken
     * back as those of ECS do: {@code /latest/meta-data/instance/spot/termination-time} is a time in UTC then, and 404
     * before (ecs-openapi, 2). Spot machines are asked for that while they work, over a channel of their shell. Does not
     * block.
     *
     * <p>Default: none; then notices come from {@link #describe} alone.
     */
    default Optional<URI> machineMetadata() {
        return Optional.empty();
    }

    /**
     * Returns what a machine has said since it was made, as far as the cloud keeps it: its serial console, or its
     * container's log. Asked of machines that do not get ready, for somebody to read. It may be anything that runs on the
     * machine has written; whoever asks removes what must not be shown.
     *
     * <p>By default there is nothing.
     *
     * @param id the machine, in any state
     * @return empty if there is nothing, or no such machine
     * @throws InterruptedException if interrupted
     */
    default Optional<String> consoleOutput(String id) throws InterruptedException {
        return Optional.empty();
    }

    /**
     * Finds out whether a machine takes connections by now. This may be asked several times a second while the machine
     * boots, so it makes no call to the cloud's API, and it does not block: what it waits for completes the future
     * within 10 seconds.
     *
     * <p>By default a knock cannot tell: a shell is opened once the cloud says that the machine runs.
     *
     * @param machine the machine as the cloud has shown it, running or not
     */
    default CompletableFuture<Door> knock(Machine machine) {
        return CompletableFuture.completedFuture(Door.UNKNOWN);
    }

    /**
     * Connects to a machine that has an address. A machine that does not answer yet, or may not let the client in yet
     * because it still boots, is a retryable {@code ProviderException}; one that shows another host key than expected
     * is one that is not retryable.
     *
     * @throws InterruptedException if interrupted
     */
    Shell open(Machine machine, ShellKeys keys) throws InterruptedException;

    /**
     * Returns how many GiB of a machine's {@linkplain MachineSpec#diskGib disk} cost nothing, for estimates. Does not
     * block. By default none.
     */
    default int freeDiskGib() {
        return 0;
    }

    /** Closes the client's connections. Does not throw. */
    @Override
    void close();
}
