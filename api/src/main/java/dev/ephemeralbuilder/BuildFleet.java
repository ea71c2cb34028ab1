package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.cost.CostReport;
import dev.ephemeralbuilder.event.BuilderListener;
import dev.ephemeralbuilder.internal.Engine;
import dev.ephemeralbuilder.internal.EngineConfig;
import dev.ephemeralbuilder.selection.Objective;
import dev.ephemeralbuilder.selection.SelectionPolicy;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.Ticker;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The entry point: acquires {@linkplain EphemeralBuilder builders} from one or more providers and gives them back.
 *
 * <p>One fleet per process and owner is enough. Safe for use by many threads. A fleet has one scheduler thread, a
 * bounded pool for provider calls and a small pool for users' sinks and listeners; {@link #close} ends them. The futures
 * that it hands out complete on threads of their own, so that what is chained to them may block; when the fleet is closed,
 * those that are still open fail with {@link BuilderLostException}.
 */
public interface BuildFleet extends AutoCloseable {
    /** Returns a new builder. */
    static Builder builder() {
        return new Builder();
    }

    /** Acquires a builder as {@link #acquire(MachineSpec, AcquireRequest)} does, with a request of defaults. */
    default EphemeralBuilder acquire(MachineSpec spec) throws InterruptedException {
        return acquire(spec, AcquireRequest.defaults());
    }

    /**
     * Launches a machine on the best offer, or the next one while there is no stock, and waits until it is ready.
     * Blocks. From its creation each machine has {@link AcquireRequest#readyTimeout} to get ready; a create call whose
     * outcome is unknown is repeated for three minutes and then searched for.
     *
     * @throws ConfigurationException if nothing that the providers sell can meet the spec
     * @throws CapacityException if no offer had stock; it lists what was tried
     * @throws QuotaException if the account may not have more, or a limit of this fleet is reached
     * @throws CredentialsException if the cloud does not let the caller in
     * @throws ThrottledException if the cloud kept refusing calls
     * @throws HookException if the request's {@linkplain AcquireRequest.Builder#onReady script for the start} has failed on
     *     as many machines as may be tried; all are given back
     * @throws BuilderTimeoutException if the machine was not ready in time; it is given back
     * @throws BuilderLostException if the machine was {@linkplain #release released} by its id before it was ready
     * @throws ProviderException if the cloud failed
     * @throws DuplicateRequestException if the request's id is in use, here or in another process
     * @throws IllegalStateException if the fleet is closed
     * @throws InterruptedException if interrupted; what was launched is given back
     */
    EphemeralBuilder acquire(MachineSpec spec, AcquireRequest request) throws InterruptedException;

    /**
     * Does what {@link #acquire(MachineSpec, AcquireRequest)} does without blocking.
     *
     * @return fails with the exceptions named there, and with {@link IllegalStateException} if the request's id is in
     *     use in this fleet; cancelling it gives back what was launched
     * @throws IllegalStateException if the fleet is closed
     */
    CompletableFuture<EphemeralBuilder> acquireAsync(MachineSpec spec, AcquireRequest request);

    /** Acquires as {@link #acquireAll(MachineSpec, int, AcquireRequest)} does, with a request of defaults. */
    default List<EphemeralBuilder> acquireAll(MachineSpec spec, int count) throws InterruptedException {
        return acquireAll(spec, count, AcquireRequest.defaults());
    }

    /**
     * Launches several equal machines, as many per create call as the cloud takes, and waits until all are ready. What
     * an offer does not give is launched on the next one. Each builder then lives by itself: it has a lease and a record
     * of its own, and is closed by itself. Blocks as {@link #acquire(MachineSpec, AcquireRequest)} does.
     *
     * @param count how many, at least 1
     * @param request without a request id, since that stands for one machine; labels are given to all
     * @return the builders, in the order in which they got ready; as many as asked for, or fewer but at least one if the
     *     request {@linkplain AcquireRequest.Builder#acceptFewer accepts fewer}
     * @throws PartialAcquireException if only some came; it holds them, and the reasons of the others
     * @throws BuilderException of the kinds that {@code acquire} names if none came
     * @throws IllegalArgumentException if the count is less than 1 or the request has an id
     * @throws IllegalStateException if the fleet is closed
     * @throws InterruptedException if interrupted; all that was launched is given back
     */
    List<EphemeralBuilder> acquireAll(MachineSpec spec, int count, AcquireRequest request) throws InterruptedException;

