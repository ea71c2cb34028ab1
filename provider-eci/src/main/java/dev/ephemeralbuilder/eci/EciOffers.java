package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.alibaba.MarketOffers;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.selection.Rejection;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.MarketSnapshot.Price;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What of ECI fits a spec: sizes on demand, and the instance types of ECS on both markets. A pure function. */
final class EciOffers {
    static final String NO_GPUS = "container groups with GPUs are not supported";
    static final String TOO_MUCH_DISK =
            "a container group has at most " + GroupOrders.MAX_DISK_GIB + " GiB of ephemeral storage";

    /** Below this there is no spot market for groups (eci-openapi, section 7). */
    private static final int LEAST_SPOT_MILLICPUS = 2000;

    private final String provider;
    private final Predicate<MachineType> instanceTypes;
    private final MarketOffers offers;

    EciOffers(String provider, String region, Set<String> zones, Predicate<MachineType> instanceTypes) {
        this.provider = provider;
        this.instanceTypes = instanceTypes;
        this.offers = new MarketOffers(provider, region, zones, this::isSold);
    }

    private boolean isSold(MachineType type, Market way) {
        if (EciSizes.isSize(type)) {
            return way == Market.ON_DEMAND;
        }
        return instanceTypes.test(type) && (way == Market.ON_DEMAND || type.millicpus() >= LEAST_SPOT_MILLICPUS);
    }

    Offers select(MachineSpec spec, MarketSnapshot market) {
        Optional<String> unable = inability(spec);
        if (unable.isPresent()) {
            return new Offers(List.of(), List.of(new Rejection(provider, unable.get())));
        }
        List<MachineType> types = new ArrayList<>(market.types());
        List<Rejection> rejections = new ArrayList<>();
        if (EciSizes.billed(spec).isEmpty()) {
            // One word on all sizes says more than one on each.
            types.removeIf(EciSizes::isSize);
            rejections.add(new Rejection(provider, tooLarge(spec, market.prices())));
        }
        if (spec.markets().equals(Set.of(Market.SPOT)) && types.stream().allMatch(EciSizes::isSize)) {
            rejections.add(new Rejection(
                    provider, "only instance types are sold on the spot market, and the settings name none"));
        }
        Offers selected =
                offers.select(spec, new MarketSnapshot(types, market.prices(), market.stock(), market.releaseRates()));
        rejections.addAll(selected.rejections());
        return new Offers(selected.offers(), rejections);
    }

    private static Optional<String> inability(MachineSpec spec) {
        if (spec.containerImage().isEmpty()) {
            return Optional.of("the spec names no container image");
        }
        if (spec.gpus() > 0) {
            return Optional.of(NO_GPUS);
        }
        return spec.diskGib() > GroupOrders.MAX_DISK_GIB ? Optional.of(TOO_MUCH_DISK) : Optional.empty();
    }

    private static String tooLarge(MachineSpec spec, List<Price> prices) {
        return "no size is as large as that; the nearest are "
                + EciSizes.nearest(spec).stream()
                        .map(size -> size.id()
                                + price(size, prices)
                                        .map(price -> " at " + price + " per hour")
                                        .orElse(""))
                        .collect(Collectors.joining(" and "));
    }

    private static Optional<Money> price(MachineType size, List<Price> prices) {
        return prices.stream()
                .filter(price -> price.type().equals(size.id()) && price.market() == Market.ON_DEMAND)
                .map(Price::hourly)
                .findFirst();
    }
}
