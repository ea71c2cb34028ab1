package dev.ephemeralbuilder.eci;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.alibaba.BatchOrders;
import dev.ephemeralbuilder.alibaba.OpenApiClient;
import dev.ephemeralbuilder.alibaba.ProviderBuilder;
import dev.ephemeralbuilder.alibaba.ProviderSettings;
import dev.ephemeralbuilder.alibaba.SpotMarket;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.LogPage;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Alibaba Cloud ECI: spot and on-demand container groups in one region, reached by ExecContainerCommand.
 *
 * <p>Every group is created with its tags, with the time after which the cloud itself ends it, and with the supervisor as
 * its command, in one call. Groups need a Linux image with a POSIX shell in a VPC; nothing has to reach them but the
 * API. On demand they are made by size: what a spec asks for is rounded up to what ECI bills, and that is what is offered.
 * Instance types, on both markets, are offered where {@link Builder#families} or {@link Builder#types} names them.
 *
 * <p>The access key needs the RAM permissions {@code eci:CreateContainerGroup}, {@code eci:DescribeContainerGroups},
 * {@code eci:DeleteContainerGroup}, {@code eci:TagResources}, {@code eci:ExecContainerCommand},
 * {@code eci:DescribeContainerLog}, {@code eci:DescribeContainerGroupPrice} and {@code eci:DescribeAvailableResource};
 * with instance types also {@code ecs:DescribeInstanceTypes}, {@code ecs:DescribeSpotPriceHistory} and
 * {@code ecs:DescribeSpotAdvice}.
 *
 * <p>Safe for use by many threads; thin and stateless as {@link CloudProvider} says. Every method makes one call of the
 * API, unless it says otherwise; a call ends within {@link Builder#callTimeout}. The facts about ECI are those of
 * eci-openapi.
 */
public final class EciProvider implements CloudProvider {
    static final String NAME = "eci";

    private final String region;
    private final Set<String> zones;
    private final ProviderLimits limits;
    private final String account;
    private final OpenApiClient client;
    private final OpenApiClient ecsClient;
    private final EciApi api;
    private final GroupOrders orders;
    private final BatchOrders batches;
    private final EciMarket market;
    private final EciOffers offers;
    private final ContainerLogs logs;
    private final ExecSockets sockets = new ExecSockets();

    private EciProvider(Builder b, ProviderSettings common) {
        this.region = common.region();
        GroupSettings settings = b.settings(common);
        this.zones = new TreeMap<>(settings.vSwitches()).navigableKeySet();
        this.limits = common.limits();
        this.account = common.account();
        this.client = common.newClient().errors(EciErrors.with(common.errors())).build();
        this.ecsClient = b.ecsClient(common);
        this.api = new EciApi(
                client,
                new ContainerGroups(
                        region,
                        settings.vSwitches(),
                        b.clock == null ? client.clock() : b.clock,
                        limits.reclaimNotice(),
                        new PullFailures(settings.imageRules())));
        this.orders = new GroupOrders(settings);
        this.batches = new BatchOrders(client, api::describe);
        this.market = new EciMarket(api, new SpotMarket(ecsClient), common.namedTypes(), zones);
        this.offers = new EciOffers(NAME, region, zones, market::isOffered);
        this.logs = new ContainerLogs(api);
    }

    /** Returns a new builder with the documented defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns {@code eci}. */
    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String region() {
        return region;
    }

    /** Returns what {@link Builder#account} was set to. */
    @Override
    public String account() {
        return account;
    }

    /**
     * {@inheritDoc}
     *
     * <p>ECI and ECS say it in full seconds.
     */
    @Override
    public void onCloudTime(Consumer<Instant> listener) {
        client.onDate(listener);
        ecsClient.onDate(listener);
    }

    /** Returns 30: what a container group has for nothing (eci-openapi, 7). */
    @Override
    public int freeDiskGib() {
        return GroupOrders.FREE_DISK_GIB;
    }

    /** Returns the limits of ECI (eci-openapi, section 4). */
    @Override
    public ProviderLimits limits() {
        return limits;
    }

    /**
     * {@inheritDoc}
     *
     * <p>The catalogue is all sizes, without a call, and the instance types that the provider is set up for, by a call per
     * 100 types. Prices take a call per size, and per type and protection; stock one per size and two per type; release
     * rates one per 10 types. A size costs the same in all zones.
     *
     * @throws ConfigurationException if the catalogue of ECS holds none of the families and types that the provider is set
     *     up for
     * @throws IllegalArgumentException if a protection is neither zero nor one hour
     */
    @Override
    public MarketSnapshot market(MarketQuery query) throws InterruptedException {
        return market.read(query);
    }

    /**
     * {@inheritDoc}
     *
     * <p>A spec without a container image gets no offer, nor does one with GPUs; zones without a vSwitch are not offered.
     * A spec that is larger than every size is rejected with the sizes that come nearest.
     */
    @Override
    public Offers offers(MachineSpec spec, MarketSnapshot market) {
        return offers.select(spec, market);
    }

    /**
     * {@inheritDoc}
     *
     * <p>One {@code CreateContainerGroup} call. A spot bid is the on-demand price of the offer or, if lower, the spec's
     * highest price, cut to three decimals. The cloud ends the group up to about a minute after the cap; later by
     * the time that it was Pending, if ECI counts the lifetime from the start of the group, which is unconfirmed.
     *
     * @throws ConfigurationException if the launch cannot be expressed: no container image, several machines, a zone
     *     without vSwitch, a protection or a currency that ECI does not know, tags, words of a command or values of
     *     variables that are longer than it takes
     */
    @Override
    public LaunchResult launch(Launch launch) throws InterruptedException {
        return api.create(orders.order(launch));
    }

    /**
     * {@inheritDoc}
     *
     * <p>Where the cloud refuses a call with several ids because of one that it does not know, each is asked for by itself.
     *
     * @throws ConfigurationException if there are more ids than {@link ProviderLimits#describeBatch}
     */
    @Override
    public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
        return BatchOrders.isAny(ids, limits.describeBatch()) ? api.describe(ids) : Map.of();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Groups that the cloud makes by itself, as for an image cache, carry no tag of an owner and are not listed.
     */
    @Override
    public MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
        return api.list(owner, cursor);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Where the cloud refuses a call with several ids because of one of them, it does not say which. Then one describe
     * call finds the ids that are absent or not ready, and the rest is asked for again: at most three orders and two
     * describe calls in all.
     *
     * @throws ConfigurationException if there are more ids than {@link ProviderLimits#renewBatch}
     */
    @Override
    public Map<String, Outcome> renew(Collection<String> ids, Instant lease) throws InterruptedException {
        if (!BatchOrders.isAny(ids, limits.renewBatch())) {
            return Map.of();
        }
        return batches.give(ids, some -> api.tag(some, MachineTags.LEASE, Long.toString(lease.getEpochSecond())));
    }

    /**
     * Refuses: ECI cannot change the lifetime of a group.
     *
     * @throws ConfigurationException always
     */
    @Override
    public Instant extend(String id, Instant cap) throws InterruptedException {
        checkUsable(id, "extend");
        throw new ConfigurationException(
                "the lifetime of container groups cannot be changed; set a longer one in the spec", null, null, null);
    }

    /**
     * {@inheritDoc}
     *
     * <p>ECI deletes one group in a call. What runs in it has no grace.
     *
     * @throws ConfigurationException if there are more ids than {@link ProviderLimits#deleteBatch}
     */
    @Override
    public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
        return BatchOrders.isAny(ids, limits.deleteBatch())
                ? batches.give(ids, some -> {
                    for (String id : some) {
                        api.delete(id);
                    }
                })
                : Map.of();
    }

    /** Returns true: a group can run a command of its own in place of the supervisor. */
    @Override
    public boolean runsContainerCommands() {
        return true;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Makes a second call where lines are so long that one answer holds nothing new. ECI gives the last 2,000 lines, or
     * 1 MiB, since a full second; whether it still does after the end of the command is unconfirmed (eci-openapi, 12).
     */
    @Override
    public LogPage log(String id, @Nullable String cursor) throws InterruptedException {
        return logs.read(id, cursor);
    }

    /**
     * {@inheritDoc}
     *
     * <p>The group's warnings, then the end of the container's log: one call for each.
     */
    @Override
    public Optional<String> consoleOutput(String id) throws InterruptedException {
        return ContainerConsole.read(api, requireNonNull(id, "id"));
    }

    /**
     * {@inheritDoc}
     *
     * <p>Makes no call: each channel makes one. The connection is as safe as the API's own, so the keys are not used.
     *
     * @throws ProviderException retryable and without effect while the machine does not run
     */
    @Override
    public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
        requireNonNull(keys, "keys");
        checkUsable(machine.id(), "open");
        if (machine.state() != MachineState.RUNNING) {
            throw new ProviderException(
                    machine.id() + " does not run, it is " + machine.state(),
                    Effect.NONE,
                    true,
                    "NotRunning",
                    null,
                    null);
        }
        String id = machine.id();
        return new ExecShell(id, command -> api.exec(id, command), command -> api.terminal(id, command), sockets);
    }

    /** What makes no call behaves as what makes one. */
    private void checkUsable(String id, String action) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException(action + " was not tried");
        }
        if (sockets.isClosed()) {
            throw ExecSockets.closed(id);
        }
    }

    @Override
    public void close() {
        sockets.close();
        client.close();
        ecsClient.close();
    }

    @Override
    public String toString() {
        return "EciProvider[" + region + ", zones " + zones + "]";
    }

    /**
     * Builds {@link EciProvider}s. Not safe for use by many threads. A setting that cannot be right is refused at once
     * with an {@link IllegalArgumentException} that names it.
     *
     * <p>Without {@link #families(Set)} and {@link #types(Set)}, sizes are offered on demand and nothing on the spot market; name
     * types of ECS that ECI takes, since one that it does not take costs an attempt. Without {@link #callsPerMinute} as
     * many calls are made in a minute as ECI allows an account, where that is published: 1,000 launches, 1,000 deletions,
     * 2,000 looks and lists together, 500 opened channels, 500 reads of a log or a console together; and 300 of the others.
     */
    public static final class Builder extends ProviderBuilder<Builder> {
        private static final int MAX_REGISTRIES = 10;
        private static final int LEAST_PENDING_MINUTES = 10;
        private static final int MOST_PENDING_MINUTES = 1440;

        private @Nullable String ramRole;
        private final Map<String, GroupSettings.Registry> registries = new LinkedHashMap<>();
        private final List<String> acrIds = new ArrayList<>();
        private final List<Set<String>> acrDomains = new ArrayList<>();
        private boolean imageCacheMatch = true;
        private @Nullable String imageCache;
        private Map<String, String> imageRules = Map.of();
        private int eipBandwidthMbit;
        private int maxPendingMinutes = LEAST_PENDING_MINUTES;
        private Map<String, String> rawParameters = Map.of();
        private @Nullable Clock clock;
        private @Nullable URI ecsEndpoint;

        private Builder() {
            // Calls in a minute, of the whole account (eci-openapi, section 4); the cloud counts by operation.
            super(ProviderLimits.builder()
                    .launchBatch(1)
                    .deleteBatch(1)
                    .describeBatch(EciApi.DESCRIBE_BATCH)
                    .renewBatch(EciApi.DESCRIBE_BATCH)
                    .minLifetime(GroupOrders.LEAST_LIFETIME)
                    .reclaimNotice(Duration.ofMinutes(3))
                    .callsPerMinute(CloudAction.LAUNCH, 1000)
                    .callsPerMinute(CloudAction.DELETE, 1000)
                    .callsPerMinute(CloudAction.DESCRIBE, 2000)
                    .callsPerMinute(CloudAction.LIST, 2000)
                    .callsPerMinute(CloudAction.OPEN, 500)
                    .callsPerMinute(CloudAction.LOG, 500)
                    .bucket(CloudAction.LAUNCH, EciApi.CREATE)
                    .bucket(CloudAction.DELETE, EciApi.DELETE)
                    .bucket(CloudAction.DESCRIBE, EciApi.DESCRIBE)
                    .bucket(CloudAction.LIST, EciApi.DESCRIBE)
                    .bucket(CloudAction.RENEW, EciApi.TAG)
                    .bucket(CloudAction.OPEN, EciApi.EXEC)
                    .bucket(CloudAction.LOG, EciApi.LOG)
                    .callsPerMinute(CloudAction.CONSOLE, 500)
                    .bucket(CloudAction.CONSOLE, EciApi.LOG));
        }

        @Override
        protected Builder self() {
            return this;
        }

        /**
         * Sets the endpoint of the API of ECS, which the market is read from, in the form of {@link #endpoint}. Default: what
         * {@link #endpoint} says, or else the region's own.
         */
        public Builder ecsEndpoint(URI ecsEndpoint) {
            OpenApiClient.builder().endpoint(ecsEndpoint);
            this.ecsEndpoint = ecsEndpoint;
            return this;
        }

        private OpenApiClient ecsClient(ProviderSettings common) {
            OpenApiClient.Builder client = common.newClient().errors(common.errors());
            return (ecsEndpoint == null ? client : client.endpoint(ecsEndpoint)).build();
        }

        /** Sets the RAM role that programs in the groups can use. Default: none. */
        public Builder ramRole(String ramRole) {
            this.ramRole = notBlank(ramRole, "ramRole");
            return this;
        }

        /**
         * Adds the login of a registry that images are pulled from; a second one for the same server takes the place of the
         * first. Default: none; at most 10.
         *
         * @param server host name of the registry, without scheme
         * @param user name of the user
         * @param password the password, which is shown nowhere
         */
        public Builder registryCredential(String server, String user, String password) {
            notBlank(server, "registryCredential: server");
            if (server.contains("://") || server.contains("@")) {
                throw new IllegalArgumentException("registryCredential: server must be a host name without scheme");
            }
            notBlank(user, "registryCredential: user");
            notBlank(password, "registryCredential: password");
            registries.put(server, new GroupSettings.Registry(server, user, password));
            if (registries.size() > MAX_REGISTRIES) {
                throw new IllegalArgumentException(
                        "registryCredential can be set for at most " + MAX_REGISTRIES + " servers");
            }
            return this;
        }

        /**
         * Adds an instance of Container Registry, in the same region and account, that groups pull from without password.
         * Default: none.
         *
         * @param instanceId id of the instance, such as {@code cri-…}
         * @param domains its domain names; those of the instance if empty
         */
        public Builder acrInstance(String instanceId, Set<String> domains) {
            acrIds.add(notBlank(instanceId, "acrInstance: instanceId"));
            domains.forEach(domain -> notBlank(domain, "acrInstance: a domain"));
            acrDomains.add(Set.copyOf(domains));
            return this;
        }

        /** Sets whether ECI looks for an image cache that fits the image by itself. Default: yes. */
        public Builder imageCacheMatch(boolean imageCacheMatch) {
            this.imageCacheMatch = imageCacheMatch;
            return this;
        }

        /** Sets the id of the image cache to use, such as {@code imc-…}. Default: none. */
        public Builder imageCache(String imageCache) {
            this.imageCache = notBlank(imageCache, "imageCache");
            return this;
        }

        /**
         * Sets what takes the place of the beginning of an image's name, such as {@code docker.io/} ->
         * {@code registry-vpc.cn-shanghai.aliyuncs.com/mirror/}: the longest beginning that matches holds. Docker's short
         * names count as written out, {@code maven:3} as {@code docker.io/library/maven:3}. Default: none.
         *
         * @throws IllegalArgumentException unless both sides end with a slash
         */
        public Builder imageRules(Map<String, String> imageRules) {
            imageRules.forEach((from, to) -> {
                if (from.length() < 2 || to.length() < 2 || !from.endsWith("/") || !to.endsWith("/")) {
                    throw new IllegalArgumentException(
                            "imageRules must have beginnings that end with a slash, were " + from + " -> " + to);
                }
            });
            this.imageRules = Map.copyOf(imageRules);
            return this;
        }

        /**
         * Sets the least bandwidth in Mbit/s of a public address that every group gets, for VPCs without a NAT gateway. A
         * spec can ask for more. It is released with the group, and billed beside it. Default: 0, only where a spec asks.
         *
         * @throws IllegalArgumentException if negative
         */
        public Builder eipBandwidthMbit(int eipBandwidthMbit) {
            if (eipBandwidthMbit < 0) {
                throw new IllegalArgumentException("eipBandwidthMbit must not be negative, was " + eipBandwidthMbit);
            }
            this.eipBandwidthMbit = eipBandwidthMbit;
            return this;
        }

        /**
         * Sets after how many minutes the cloud gives up a group that is not running yet: it is billed meanwhile. Default:
         * 10.
         *
         * @throws IllegalArgumentException unless from 10 to 1440
         */
        public Builder maxPendingMinutes(int maxPendingMinutes) {
            if (maxPendingMinutes < LEAST_PENDING_MINUTES || maxPendingMinutes > MOST_PENDING_MINUTES) {
                throw new IllegalArgumentException("maxPendingMinutes must be from " + LEAST_PENDING_MINUTES + " to "
                        + MOST_PENDING_MINUTES + ", was " + maxPendingMinutes);
            }
            this.maxPendingMinutes = maxPendingMinutes;
            return this;
        }

        /**
         * Sets parameters of CreateContainerGroup that there is no setting for, as the API names them when flattened, such
         * as {@code Container.2.Image} or {@code Volume.2.Type}. The library's own container and volume have number 1.
         * Default: none. Values are shown nowhere.
         *
         * @throws IllegalArgumentException for a parameter that the library or another setting decides
         */
        public Builder rawParameters(Map<String, String> rawParameters) {
            RawParameters.check(rawParameters, "rawParameters");
            this.rawParameters = Map.copyOf(rawParameters);
            return this;
        }

        /**
         * Sets the clock that dates notices of reclaim for which the cloud names no time. Default: the cloud's, as its
         * answers tell it.
         */
        Builder clock(Clock clock) {
            this.clock = clock;
            return this;
        }

        /**
         * Builds the provider. Makes no call.
         *
         * @throws IllegalStateException if a required setting is missing
         */
        public EciProvider build() {
            return new EciProvider(this, settings());
        }

        private GroupSettings settings(ProviderSettings common) {
            List<GroupSettings.Acr> acrs = new ArrayList<>();
            for (int i = 0; i < acrIds.size(); i++) {
                acrs.add(new GroupSettings.Acr(
                        acrIds.get(i),
                        common.region(),
                        acrDomains.get(i).stream().sorted().toList()));
            }
            return new GroupSettings(
                    common.vSwitches(),
                    common.securityGroup(),
                    common.resourceGroup(),
                    ramRole,
                    List.copyOf(registries.values()),
                    acrs,
                    imageCacheMatch,
                    imageCache,
                    new ImageRules(imageRules),
                    eipBandwidthMbit,
                    maxPendingMinutes,
                    rawParameters);
        }
    }
}