    /**
     * Does what {@link #acquireAll(MachineSpec, int, AcquireRequest)} does without blocking.
     *
     * @return fails with the exceptions named there; cancelling it gives back all that was launched
     * @throws IllegalArgumentException if the count is less than 1 or the request has an id
     * @throws IllegalStateException if the fleet is closed
     */
    CompletableFuture<List<EphemeralBuilder>> acquireAllAsync(MachineSpec spec, int count, AcquireRequest request);

    /** Runs as {@link #runOnce(MachineSpec, AcquireRequest, ContainerCommand, LogSink)} does, with a request of defaults. */
    default ContainerResult runOnce(MachineSpec spec, ContainerCommand command, LogSink sink)
            throws InterruptedException {
        return runOnce(spec, AcquireRequest.defaults(), command, sink);
    }

    /**
     * Launches a container whose own command is the job, delivers its log and returns how it ended; then the machine is
     * given back. For images without a shell, and for images whose entry point is the job: nothing is put into the
     * container and no connection is made to it. The launch is as {@link #acquire(MachineSpec, AcquireRequest)} does it,
     * over the providers that {@linkplain CloudProvider#runsContainerCommands can run such commands}: from its creation
     * the container has {@link AcquireRequest#readyTimeout} until its command runs. The time limit is
     * {@link MachineSpec#maxLifetime}, from the create call on.
     *
     * <p>An exit code other than 0 is a result. A command whose end nobody knows has none: that is
     * {@link BuilderLostException} or {@link BuilderReclaimedException}, and the command is not started again, since it
     * may have done something.
     *
     * <p>The log is what the cloud keeps of both streams together, delivered as {@link LogStream#OUT} in whole lines,
     * some seconds late. If the command writes more between two looks than the cloud keeps, the sink gets a line that
     * says so, and {@link ContainerResult#logComplete} is false; the same if the log cannot be read, which does not end
     * the run. A sink that throws gets nothing more; the command goes on. A sink that blocks holds up the result until
     * the time limit.
     *
     * <p>Blocks.
     *
     * @param spec with a container image
     * @param request with a request id, at most one container is kept for it, from whichever process; one that a dead
     *     process has launched for the same command is followed from the beginning of its log. Processes without a common
     *     state store may both have begun it before one of them finds the other and gives its own back
     * @throws ConfigurationException if no provider can run it, or the container cannot be started
     * @throws ImagePullException if the image cannot be had
     * @throws BuilderReclaimedException if the cloud took the machine back before the command had ended
     * @throws BuilderLostException if the machine is gone without an exit code, was released by its id, or the fleet was
     *     closed
     * @throws BuilderTimeoutException if the command did not run in time, or had not ended at the time limit
     * @throws BuilderException of the other kinds that {@code acquire} names
     * @throws IllegalArgumentException if the spec has no container image
     * @throws IllegalStateException if the fleet is closed
     * @throws InterruptedException if interrupted; the machine is given back
     */
    ContainerResult runOnce(MachineSpec spec, AcquireRequest request, ContainerCommand command, LogSink sink)
            throws InterruptedException;

    /**
     * Does what {@link #runOnce(MachineSpec, AcquireRequest, ContainerCommand, LogSink)} does without blocking.
     *
     * @return fails with the exceptions named there; cancelling it gives the machine back
     * @throws IllegalArgumentException if the spec has no container image
     * @throws IllegalStateException if the fleet is closed
     */
    CompletableFuture<ContainerResult> runOnceAsync(
            MachineSpec spec, AcquireRequest request, ContainerCommand command, LogSink sink);

