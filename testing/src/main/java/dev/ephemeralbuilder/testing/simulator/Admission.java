package dev.ephemeralbuilder.testing.simulator;

import java.util.Collection;

/**
 * Decides how many of the wanted machines a create call gets: quota, addresses and the rate must suffice for all that
 * it asks for, stock for {@code MinAmount} (ecs-openapi, 1.2 and 3). The order of these checks is [unconfirmed].
 */
final class Admission {
    private final SimulatedAccount account;
    private final RateLimits limits;
    private final SpotMarket market;

    Admission(SimulatedAccount account, RateLimits limits, SpotMarket market) {
        this.account = account;
        this.limits = limits;
        this.market = market;
    }

    /**
     * Takes stock for a call; nobody else may do so meanwhile.
     *
     * @param present the instances that there are
     * @return how many to create, at least one
     * @throws ApiError if none can be created; nothing is taken then
     */
    int admit(RunRequest request, Collection<Instance> present) {
        quota(request, present);
        if (freeAddresses(request.vSwitch, present) < request.amount) {
            throw ApiError.of("QuotaExceeded.PrivateIpAddress", "Don't have enough private IPs in this switch.");
        }
        limits.create(request.amount);
        int count = market.take(request.type.name(), request.zone, request.market(), request.minimum, request.amount);
        if (count == 0) {
            throw ApiError.of(
                    "OperationDenied.NoStock",
                    "The resource is out of stock in the specified zone. Please try other types, or choose other"
                            + " regions and zones.");
        }
        return count;
    }

    private void quota(RunRequest request, Collection<Instance> present) {
        if (present.size() + (long) request.amount > account.maxInstances()) {
            throw ApiError.of(
                    "QuotaExceed.AfterpayInstance", "The maximum number of Pay-As-You-Go instances is exceeded.");
        }
        long vcpus = present.stream()
                .filter(instance -> instance.request.isSpot() == request.isSpot())
                .mapToLong(instance -> instance.request.type.vcpus())
                .sum();
        if (vcpus + (long) request.amount * request.type.vcpus() > account.maxVcpus(request.isSpot())) {
            throw ApiError.of(
                    "QuotaExceed.ElasticQuota",
                    "The number of vCPUs assigned to the ECS instances has exceeded the quota in the zone.");
        }
    }

    /** Returns how many addresses of a vSwitch no machine has. */
    int freeAddresses(String vSwitch, Collection<Instance> present) {
        long taken = present.stream()
                .filter(instance -> instance.request.vSwitch.equals(vSwitch))
                .count();
        return (int) Math.max(0, account.addresses(vSwitch) - taken);
    }
}
