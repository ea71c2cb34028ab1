package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.Market;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides where a new group goes (eci-openapi, 3, 7 and 8): the vSwitches in their order or a drawn one, in each zone the
 * types in the order of the call. That zones come before types is [unconfirmed]. A spot group by size takes the cheapest
 * type of that size that the zone has in stock, as the market's prices are those of types; which one the real cloud takes
 * is [unconfirmed]. So is which code wins where several hold: no address, then a price above the limit or no type of that
 * size ({@code Spot.NotMatched}), then no stock. Addresses are counted per product.
 */
final class GroupAdmission {
    private final Region region;
    private final SimulatedAccount account;
    private final SpotMarket market;
    private final long seed;

    GroupAdmission(Premises premises) {
        this.region = premises.region();
        this.account = premises.account();
        this.market = premises.market();
        this.seed = premises.seed();
    }

    /**
     * Takes stock for a group; nobody else may do so meanwhile.
     *
     * @param present the groups that there are
     * @throws ApiError if there is no place; nothing is taken then
     */
    GroupPlace admit(GroupRequest request, long number, Collection<Group> present, Instant now) {
        double vcpus = vcpus(present);
        if (vcpus + request.size.vcpus() > account.maxGroupVcpus()) {
            throw ApiError.of("QuotaExceeded", "vCPU quota exceeded.");
        }
        Refusals refusals = new Refusals();
        for (String vSwitch : vSwitches(request, number)) {
            GroupPlace place = place(request, vSwitch, present, now, refusals);
            if (place != null) {
                return place;
            }
        }
        throw refusals.error();
    }

    /** Returns the vCPUs of the groups that are alive. */
    static double vcpus(Collection<Group> present) {
        return present.stream()
                .filter(group -> group.status().isAlive())
                .mapToDouble(group -> group.place.size().vcpus())
                .sum();
    }

    private List<String> vSwitches(GroupRequest request, long number) {
        if (!request.randomVSwitch) {
            return request.vSwitches;
        }
        List<String> drawn = new ArrayList<>(request.vSwitches);
        drawn.sort(Comparator.comparingDouble(vSwitch -> Draw.unit(seed, "vSwitch", number, vSwitch)));
        return drawn;
    }

    private @Nullable GroupPlace place(
            GroupRequest request, String vSwitch, Collection<Group> present, Instant now, Refusals refusals) {
        String zone = region.zoneOf(vSwitch);
        if (zone == null) {
            throw new IllegalStateException("a vSwitch that the request checked has no zone");
        }
        long taken = present.stream()
                .filter(group ->
                        group.status().isAlive() && group.place.vSwitch().equals(vSwitch))
                .count();
        if (taken >= account.addresses(vSwitch)) {
            refusals.noAddress = true;
            return null;
        }
        if (request.types.isEmpty() && !market.inStock(request.size.key(), zone, request.market())) {
            refusals.noStock = true;
            return null;
        }
        if (request.types.isEmpty() && !request.isSpot()) {
            market.take(request.size.key(), zone, Market.ON_DEMAND, 1, 1);
            return new GroupPlace(
                    zone, vSwitch, request.size, null, false, GroupPrices.perHour(request.size, request.economy));
        }
        for (Catalogue.Type type : candidates(request, zone, now)) {
            GroupPlace place = placeAs(type, request, zone, vSwitch, now, refusals);
            if (place != null) {
                return place;
            }
        }
        return null;
    }

    private List<Catalogue.Type> candidates(GroupRequest request, String zone, Instant now) {
        return request.types.isEmpty() ? ofSize(request.size, zone, request.spotDuration, now) : request.types;
    }

    /** Returns the types that a spot group of a size may be billed as, cheapest first. */
    List<Catalogue.Type> ofSize(GroupSize size, String zone, int spotDuration, Instant now) {
        return region.catalogue().all().stream()
                .filter(type -> type.vcpus() == size.vcpus() && type.memoryGib() == size.memoryGib())
                .filter(type -> type.gpus() == 0 && type.architecture().equals("X86"))
                .sorted(Comparator.comparing(type -> market.price(type, zone, spotDuration, now)))
                .collect(Collectors.collectingAndThen(Collectors.toList(), Collections::unmodifiableList));
    }

    private @Nullable GroupPlace placeAs(
            Catalogue.Type type, GroupRequest request, String zone, String vSwitch, Instant now, Refusals refusals) {
        boolean bySize = request.types.isEmpty();
        refusals.anyType = true;
        if (!region.sells(zone, type)) {
            return null;
        }
        refusals.anySold = true;
        BigDecimal price = request.isSpot() ? market.price(type, zone, request.spotDuration, now) : type.price();
        if (request.priceLimit != null && price.compareTo(request.priceLimit) > 0) {
            refusals.tooDear = true;
            return null;
        }
        if (market.take(type.name(), zone, request.market(), 1, 1) == 0) {
            refusals.noStock = true;
            return null;
        }
        if (bySize) {
            market.take(request.size.key(), zone, request.market(), 1, 1);
        }
        return new GroupPlace(zone, vSwitch, new GroupSize(type.vcpus(), type.memoryGib()), type, !bySize, price);
    }

    /** Why there was no place, over all that was tried. */
    private static final class Refusals {
        private boolean noAddress;
        private boolean noStock;
        private boolean tooDear;
        private boolean anyType;
        private boolean anySold;

        private ApiError error() {
            if (noStock && !tooDear) {
                return ApiError.of(
                        "OperationDenied.NoStock", "The resource is out of stock in the specified zone and size.");
            }
            if (tooDear || (!anyType && !noAddress)) {
                return ApiError.of("Spot.NotMatched", "There is no spot resource that matches the request.");
            }
            if (anyType && !anySold) {
                return ApiError.of("Zone.NotOnSale", "The zone does not sell this instance type.");
            }
            return ApiError.of("InvalidVSwitchId.IpNotEnough", "The vSwitches have too few free addresses.");
        }
    }
}