    /**
     * Runs a job: acquires a machine, copies files there, runs the scripts, delivers their output, copies files back and
     * gives the machine back; and begins again on another machine when the cloud takes one back or it is lost, as the
     * job's {@link RecoveryPolicy} says.
     *
     * <p>When the cloud gives notice, the job goes on where it is if its {@linkplain AcquireRequest#expectedDuration
     * expected end} is inside the notice less the policy's margin; what takes longer than expected is expected to take as
     * long again as it is late. Else, or if the duration is unknown, another machine is asked for at once; meanwhile the
     * scripts are cancelled and the farewell runs. The new machine begins when the old scripts have ended, at the latest
     * when the notice is over: a job never runs twice at the same time. Scripts that come to their end by themselves
     * before they are cancelled are the result, and the new machine is given back. A machine that is lost without notice
     * is waited for to be gone, for five minutes at most. A false alarm changes nothing that was decided. With no attempt
     * left, the job goes on where it is until its machine goes.
     *
     * <p>The pools that the job's machines were lost from are left out by its next attempts, and for a while by other
     * requests, unless nothing else is left.
     *
     * <p>A script that fails is the job's result and is never run again. Since a machine on its way down ends its scripts
     * too, such an end counts only if the cloud shows the machine as running when it is asked afterwards; and, if the exit
     * code is 129 or more (ended by a signal) or notice was given, again five seconds later. If that cannot be asked for
     * three minutes, the machine counts as lost. Files that cannot come back from a script that has failed, since the
     * machine goes or for another reason, change nothing of the result: they are missing, which is logged at WARN.
     *
     * <p>With a request id, at most one machine is kept for each attempt, from whichever process: the first has the
     * job's id, the next ones that id with {@code .2}, {@code .3} and so on. If a process goes on for another one that has
     * died, with the state store of that one, a machine on which scripts were begun is given back, and one that was
     * ordered and not begun on is used.
     *
     * <p>Copying files takes a thread of a pool of 32; what is under way beyond that waits for its turn. Nothing else of a
     * job takes a thread.
     *
     * <p>Blocks.
     *
     * @param sink gets the output of all scripts, one call at a time
     * @return also if a script has failed: then the scripts tell
     * @throws JobException if the job did not come to its end, for whatever reason: it lists the attempts
     * @throws BuilderLostException if the fleet was closed
     * @throws IllegalArgumentException if the job's request id has more than 60 characters
     * @throws IllegalStateException if the fleet is closed
     * @throws InterruptedException if interrupted; everything is given back
     */
    JobResult run(Job job, LogSink sink) throws InterruptedException;

    /**
     * Does what {@link #run(Job, LogSink)} does without blocking.
     *
     * @return fails with the exceptions named there; cancelling it gives everything back
     * @throws IllegalArgumentException if the job's request id has more than 60 characters
     * @throws IllegalStateException if the fleet is closed
     */
    CompletableFuture<JobResult> runAsync(Job job, LogSink sink);

    /**
     * Returns every machine of this owner that any provider shows, oldest first, whichever process acquired it. What it
     * says comes from the machines' tags; the state store is only asked which of them it has records of. Changes
     * nothing. Blocks, for about two minutes at most.
     *
     * @return all of them, as far as the clouds' own lists reach (ECS: 1,000 machines of one owner; ecs-openapi, 1.1): if
     *     one provider or the store cannot be asked, the call fails instead
     * @throws BuilderException of the kind of that failure
     * @throws IllegalStateException if the fleet is closed
     * @throws InterruptedException if interrupted
     */
    List<BuilderSummary> list() throws InterruptedException;

    /**
     * Returns a builder of a machine that another process, or an earlier one, acquired under this owner with the state
     * store that this fleet has. Waits until it is ready if it is still booting. Several processes may be attached at
     * once; when one of them closes its builder, the others see {@link BuilderLostException}. A fleet that holds the
     * machine already returns the builder that it has.
     *
     * <p>From then on this fleet holds the machine: it renews the lease, which never moves back, and {@code close}
     * deletes the machine. When this call fails, or is given up, the machine is left as it is.
     *
     * <p>Blocks: for a minute until the machine is found, then until the request's {@link AcquireRequest#readyTimeout}
     * is over, or for three minutes if that is later.
     *
     * @param id the machine's id, as {@link EphemeralBuilder#id} and {@link #list} say it
     * @throws BuilderLostException if no provider shows the machine, or it is on its way out
     * @throws ConfigurationException if the machine has another owner, if the store has no record of it, or if its tags
     *     or its record are of a version that this one does not know; says what to do
     * @throws BuilderTimeoutException if the machine was not ready in time
     * @throws BuilderException if a provider or the store cannot be asked
     * @throws IllegalStateException if the fleet is closed
     * @throws InterruptedException if interrupted
     */
    EphemeralBuilder attach(String id) throws InterruptedException;

    /**
     * Does what {@link #attach} does without blocking.
     *
     * @return fails with the exceptions named there; cancelling it leaves the machine as it is
     * @throws IllegalStateException if the fleet is closed
     */
    CompletableFuture<EphemeralBuilder> attachAsync(String id);

