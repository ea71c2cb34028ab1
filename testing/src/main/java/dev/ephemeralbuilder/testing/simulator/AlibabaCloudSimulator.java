package dev.ephemeralbuilder.testing.simulator;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A server on the loopback address that speaks the ECS OpenAPI (2014-05-26) and the ECI OpenAPI (2018-08-08), both on
 * one port, well enough that Alibaba Cloud's own SDK cannot tell, and whose machines are real: real SSH, real processes.
 *
 * <pre>{@code
 * try (AlibabaCloudSimulator cloud = AlibabaCloudSimulator.builder().seed(1).start()) {
 *     // point a client at cloud.endpoint() with cloud.accessKeyId() and cloud.accessKeySecret()
 * }
 * }</pre>
 *
 * <p>It checks signatures, keeps client tokens, walks machines from Pending to Running, ends them at their
 * {@code AutoReleaseTime}, has prices and stock that a seed decides, and does wrong what {@link #faults} orders. Life
 * cycles, caps and prices run by the clock given to the builder; signatures, sockets and processes by the wall clock.
 *
 * <p>A machine takes its SSH host key, users and their keys from the cloud-init user data of its create call, and
 * nowhere else; without usable user data it runs, and nobody can enter it. The host keys then are in the folder that
 * commands find in {@code EPHEMERAL_SSH_DIR}, which stands for {@code /etc/ssh}: a command may replace them, and
 * connections that are opened after that are shown the new ones. On Linux each machine has an address of its
 * own in 127.0.0.0/8 and all have one SSH port; where a host offers 127.0.0.1 alone, each has a port of its own, see
 * {@link SimulatedMachine#sshPort}. Commands are processes of this host with a folder of their own, and on Linux with
 * namespaces of their own if {@link Builder#isolation} wants it. <b>This is no sandbox</b>, see {@link LocalMachine}.
 *
 * <p>A container group's containers run their commands as processes of this host as well, whatever their image is called,
 * see {@link #images}; commands in them run over a WebSocket on a port of its own. Without isolation a mount is a folder
 * below the container's own, and only items of commands that are or begin with its path are told so.
 *
 * <p>What can be ordered and asked here can also be ordered and asked over HTTP, under {@code /_simulator/} of the same
 * server and with JSON, for clients in other languages. Whoever can reach the port may do so; requests that a web page
 * could send are refused.
 *
 * <p>Behaviour follows the project's reference pages; where those mark something as unconfirmed, the classes here do
 * too.
 *
 * <p>Safe for use by many threads.
 */
public final class AlibabaCloudSimulator implements AutoCloseable {
    private final RunningCloud cloud;

    private AlibabaCloudSimulator(Builder settings) throws IOException {
        cloud = RunningCloud.start(settings, this);
    }

    /** Begins a simulator. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns where the API is, such as {@code http://127.0.0.1:8080}. */
    public URI endpoint() {
        return cloud.endpoint();
    }

    /** Returns the region's id; other regions are refused. */
    public String region() {
        return cloud.premises.region().name();
    }

    /**
     * Returns the access key id of the account itself, which may do everything. No real one. Callers with fewer
     * permissions are made by {@link SimulatedAccount#caller}.
     */
    public String accessKeyId() {
        return SimulatedAccount.ACCESS_KEY_ID;
    }

    /** Returns the secret of {@link #accessKeyId}. No real one. */
    public String accessKeySecret() {
        return SimulatedAccount.ACCESS_KEY_SECRET;
    }

    /**
     * Makes up keys that are good for a while, as STS does; requests carry their security token too. Several may be
     * good at a time, and {@link #accessKeyId} stays good beside them. They may do everything.
     *
     * @param lifetime by the wall clock, as all that concerns signatures; zero for keys that expired already. The real
     *     service gives 15 minutes to 12 hours
     * @throws IllegalArgumentException if it is negative
     */
    public TemporaryKeys temporaryKeys(Duration lifetime) {
        if (lifetime.isNegative()) {
            throw new IllegalArgumentException("lifetime must be zero or more, was " + lifetime);
        }
        return cloud.keys.issue(lifetime);
    }

    /**
     * Returns the id of the machine image that is there from the start; it has 20 GiB and fits every architecture. More
     * are made by {@code CreateImage}.
     */
    public String machineImage() {
        return Region.IMAGE;
    }

    /** Returns the id of the only security group. */
    public String securityGroup() {
        return Region.SECURITY_GROUP;
    }

    /** Returns zone to vSwitch id, one per zone; unmodifiable, sorted by zone. */
    public Map<String, String> vSwitches() {
        return cloud.premises.region().vSwitches();
    }

    /**
     * Returns the SSH port that all machines share. On hosts that offer 127.0.0.1 alone a machine has another one, see
     * {@link SimulatedMachine#sshPort}.
     */
    public int sshPort() {
        return cloud.ssh.port();
    }

    /**
     * Returns a new ticker on the cloud's clock, for an engine that talks to this simulator. It has a thread of its
     * own, which ends with it or with the simulator.
     */
    public Ticker ticker() {
        return cloud.newTicker();
    }

    /**
     * Returns the machines that are not gone yet: the instances, oldest first, then the container groups that have or will
     * have a machine, likewise. A container group has no SSH port, and its size as type if its create call named none.
     * What is a mere record of a group that has ended is in {@link #groups} alone.
     */
    public List<SimulatedMachine> machines() {
        List<SimulatedMachine> machines = new ArrayList<>(cloud.ecs.machines());
        machines.addAll(cloud.eci.machines());
        return List.copyOf(machines);
    }

    /**
     * Returns all instances that there ever were, oldest first, with what they were billed; of those that are gone the last
     * 10,000.
     */
    public List<SimulatedInstance> instances() {
        return cloud.ecs.instances().ever();
    }

    /**
     * Returns all container groups that there ever were, oldest first, with what they were billed; of those that the API
     * does not show any more the last 10,000.
     */
    public List<SimulatedGroup> groups() {
        return cloud.eci.groups().ever();
    }

    /** Returns the container images: all there, until something else is ordered. */
    public SimulatedImages images() {
        return cloud.eci.images();
    }

    /** Returns the account: callers and their permissions, limits and quotas. */
    public SimulatedAccount account() {
        return cloud.premises.account();
    }

    /**
     * Returns the processes that run on machines of this simulator, those of machines that are just ending included.
     * Reads the host's table of processes.
     *
     * @throws UnsupportedOperationException if this host has no {@code /proc} that shows environments
     * @throws UncheckedIOException if it cannot be read
     */
    public List<MachineProcess> processes() {
        return cloud.premises.processes().list();
    }

    /** Returns the faults of this simulator, none at first. */
    public Faults faults() {
        return cloud.faults;
    }

    /** Returns the calls that were answered until now, also those that were refused. */
    public Journal journal() {
        return cloud.journal.journal();
    }

    /** Returns the clock that was given to the builder. */
    public SimulatedClock clock() {
        return cloud.premises.clock();
    }

    /**
     * Resets the connection in place of answering the next call of an operation, which is served all the same. Short
     * for {@code faults().on(action).times(1).loseAnswer()}.
     */
    public void loseNextAnswer(String action) {
        cloud.faults.on(action).times(1).loseAnswer();
    }

    /**
     * Sets the spot price of a type in a zone from now on, with protection and without. Machines whose
     * {@code SpotPriceLimit} is below it are taken back with five minutes' notice, those with {@code SpotDuration=1} not
     * before an hour after their creation; machines that follow the market stay. Prices that move by themselves take
     * machines back too, at full hours.
     *
     * @param amount CNY per hour, above zero and at most the list price of the type
     * @throws IllegalArgumentException if the amount is not, or type or zone are not known
     */
    public void price(String type, String zone, BigDecimal amount) {
        Region region = cloud.premises.region();
        Catalogue.Type known = region.catalogue().find(type);
        if (known == null || !region.vSwitches().containsKey(zone)) {
            throw new IllegalArgumentException("no such type or zone: " + type + ", " + zone);
        }
        cloud.premises
                .market()
                .setPrice(known, zone, amount, cloud.premises.clock().now());
        cloud.ecs.instances().priceChanged(type, zone);
        cloud.eci.groups().priceChanged(type, zone);
    }

    /**
     * Ends the stock of a type in a zone: creates fail with {@code OperationDenied.NoStock} and the lists of stock say
     * so. Machines that there are stay. The stock of a type is one for ECS and ECI; container groups that are asked for by
     * size have one per size.
     *
     * @param type an instance type, or a size of container groups such as {@code 2-4Gi}
     */
    public void stockOut(String type, String zone) {
        stock(type, zone, 0);
    }

    /**
     * Limits the stock of a type in a zone. Fewer than a create call asks for are given if its {@code MinAmount} allows
     * that. Machines that end do not add to it.
     *
     * @param machines how many can still be created, zero or more
     * @throws IllegalArgumentException if it is negative
     */
    public void stock(String type, String zone, int machines) {
        cloud.premises
                .market()
                .setStock(requireNonNull(type, "type"), requireNonNull(zone, "zone"), notNegative(machines));
    }

    /**
     * Limits how many of the stock of a type in a zone may be of one market: where spot alone is out of stock, on-demand
     * machines can still be created.
     *
     * @param machines how many can still be created, zero or more, if {@link #stock(String, String, int)} has as many
     * @throws IllegalArgumentException if it is negative
     */
    public void stock(String type, String zone, Market market, int machines) {
        cloud.premises
                .market()
                .setStock(
                        requireNonNull(type, "type"),
                        requireNonNull(zone, "zone"),
                        requireNonNull(market, "market"),
                        notNegative(machines));
    }

    private static int notNegative(int machines) {
        if (machines < 0) {
            throw new IllegalArgumentException("stock must not be negative");
        }
        return machines;
    }

    /**
     * Takes a machine or a container group back, as the cloud does with spot. Of a machine the operation lock says
     * {@code Recycling}, its own metadata has a {@code termination-time}, and when the notice is over its processes are
     * killed and it goes. That it still counts as Running until then is unconfirmed. Without notice neither comes before.
     * A group gets an event {@code SpotToBeReleased}, and is Expired when the notice is over (eci-openapi, 7).
     *
     * <p>Commands find the metadata under the address in their variable {@code EPHEMERAL_METADATA_URL}, which stands
     * for {@code http://100.100.100.200} of a real machine: what follows, such as
     * {@code /latest/meta-data/instance/spot/termination-time}, is the same.
     *
     * <p>Ordered again, the new time counts: that is how a notice is given again with another deadline.
     *
     * @param machineId the machine or group
     * @param notice by the cloud's clock; about five minutes on ECS and three on ECI, zero for none
     * @throws IllegalArgumentException if there is no such machine
     */
    public void reclaim(String machineId, Duration notice) {
        if (cloud.eci.has(machineId)) {
            cloud.eci.groups().reclaim(machineId, notice, GroupStatus.EXPIRED);
            return;
        }
        require(machineId);
        cloud.ecs.instances().reclaim(machineId, notice, true);
    }

    /**
     * Takes a machine back like {@link #reclaim(String, Duration)}, but only its own metadata say so: {@code
     * DescribeInstances} shows no lock until it goes. When the lock comes, seen from the notice, is documented nowhere
     * (ecs-openapi, 7).
     *
     * @param machineId the machine; no group, which has no metadata
     * @param notice by the cloud's clock; zero for none
     * @throws IllegalArgumentException if there is no such machine
     */
    public void reclaimUnlocked(String machineId, Duration notice) {
        require(machineId);
        cloud.ecs.instances().reclaim(machineId, notice, false);
    }

    /**
     * Takes a notice of reclaim back: a false alarm. The machine has no lock and no {@code termination-time} any more and
     * lives on; of a group the event stays, as all events do. That the cloud does this is documented nowhere; that an
     * interruption need not come true is what a client must be able to live with. Does nothing without a notice.
     *
     * @throws IllegalArgumentException if there is no such machine or group
     */
    public void withdrawReclaim(String machineId) {
        if (cloud.eci.has(machineId)) {
            cloud.eci.groups().withdrawReclaim(machineId);
            return;
        }
        require(machineId);
        cloud.ecs.instances().withdrawReclaim(machineId);
    }

    /**
     * Takes a machine back with the usual notice, five minutes on ECS and three on ECI, see
     * {@link #reclaim(String, Duration)}.
     *
     * @throws IllegalArgumentException if the machine is gone
     */
    public void reclaim(SimulatedMachine machine) {
        reclaim(machine.id(), usualNotice(machine.id()));
    }

    /** Returns how long before its loss a machine or group usually has notice. */
    Duration usualNotice(String id) {
        return cloud.eci.has(id) ? Groups.NOTICE : Instances.NOTICE;
    }

    /**
     * Takes a container group back like {@link #reclaim(String, Duration)}, but it is Failed with the reason
     * {@code BidFailed} then, as older documents of ECI say (eci-openapi, 7).
     *
     * @throws IllegalArgumentException if there is no such group
     */
    public void failBid(String groupId, Duration notice) {
        if (!cloud.eci.has(groupId)) {
            throw new IllegalArgumentException("no such container group: " + groupId);
        }
        cloud.eci.groups().reclaim(groupId, notice, GroupStatus.FAILED);
    }

    /**
     * Lets a machine say something more on its console, as {@code GetInstanceConsoleOutput} shows it, or a group's first
     * container in its log, as {@code DescribeContainerLog} does. A line end is not added.
     *
     * @throws IllegalArgumentException if there is no such machine or group
     */
    public void console(String machineId, String text) {
        requireNonNull(text, "text");
        if (cloud.eci.has(machineId)) {
            cloud.eci.groups().say(machineId, text);
            return;
        }
        require(machineId).say(text);
    }

    /**
     * Drops all SSH connections of a machine. Its processes live on, and new connections are welcome.
     *
     * @throws IllegalArgumentException if there is no such machine
     */
    public void cutSsh(String machineId) {
        cloud.ssh.cut(require(machineId));
    }

    /**
     * Drops all connections of commands in a container group, without a close frame. The commands live on, and new
     * connections are welcome.
     *
     * @throws IllegalArgumentException if there is no such group
     */
    public void cutExec(String groupId) {
        if (!cloud.eci.has(groupId)) {
            throw new IllegalArgumentException("no such container group: " + groupId);
        }
        cloud.exec.cut(groupId);
    }

    /**
     * Ends everything: the servers, every process of every machine, all threads. Waits up to about half a minute.
     * May be called again. A JVM that exits in order without this ends the processes of all machines as well.
     */
    @Override
    public void close() {
        cloud.close();
    }

    private MachineRuntime require(String machineId) {
        try {
            return cloud.ecs.instances().require(machineId).runtime;
        } catch (ApiError e) {
            throw new IllegalArgumentException("no such machine: " + machineId, e);
        }
    }

    @Override
    public String toString() {
        return "AlibabaCloudSimulator[" + endpoint() + ", " + region() + "]";
    }

    /** Builds {@link AlibabaCloudSimulator}s. Not safe for use by many threads. */
    public static final class Builder {
        long seed = 1;
        String region = "cn-hangzhou";
        int port;
        int sshPort;
        SimulatedClock clock = SimulatedClock.wall();
        Duration bootMin = Duration.ofSeconds(1);
        Duration bootMax = Duration.ofSeconds(2);
        Duration imageTime = Duration.ofSeconds(2);

        @Nullable Path machineRoot;

        Map<String, String> machineEnvironment = Map.of();
        MachineHook machineHook = home -> {};
        Isolation isolation = Isolation.PLAIN;
        int journalCapacity = 10_000;
        String programs = System.getenv().getOrDefault("PATH", "");
        boolean ownAddresses = true;
        ExecEncoding execEncoding = ExecEncoding.RAW;
        Duration execIdle = ExecFront.IDLE;

        private Builder() {}

        /** Sets what prices, ids, boot times and draws of faults come from. Default: 1. */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /** Sets the region's id. Default: {@code cn-hangzhou}. */
        public Builder region(String region) {
            this.region = requireNonNull(region, "region");
            return this;
        }

        /** Sets the port of the API. Default: 0, any free one. */
        public Builder port(int port) {
            this.port = port;
            return this;
        }

        /** Sets the SSH port of all machines. Default: 0, any free one. */
        public Builder sshPort(int sshPort) {
            this.sshPort = sshPort;
            return this;
        }

        /** Sets the cloud's clock. Default: {@link SimulatedClock#wall}. */
        public Builder clock(SimulatedClock clock) {
            this.clock = requireNonNull(clock, "clock");
            return this;
        }

        /**
         * Sets how long machines take from the create call to Running, by the cloud's clock; the seed decides where in
         * between. Default: 1 to 2 seconds, so that a first try is quick; real machines take some 20 to 60.
         *
         * @throws IllegalArgumentException if the least is negative or above the most
         */
        public Builder bootTime(Duration least, Duration most) {
            if (least.isNegative() || least.compareTo(most) > 0) {
                throw new IllegalArgumentException("boot time must be zero or more, the least first");
            }
            this.bootMin = least;
            this.bootMax = most;
            return this;
        }

        /**
         * Sets how long an image is Creating at least, by the cloud's clock. Default: 2 seconds; real ones take
         * minutes.
         *
         * @throws IllegalArgumentException if it is negative
         */
        public Builder imageTime(Duration imageTime) {
            if (imageTime.isNegative()) {
                throw new IllegalArgumentException("imageTime must not be negative");
            }
            this.imageTime = imageTime;
            return this;
        }

        /**
         * Sets a folder, made if it is not there, in which the simulator makes one of its own for the home folders of
         * its machines. Default: the host's folder for temporary files. A home folder is deleted with its machine, the
         * simulator's own on close.
         */
        public Builder machineRoot(Path machineRoot) {
            this.machineRoot = requireNonNull(machineRoot, "machineRoot");
            return this;
        }

        /** Sets variables that every process of every machine gets, beside the simulator's own. Default: none. */
        public Builder machineEnvironment(Map<String, String> environment) {
            this.machineEnvironment = Map.copyOf(environment);
            return this;
        }

        /** Sets what prepares the home folder of each machine. Default: nothing. */
        public Builder onMachineStart(MachineHook hook) {
            this.machineHook = requireNonNull(hook, "hook");
            return this;
        }

        /** Sets how far machines are kept apart. Default: {@link Isolation#PLAIN}. */
        public Builder isolation(Isolation isolation) {
            this.isolation = requireNonNull(isolation, "isolation");
            return this;
        }

        /**
         * Sets how many calls {@link AlibabaCloudSimulator#journal} remembers. Default: 10,000.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder journalCapacity(int calls) {
            if (calls < 1) {
                throw new IllegalArgumentException("journalCapacity must be at least 1, was " + calls);
            }
            this.journalCapacity = calls;
            return this;
        }

        /**
         * Sends what commands in containers write as base64, message by message. Default: as it is. Which of the two ECI
         * does is unconfirmed; clients are seen that expect both (eci-openapi, 5).
         */
        public Builder execInBase64() {
            this.execEncoding = ExecEncoding.BASE64;
            return this;
        }

        /**
         * Sets after how long without a message or a ping a connection of a command in a container is cut, by the wall
         * clock. Default: 60 seconds (eci-openapi, 5).
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder execIdle(Duration idle) {
            if (idle.isNegative() || idle.isZero()) {
                throw new IllegalArgumentException("idle must be positive");
            }
            this.execIdle = idle;
            return this;
        }

        /** Sets where the programs that isolate machines are looked for, for tests of a host without them. */
        Builder programs(String path) {
            this.programs = path;
            return this;
        }

        /** Sets whether machines get addresses of their own where the host can do that, for tests of the other way. */
        Builder ownAddresses(boolean ownAddresses) {
            this.ownAddresses = ownAddresses;
            return this;
        }

        /**
         * Starts the simulator.
         *
         * @throws UncheckedIOException if a port is taken, a folder cannot be made, or machines cannot be isolated here
         *     although {@link #isolation} wants it; the message of the last says what is missing
         */
        public AlibabaCloudSimulator start() {
            try {
                return new AlibabaCloudSimulator(this);
            } catch (IOException e) {
                throw new UncheckedIOException("the simulator cannot start: " + e.getMessage(), e);
            }
        }
    }
}
