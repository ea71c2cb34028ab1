package dev.ephemeralbuilder.testing.simulator;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The account whose cloud a simulator is: who may call, how often, and how much it may have. A new one has one caller
 * who may do everything, of ECS no limit of calls and 5,000 new instances a minute (ecs-openapi, 1.4), of ECI the limits
 * of calls that are documented (eci-openapi, 4: 2,000 {@code DescribeContainerGroups} a minute, 1,000 creates, deletes
 * and prices each, 500 execs and logs each, 200 image caches), no quota, and room for 65,532 addresses in each vSwitch.
 *
 * <pre>{@code
 * SimulatedCaller bot = cloud.account().caller("ci-bot").deny("DeleteInstances");
 * cloud.account().callsPerMinute("DescribeInstances", 100).onDemandVcpus(64);
 * }</pre>
 *
 * <p>What is set holds from the next call on. Safe for use by many threads.
 */
public final class SimulatedAccount {
    static final String ACCESS_KEY_ID = "simulated-access-key-id";
    static final String ACCESS_KEY_SECRET = "simulated-access-key-secret";

    // A vSwitch of a /16 network; four addresses of each are the cloud's own.
    private static final int ADDRESSES = 65_532;

    private final Region region;
    private final RateLimits limits;
    private final Map<String, SimulatedCaller> callersByName = new ConcurrentHashMap<>();
    private final Map<String, SimulatedCaller> callersByKey = new ConcurrentHashMap<>();
    private final Map<String, Integer> addresses = new ConcurrentHashMap<>();
    private volatile int maxInstances = Integer.MAX_VALUE;
    private volatile int maxOnDemandVcpus = Integer.MAX_VALUE;
    private volatile int maxSpotVcpus = Integer.MAX_VALUE;
    private volatile int maxGroupVcpus = Integer.MAX_VALUE;

    SimulatedAccount(Region region, RateLimits limits) {
        this.region = region;
        this.limits = limits;
    }

    /**
     * Returns a RAM user of the account with a key of its own, made by the first call with this name. It may do
     * everything until {@link SimulatedCaller#deny} says otherwise.
     *
     * @param name letters, digits, {@code .}, {@code _} and {@code -}
     * @throws IllegalArgumentException if the name has other characters, or none
     */
    public SimulatedCaller caller(String name) {
        if (!requireNonNull(name, "name").matches("[A-Za-z0-9._-]+")) {
            throw new IllegalArgumentException("a caller's name has letters, digits, '.', '_' and '-'");
        }
        return callersByName.computeIfAbsent(name, absent -> {
            SimulatedCaller caller = new SimulatedCaller(absent);
            callersByKey.put(caller.accessKeyId(), caller);
            return caller;
        });
    }

    /**
     * Limits the calls of an operation, of all callers together, per minute of the cloud's clock; of each product by
     * itself where two have an operation of that name. What comes beyond is
     * refused with {@code Throttling.User} until the next minute begins (ecs-openapi, 1.4). Injected faults and wrong
     * parameters count like other calls. The status, 400, is [unconfirmed].
     *
     * @param action the operation, such as {@code DescribeInstances}
     * @param calls zero or more
     */
    public SimulatedAccount callsPerMinute(String action, int calls) {
        limits.setCalls(requireNonNull(action, "action"), notNegative(calls, "calls"));
        return this;
    }

    /**
     * Limits how many instances can be created per minute of the cloud's clock; a call that asks for more than is left
     * is refused whole. Default: 5,000 (ecs-openapi, 1.4). The code of the refusal, {@code Throttling.Resource} with
     * status 429, is [unconfirmed].
     *
     * @param instances zero or more
     */
    public SimulatedAccount instancesPerMinute(int instances) {
        limits.setInstances(notNegative(instances, "instances"));
        return this;
    }

    /**
     * Limits how many instances there can be at once, spot and on demand together. A call that asks for more than is
     * left is refused with {@code QuotaExceed.AfterpayInstance}, status 400 (ecs-openapi, 3); that {@code MinAmount}
     * does not help there is [unconfirmed]. Default: no limit.
     *
     * @param instances zero or more
     */
    public SimulatedAccount instances(int instances) {
        maxInstances = notNegative(instances, "instances");
        return this;
    }

    /**
     * Limits the vCPUs of all instances on demand. A call that asks for more than is left is refused with
     * {@code QuotaExceed.ElasticQuota}, status 403 (ecs-openapi, 3). Default: no limit.
     *
     * @param vcpus zero or more
     */
    public SimulatedAccount onDemandVcpus(int vcpus) {
        maxOnDemandVcpus = notNegative(vcpus, "vcpus");
        return this;
    }

    /**
     * Limits the vCPUs of all spot instances, which have a quota of their own. Refusals are those of
     * {@link #onDemandVcpus}; that spot has no code of its own is [unconfirmed]. Default: no limit.
     *
     * @param vcpus zero or more
     */
    public SimulatedAccount spotVcpus(int vcpus) {
        maxSpotVcpus = notNegative(vcpus, "vcpus");
        return this;
    }

    /**
     * Limits the vCPUs of all container groups together, spot and on demand. A call that asks for more than is left is
     * refused with {@code QuotaExceeded}, status 403 (eci-openapi, 8). Default: no limit.
     *
     * @param vcpus zero or more
     */
    public SimulatedAccount groupVcpus(int vcpus) {
        maxGroupVcpus = notNegative(vcpus, "vcpus");
        return this;
    }

    /**
     * Sets how many addresses a vSwitch has for machines. A machine takes one until it is gone. A call that asks for
     * more than are free is refused with {@code QuotaExceeded.PrivateIpAddress}, status 400 (ecs-openapi, 3; some pages
     * of the vendor say 403); that {@code MinAmount} does not help there is [unconfirmed].
     *
     * @param vSwitch the id, see {@link AlibabaCloudSimulator#vSwitches}
     * @param count zero or more
     * @throws IllegalArgumentException if there is no such vSwitch
     */
    public SimulatedAccount addresses(String vSwitch, int count) {
        if (region.zoneOf(vSwitch) == null) {
            throw new IllegalArgumentException("no such vSwitch: " + vSwitch);
        }
        addresses.put(vSwitch, notNegative(count, "count"));
        return this;
    }

    /** Returns the secret of a key, or null if the key is not known. */
    @Nullable String secretOf(String accessKeyId) {
        if (accessKeyId.equals(ACCESS_KEY_ID)) {
            return ACCESS_KEY_SECRET;
        }
        SimulatedCaller caller = callersByKey.get(accessKeyId);
        return caller == null ? null : caller.accessKeySecret();
    }

    /** Returns the RAM user with this key, or null for the account itself. */
    @Nullable SimulatedCaller callerOf(String accessKeyId) {
        return callersByKey.get(accessKeyId);
    }

    int maxInstances() {
        return maxInstances;
    }

    int maxVcpus(boolean spot) {
        return spot ? maxSpotVcpus : maxOnDemandVcpus;
    }

    int maxGroupVcpus() {
        return maxGroupVcpus;
    }

    int addresses(String vSwitch) {
        return addresses.getOrDefault(vSwitch, ADDRESSES);
    }

    private static int notNegative(int value, String name) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " must not be negative");
        }
        return value;
    }
}