    /**
     * Gives a machine of this owner back, whichever process acquired it, and waits until the cloud no longer shows it.
     * Needs no record; if the store has one, the cost goes to the ledger and the record away. If this fleet holds the
     * machine, that is as if its builder were closed. Returns at once if the machine is absent already.
     *
     * <p>Blocks, for five minutes at most; the deletion goes on after that, and after an interrupt, while the fleet lives.
     *
     * @param id the machine's id
     * @throws ConfigurationException if the machine has another owner, or tags of a version that this one does not
     *     know; it is left as it is
     * @throws BuilderTimeoutException if the machine is still shown after that time
     * @throws BuilderException if a provider or the store cannot be asked whether there is such a machine
     * @throws IllegalStateException if the fleet is closed
     * @throws InterruptedException if interrupted
     */
    void release(String id) throws InterruptedException;

    /**
     * Deletes the orphans of this owner, whichever process or host acquired them: machines whose lease has passed by more
     * than a minute, in the cloud's time, or that are marked as released. A machine that this process merely does not know
     * is none, nor is one whose tags cannot be understood. Each is looked at again before it is deleted, some seconds
     * later if its lease passed only lately; if this host's clock has jumped against the cloud's since the last time,
     * nothing is deleted. Needs no record; if the store has one, the cost goes to the ledger and the record away.
     *
     * <p>Where a provider does not say what time it is, this host's clock is used and a lease must have passed by
     * sixteen minutes.
     *
     * <p>Blocks: for about ten minutes at most, usually some seconds; deletions that take longer go on while the fleet
     * lives. The fleet does the same by itself {@linkplain Builder#reaper from time to time}.
     *
     * @return what was found, deleted and left, and which providers could not be asked
     * @throws IllegalStateException if the fleet is closed
     * @throws InterruptedException if interrupted; what was begun goes on
     */
    ReapReport reap() throws InterruptedException;

    /**
     * Looks for orphans as {@link #reap} does, and deletes nothing. What the second look would save is reported as an
     * orphan here.
     *
     * @return what was found, and which providers could not be asked
     * @throws IllegalStateException if the fleet is closed
     * @throws InterruptedException if interrupted
     */
    ReapReport reapDryRun() throws InterruptedException;

    /**
     * Returns what the owner's machines cost whose end was written down since a time, and what those have cost so far that
     * have none yet: of all processes that share the {@linkplain Builder#stateStore state store}. Asks no cloud. Of a
     * machine that another process has, it knows what that one has written down: the launch, and what it was used for up
     * to the last time that a process let it go; the rest is unaccounted for. What processes knew that were killed is
     * lost. Blocks on the store, and takes memory for each line.
     *
     * <p>{@link CostReport#read} does the same without a fleet.
     *
     * @throws ConfigurationException if the store cannot be used, or a file of it is damaged
     * @throws ProviderException if the store cannot be used now
     * @throws IllegalStateException if the fleet is closed
     * @throws InterruptedException if interrupted
     */
    CostReport costs(Instant since) throws InterruptedException;

    /** Returns the owner's name. */
    String owner();

    /**
     * Gives back every builder that it has not detached, those it is attached to included, waits for their deletion to be observed for at most {@link Builder#closeTimeout}, and
     * ends the fleet's threads and providers. What is not gone by then is logged at WARN with its id and ends by its
     * cap. A second call waits for the first. Blocks, also while the thread is interrupted (a cancelled job is when nothing
     * must be left behind), and keeps the interrupt flag.
     */
    @Override
    void close();

    /** Builds {@link BuildFleet}s. Not safe for use by many threads. */
    final class Builder {
        private static final Pattern METADATA =
                Pattern.compile("http://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{1,100}){0,5}");

        private static final Pattern OWNER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

        private @Nullable String owner;
        private final List<CloudProvider> providers = new ArrayList<>();
        private final List<BuilderListener> listeners = new ArrayList<>();
        private SelectionPolicy selectionPolicy = SelectionPolicy.cheapestFirst();
        private Objective objective = Objective.cheapest();
        private @Nullable StateStore stateStore;
        private @Nullable Ticker ticker;
        private int maxConcurrentCalls = 32;
        private int maxAttempts = 5;
        private @Nullable Integer maxMachines;
        private @Nullable Money maxHourlySpend;
        private Duration lease = Duration.ofMinutes(10);
        private @Nullable Duration reaper = Duration.ofMinutes(5);
        private @Nullable String host;
        private @Nullable URI machineMetadata;
        private Duration closeTimeout = Duration.ofSeconds(30);
        private boolean closeOnJvmExit;
        private @Nullable Money diskPrice;

