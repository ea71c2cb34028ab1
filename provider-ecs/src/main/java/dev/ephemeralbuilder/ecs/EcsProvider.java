package dev.ephemeralbuilder.ecs;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.alibaba.BatchOrders;
import dev.ephemeralbuilder.alibaba.MarketOffers;
import dev.ephemeralbuilder.alibaba.OpenApiClient;
import dev.ephemeralbuilder.alibaba.ProviderBuilder;
import dev.ephemeralbuilder.alibaba.ProviderSettings;
import dev.ephemeralbuilder.alibaba.SpotMarket;
import dev.ephemeralbuilder.alibaba.TypeFilter;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.selection.Rejection;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Door;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Alibaba Cloud ECS: spot and on-demand instances in one region, reached by SSH.
 *
 * <p>Every instance is created with its tags, with the time at which the cloud itself releases it, and with a host key
 * of its own, in one call. Instances need a Linux image with cloud-init and a POSIX shell, in a VPC whose security group
 * lets this JVM reach the SSH port.
 *
 * <p>The access key needs the RAM permissions {@code ecs:RunInstances}, {@code ecs:DescribeInstances},
 * {@code ecs:DeleteInstances}, {@code ecs:TagResources}, {@code ecs:ModifyInstanceAutoReleaseTime}, {@code ecs:GetInstanceConsoleOutput},
 * {@code ecs:DescribeInstanceTypes}, {@code ecs:DescribeSpotPriceHistory}, {@code ecs:DescribeSpotAdvice} and
 * {@code ecs:DescribeAvailableResource}. A call without its permission fails with a {@code CredentialsException}; that
 * has been so for {@code DescribeInstances} too since 20 December 2025 (the vendor's announcement on the authentication
 * of query operations), before which every machine would have looked absent.
 *
 * <p>Safe for use by many threads; thin and stateless as {@link CloudProvider} says. Every method makes one call of the
 * API, unless it says otherwise; a call ends within {@link Builder#callTimeout}.
 */
public final class EcsProvider implements CloudProvider {
    private static final URI METADATA = URI.create("http://100.100.100.200");

    static final String NAME = "ecs";

    /** Which address of a machine to connect to. */
    public enum AddressChoice {
        /** The private address: this JVM runs in the same VPC, or has a route into it. */
        PRIVATE,
        /** The public address; specs must ask for a public bandwidth. */
        PUBLIC
    }

    private final String region;
    private final Map<String, String> vSwitches;
    private final TypeFilter allowed;
    private final Function<Machine, Optional<InetSocketAddress>> addresses;
    private final ProviderLimits limits;
    private final String account;
    private final OpenApiClient client;
    private final RunOrders orders;
    private final EcsApi api;
    private final BatchOrders batches;
    private final SpotMarket market;
    private final MarketOffers offers;
    private final SshConnector ssh;

    private EcsProvider(Builder b, ProviderSettings settings) {
        this.region = settings.region();
        String securityGroup = settings.securityGroup();
        this.vSwitches = new TreeMap<>(settings.vSwitches());
        this.allowed = settings.namedTypes();
        this.addresses = b.addresses();
        this.limits = settings.limits();
        this.account = settings.account();
        this.client = settings.newClient().errors(settings.errors()).build();
        this.orders = new RunOrders(
                vSwitches, securityGroup, b.systemDiskCategory, settings.resourceGroup(), b.user, limits.launchBatch());
        this.api = new EcsApi(client, b.clock == null ? client.clock() : b.clock, limits.reclaimNotice());
        this.batches = new BatchOrders(client, api::describe);
        this.market = new SpotMarket(client);
        this.offers = new MarketOffers(NAME, region, vSwitches.keySet(), (type, way) -> allowed.test(type));
        this.ssh = new SshConnector(b.user);
    }

    /** Returns a new builder with the documented defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns {@code ecs}. */
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
     * <p>ECS says it in full seconds.
     */
    @Override
    public void onCloudTime(Consumer<Instant> listener) {
        client.onDate(listener);
    }

    /** Returns the limits of ECS (ecs-openapi, 1.1). */
    @Override
    public ProviderLimits limits() {
        return limits;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Makes a call per 100 types for the catalogue, per type and protection for prices, two for stock, and one per
     * 10 types for release rates. Only the families, types and zones that the provider is set up for are returned.
     *
     * @throws ConfigurationException if the catalogue holds none of the families and types that the provider is set up
     *     for
     * @throws IllegalArgumentException if a protection is neither zero nor one hour
     */
    @Override
    public MarketSnapshot market(MarketQuery query) throws InterruptedException {
        Set<Part> parts = query.parts();
        List<MachineType> wanted = query.types().stream().filter(allowed).toList();
        // With nothing left to ask for, an empty filter would ask for everything.
        boolean nothing = wanted.isEmpty() && !query.types().isEmpty();
        return new MarketSnapshot(
                parts.contains(Part.CATALOG) ? market.types(allowed) : List.of(),
                parts.contains(Part.PRICES)
                        ? market.prices(wanted, query.protections()).stream()
                                .filter(price -> vSwitches.containsKey(price.zone()))
                                .toList()
                        : List.of(),
                parts.contains(Part.STOCK) && !nothing
                        ? market.stock(wanted, query.protections()).stream()
                                .filter(stock -> vSwitches.containsKey(stock.zone()))
                                .toList()
                        : List.of(),
                parts.contains(Part.RELEASE_RATES)
                        ? market.releaseRates(wanted).stream()
                                .filter(rate -> vSwitches.containsKey(rate.zone()))
                                .toList()
                        : List.of());
    }

    /**
     * {@inheritDoc}
     *
     * <p>A spec without a machine image gets no offer; zones without a vSwitch are not offered.
     */
    @Override
    public Offers offers(MachineSpec spec, MarketSnapshot market) {
        return spec.machineImage().isPresent()
                ? offers.select(spec, market)
                : new Offers(List.of(), List.of(new Rejection(NAME, "the spec names no machine image")));
    }

    /**
     * {@inheritDoc}
     *
     * <p>One {@code RunInstances} call. A spot bid is the on-demand price of the offer or, if lower, the spec's highest
     * price, cut to three decimals.
     *
     * @throws ConfigurationException if the launch cannot be expressed: no machine image, too many machines, a zone without vSwitch, a
     *     protection or a currency that ECS does not know, keys that are not ECDSA on P-256
     */
    @Override
    public LaunchResult launch(Launch launch) throws InterruptedException {
        return api.run(orders.order(launch));
    }

    /**
     * {@inheritDoc}
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
     * <p>ECS finds at most 1,000 instances by one tag (ecs-openapi, 1.1): of an owner with more, some are not listed
     * until others are gone.
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
     * {@inheritDoc}
     *
     * <p>ECS counts in minutes: the time is rounded up.
     *
     * @throws ProviderException not retryable, without effect, if there is no such instance
     */
    @Override
    public Instant extend(String id, Instant cap) throws InterruptedException {
        return api.extend(id, requireNonNull(cap, "cap"));
    }

    /**
     * {@inheritDoc}
     *
     * <p>Where the cloud refuses a call with several ids because of one of them, it does not say which. Then one describe
     * call finds the ids that are absent or not ready, and the rest is asked for again: at most three orders and two
     * describe calls in all.
     *
     * @throws ConfigurationException if there are more ids than {@link ProviderLimits#deleteBatch}
     */
    @Override
    public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
        return BatchOrders.isAny(ids, limits.deleteBatch()) ? batches.give(ids, api::delete) : Map.of();
    }

    /**
     * {@inheritDoc}
     *
     * <p>One {@code GetInstanceConsoleOutput} call. How much of the console ECS keeps, and how old it may be, is
     * unconfirmed (ecs-openapi, 1.1).
     */
    @Override
    public Optional<String> consoleOutput(String id) throws InterruptedException {
        return api.console(requireNonNull(id, "id"));
    }

    /**
     * {@inheritDoc}
     *
     * <p>Makes a TCP connection to the SSH server and ends it; a machine that is just being made has its address already.
     */
    @Override
    public CompletableFuture<Door> knock(Machine machine) {
        return addresses.apply(machine).map(ssh::knock).orElse(CompletableFuture.completedFuture(Door.UNKNOWN));
    }

    /** Returns {@code http://100.100.100.200} (ecs-openapi, 2). */
    @Override
    public Optional<URI> machineMetadata() {
        return Optional.of(METADATA);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Ends within 20 seconds.
     *
     * @throws ProviderException retryable and without effect while the machine has no address, does not answer or does
     *     not let the user in yet; not retryable, with the code {@code HostKeyMismatch}, if it shows another host key
     */
    @Override
    public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
        InetSocketAddress address = addresses
                .apply(machine)
                .orElseThrow(() -> new ProviderException(
                        machine.id() + " has no address yet", Effect.NONE, true, "NoAddress", null, null));
        return ssh.connect(machine.id(), address, keys);
    }

    @Override
    public void close() {
        ssh.close();
        client.close();
    }

    @Override
    public String toString() {
        return "EcsProvider[" + region + ", zones " + vSwitches.keySet() + "]";
    }

    /**
     * Builds {@link EcsProvider}s. Not safe for use by many threads. A setting that cannot be right is refused at once
     * with an {@link IllegalArgumentException} that names it. Without {@link #families} and {@link #types} all types are
     * offered; without {@link #callsPerMinute} 300 calls of each kind are made in a minute at most (ecs-openapi, 1.4).
     */
    public static final class Builder extends ProviderBuilder<Builder> {
        private static final Pattern USER = Pattern.compile("[a-z_][a-z0-9_-]{0,31}");

        private String user = "builder";
        private String systemDiskCategory = "cloud_essd";
        private AddressChoice addressChoice = AddressChoice.PRIVATE;
        private @Nullable Function<Machine, @Nullable InetSocketAddress> addressResolver;
        private int sshPort = 22;
        private @Nullable Clock clock;

        private Builder() {
            // The cloud counts by operation (ecs-openapi, 1.4), and some of our calls are one operation to it.
            super(ProviderLimits.builder()
                    .bucket(CloudAction.LAUNCH, "RunInstances")
                    .bucket(CloudAction.DESCRIBE, "DescribeInstances")
                    .bucket(CloudAction.LIST, "DescribeInstances")
                    .bucket(CloudAction.RENEW, "TagResources")
                    .bucket(CloudAction.EXTEND, "ModifyInstanceAutoReleaseTime")
                    .bucket(CloudAction.CONSOLE, "GetInstanceConsoleOutput")
                    .bucket(CloudAction.DELETE, "DeleteInstances"));
        }

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the name of the user that is made on each machine and that scripts run as. Default: {@code builder}. */
        public Builder user(String user) {
            if (!USER.matcher(user).matches() || user.equals("root")) {
                throw new IllegalArgumentException("user must be the name of a new Linux user, was " + user);
            }
            this.user = user;
            return this;
        }

        /** Sets the category of system disks. Default: {@code cloud_essd}. */
        public Builder systemDiskCategory(String systemDiskCategory) {
            this.systemDiskCategory = notBlank(systemDiskCategory, "systemDiskCategory");
            return this;
        }

        /** Sets which address of a machine to connect to. Default: {@link AddressChoice#PRIVATE}. */
        public Builder addressChoice(AddressChoice addressChoice) {
            this.addressChoice = requireNonNull(addressChoice, "addressChoice");
            return this;
        }

        /**
         * Sets where to connect to for a machine, for bastions and address translation; called before each connection,
         * must not block, and returns null while there is no address yet. Default: the chosen address and
         * {@link #sshPort}.
         */
        public Builder addressResolver(Function<Machine, @Nullable InetSocketAddress> addressResolver) {
            this.addressResolver = requireNonNull(addressResolver, "addressResolver");
            return this;
        }

        /** Sets the SSH port of the machines. Default: 22. */
        public Builder sshPort(int sshPort) {
            if (sshPort < 1 || sshPort > 65_535) {
                throw new IllegalArgumentException("sshPort must be from 1 to 65535, was " + sshPort);
            }
            this.sshPort = sshPort;
            return this;
        }

        /** Sets the clock that dates notices of reclaim. Default: the cloud's, as its answers tell it. */
        Builder clock(Clock clock) {
            this.clock = clock;
            return this;
        }

        /**
         * Builds the provider. Makes no call.
         *
         * @throws IllegalStateException if a required setting is missing
         */
        public EcsProvider build() {
            return new EcsProvider(this, settings());
        }

        private Function<Machine, Optional<InetSocketAddress>> addresses() {
            Function<Machine, @Nullable InetSocketAddress> resolver = addressResolver;
            if (resolver != null) {
                return machine -> Optional.ofNullable(resolver.apply(machine));
            }
            AddressChoice choice = addressChoice;
            int port = sshPort;
            return machine -> (choice == AddressChoice.PUBLIC ? machine.publicAddress() : machine.privateAddress())
                    .map(host -> new InetSocketAddress(host, port));
        }
    }
}