        private Builder() {}

        /**
         * Sets the name under which machines are owned. Fleets with the same name share their machines: each may delete
         * what the other has abandoned. Required.
         *
         * @throws IllegalArgumentException unless it is 1 to 63 characters of {@code A-Z a-z 0-9 . _ -}, the first a
         *     letter or digit
         */
        public Builder owner(String owner) {
            if (!OWNER.matcher(owner).matches()) {
                throw new IllegalArgumentException("owner must match " + OWNER + ", was " + owner);
            }
            this.owner = owner;
            return this;
        }

        /** Adds a provider; at least one is required. The fleet closes it. */
        public Builder provider(CloudProvider provider) {
            providers.add(requireNonNull(provider, "provider"));
            return this;
        }

        /** Adds a listener. Default: none. */
        public Builder listener(BuilderListener listener) {
            listeners.add(requireNonNull(listener, "listener"));
            return this;
        }

        /** Sets how offers are ranked. Default: {@link SelectionPolicy#cheapestFirst}. */
        public Builder selectionPolicy(SelectionPolicy policy) {
            this.selectionPolicy = requireNonNull(policy, "policy");
            return this;
        }

        /** Sets what a choice is to be good at. Default: {@link Objective#cheapest}. */
        public Builder objective(Objective objective) {
            this.objective = requireNonNull(objective, "objective");
            return this;
        }

        /** Sets where records are kept. Default: in memory. A given store is not closed by the fleet. */
        public Builder stateStore(StateStore store) {
            this.stateStore = requireNonNull(store, "store");
            return this;
        }

        /** Sets clock and scheduler. Default: the system's. A given ticker is not closed by the fleet. */
        public Builder ticker(Ticker ticker) {
            this.ticker = requireNonNull(ticker, "ticker");
            return this;
        }

        /**
         * Sets how many provider calls may be under way at once. Default: 32.
         *
         * @throws IllegalArgumentException if less than 1
         */
        public Builder maxConcurrentCalls(int n) {
            if (n < 1) {
                throw new IllegalArgumentException("maxConcurrentCalls must be at least 1, was " + n);
            }
            this.maxConcurrentCalls = n;
            return this;
        }

        /**
         * Sets how many offers of each provider one acquire tries in each market. Default: 5.
         *
         * @throws IllegalArgumentException if less than 1
         */
        public Builder maxAttempts(int n) {
            if (n < 1) {
                throw new IllegalArgumentException("maxAttempts must be at least 1, was " + n);
            }
            this.maxAttempts = n;
            return this;
        }

        /**
         * Sets for how long a machine is wanted after this fleet was last heard of. The living fleet renews it. Default:
         * 10 minutes.
         *
         * @throws IllegalArgumentException if less than a minute
         */
        public Builder lease(Duration lease) {
            if (lease.compareTo(Duration.ofMinutes(1)) < 0) {
                throw new IllegalArgumentException("lease must be at least one minute, was " + lease);
            }
            this.lease = lease;
            return this;
        }

        /**
         * Sets how often this fleet looks for orphans of its owner by itself and deletes them, as {@link BuildFleet#reap}
         * does; give or take a fifth, the first time after that time. Default: every 5 minutes. What could not be asked
         * is logged at WARN.
         *
         * @throws IllegalArgumentException if less than ten seconds
         */
        public Builder reaper(Duration every) {
            if (every.compareTo(Duration.ofSeconds(10)) < 0) {
                throw new IllegalArgumentException("reaper must be at least ten seconds, was " + every);
            }
            this.reaper = every;
            return this;
        }

        /** Lets this fleet look for orphans only when {@link BuildFleet#reap} is called. */
        public Builder noReaper() {
            this.reaper = null;
            return this;
        }

        /**
         * Sets where spot machines look up whether they are to be taken back, in place of the address that their provider
         * {@linkplain CloudProvider#machineMetadata names}: for machines that reach their metadata by another way. Machines
         * of a provider that names none are not asked. A machine whose login has a variable {@code
         * EPHEMERAL_METADATA_URL} looks there in any case. Default: what the provider says.
         *
         * @param address {@code http://host[:port][/path]}
         * @throws IllegalArgumentException if it is of another form
         */
        public Builder machineMetadata(URI address) {
            if (!METADATA.matcher(address.toString()).matches()) {
                throw new IllegalArgumentException(
                        "machineMetadata must be of the form http://host[:port][/path] without a slash at its end");
            }
            this.machineMetadata = address;
            return this;
        }

        /**
         * Sets how long {@link BuildFleet#close} waits for deletions to be observed. Default: 30 seconds.
         *
         * @throws IllegalArgumentException if negative
         */
        public Builder closeTimeout(Duration timeout) {
            if (timeout.isNegative()) {
                throw new IllegalArgumentException("closeTimeout must not be negative, was " + timeout);
            }
            this.closeTimeout = timeout;
            return this;
        }

        /**
         * Sets what a GiB of disk costs per hour, for estimates: prices of disks are not asked of the cloud. What the
         * spec's {@link MachineSpec#diskGib} is more than the provider {@linkplain CloudProvider#freeDiskGib gives for
         * nothing} counts. Default: unknown, and then no estimate contains a disk, and each says so. A price in another
         * currency than that of a machine counts as unknown for it.
         *
         * @throws IllegalArgumentException if negative
         */
        public Builder diskPrice(Money perGibHour) {
            if (perGibHour.amount().signum() < 0) {
                throw new IllegalArgumentException("diskPrice must not be negative, was " + perGibHour);
            }
            this.diskPrice = perGibHour;
            return this;
        }

        /** Closes the fleet in a JVM shutdown hook too. Default: off; the owner of the process decides. */
        public Builder closeOnJvmExit(boolean on) {
            this.closeOnJvmExit = on;
            return this;
        }

        /**
         * Sets how many machines the owner may have at a time, from the create call until each was seen gone, in all
         * processes that share the {@linkplain #stateStore state store} and set a limit. An acquire that would exceed it
         * fails at once with a {@link QuotaException} that says who has them; {@link BuildFleet#acquireAll} delivers as
         * many as there is room for. Default: no limit.
         *
         * @throws IllegalArgumentException if less than 1
         */
        public Builder maxMachines(int n) {
            if (n < 1) {
                throw new IllegalArgumentException("maxMachines must be at least 1, was " + n);
            }
            this.maxMachines = n;
            return this;
        }

        /**
         * Sets what the owner's machines may cost in an hour together, by the prices at which they were launched, as
         * {@link #maxMachines} does for their number. Default: no limit.
         *
         * @param most in the currency of the providers' offers
         * @throws IllegalArgumentException unless it is more than zero
         */
        public Builder maxHourlySpend(Money most) {
            if (most.amount().signum() <= 0) {
                throw new IllegalArgumentException("maxHourlySpend must be more than zero, was " + most);
            }
            this.maxHourlySpend = most;
            return this;
        }

        /**
         * Sets the name of this host, which its machines carry in a tag so that people can tell where they come from.
         * Default: the name that the host has. Processes that share a state store but do not see each other's process
         * ids, such as those of two containers, need different names.
         *
         * @throws IllegalArgumentException if it is blank or longer than 128 characters
         */
        public Builder host(String name) {
            if (name.isBlank() || name.length() > 128) {
                throw new IllegalArgumentException("host must have 1 to 128 characters, was '" + name + "'");
            }
            this.host = name;
            return this;
        }

        /**
         * Builds the fleet and starts its threads; makes no call to a cloud.
         *
         * @throws IllegalStateException if owner or provider is missing, or two providers have the same name and region
         */
        public BuildFleet build() {
            if (owner == null) {
                throw new IllegalStateException("owner is required");
            }
            if (providers.isEmpty()) {
                throw new IllegalStateException("at least one provider is required");
            }
            long distinct = providers.stream()
                    .map(p -> p.name() + "/" + p.region())
                    .distinct()
                    .count();
            if (distinct != providers.size()) {
                throw new IllegalStateException("two providers have the same name and region");
            }
            return Engine.start(new EngineConfig(
                    owner,
                    List.copyOf(providers),
                    List.copyOf(listeners),
                    selectionPolicy,
                    objective,
                    stateStore,
                    ticker,
                    maxConcurrentCalls,
                    maxAttempts,
                    maxMachines,
                    maxHourlySpend,
                    lease,
                    reaper,
                    host,
                    machineMetadata,
                    closeTimeout,
                    closeOnJvmExit,
                    diskPrice));
        }
    }
}
