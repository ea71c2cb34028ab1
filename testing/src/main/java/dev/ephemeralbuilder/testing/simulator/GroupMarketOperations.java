package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The operations of ECI that only read: regions, prices, stock, usage (eci-openapi, 4). Units of prices differ as there:
 * {@code Price} is CNY per second, {@code SpotPrice} and {@code OriginPrice} are CNY per hour. [unconfirmed]: which types
 * the spot prices of a size list (here all of that size), that a spot price above the limit is answered as
 * {@code WithoutStock}, and that stock is answered for types, while sizes have none of their own in the answer.
 */
final class GroupMarketOperations {
    private static final BigDecimal HOUR = new BigDecimal(3_600);
    private static final int PRICE_SCALE = 10;
    private static final int UNLIMITED_VCPUS = 1_000_000;
    private static final int MAX_IMAGE_CACHES = 50;

    private final Region region;
    private final SpotMarket market;
    private final SimulatedAccount account;
    private final GroupAdmission admission;
    private final Groups groups;
    private final Supplier<Integer> imageCaches;

    /**
     * @param imageCaches how many there are
     */
    GroupMarketOperations(Premises premises, GroupAdmission admission, Groups groups, Supplier<Integer> imageCaches) {
        this.region = premises.region();
        this.market = premises.market();
        this.account = premises.account();
        this.admission = admission;
        this.groups = groups;
        this.imageCaches = imageCaches;
    }

    void register(Gateway.Operations operations) {
        operations.add("DescribeRegions", (p, verdict) -> regions());
        operations.add("DescribeContainerGroupPrice", (p, verdict) -> price(p));
        operations.add("DescribeAvailableResource", (p, verdict) -> availableResource(p));
        operations.add("ListUsage", (p, verdict) -> usage());
    }

    private ObjectNode regions() {
        ObjectNode answer = object();
        ObjectNode row = answer.putArray("Regions")
                .addObject()
                .put("RegionId", region.name())
                .put("RegionEndpoint", "127.0.0.1");
        ArrayNode zones = row.putArray("Zones");
        ArrayNode recommended = row.putArray("RecommendZones");
        for (String zone : region.zones()) {
            zones.add(zone);
            recommended.add(zone);
        }
        row.putArray("UnavailableZones");
        return answer;
    }

    private ObjectNode price(Parameters p) {
        boolean spot = !p.get("SpotStrategy", "NoSpot").equals("NoSpot");
        boolean economy = p.get("ComputeCategory", "general").equals("economy");
        Catalogue.Type type = type(p.get("InstanceType"));
        GroupSize size = type == null ? size(p, spot) : new GroupSize(type.vcpus(), type.memoryGib());
        ObjectNode answer = object();
        ObjectNode info = answer.putObject("PriceInfo");
        info.putObject("Rules").putArray("Rule");
        ObjectNode price = info.putObject("Price");
        if (type == null) {
            BigDecimal vcpus = GroupPrices.vcpu(economy).multiply(BigDecimal.valueOf(size.vcpus()));
            BigDecimal memory = GroupPrices.GIB.multiply(BigDecimal.valueOf(size.memoryGib()));
            amounts(price, vcpus.add(memory));
            ArrayNode details = price.putObject("DetailInfos").putArray("DetailInfo");
            detail(details, "cpu", vcpus);
            detail(details, "memory", memory);
        } else {
            BigDecimal second = type.price().divide(HOUR, PRICE_SCALE, RoundingMode.HALF_UP);
            amounts(price, second);
            detail(price.putObject("DetailInfos").putArray("DetailInfo"), "instanceType", second);
        }
        price.put("Currency", "CNY");
        ArrayNode rows = info.putObject("SpotPrices").putArray("SpotPrice");
        if (spot) {
            spotPrices(p, type, size, rows);
        }
        return answer;
    }

    private static GroupSize size(Parameters p, boolean spot) {
        p.require("Cpu");
        p.require("Memory");
        double vcpus = ContainerParameters.positive(p, "Cpu");
        double memory = ContainerParameters.positive(p, "Memory");
        return spot ? GroupSize.atLeastOfSpot(vcpus, memory) : GroupSize.atLeast(vcpus, memory);
    }

    private static ObjectNode amounts(ObjectNode node, BigDecimal amount) {
        return node.put("OriginalPrice", amount).put("DiscountPrice", 0).put("TradePrice", amount);
    }

    private static void detail(ArrayNode rows, String resource, BigDecimal amount) {
        amounts(rows.addObject().put("Resource", resource), amount)
                .putObject("Rules")
                .putArray("Rule");
    }

    private void spotPrices(Parameters p, Catalogue.@Nullable Type only, GroupSize size, ArrayNode rows) {
        int duration = p.integer("SpotDuration", 1);
        Instant now = groups.now();
        for (String zone : zones(p)) {
            List<Catalogue.Type> types = only == null ? admission.ofSize(size, zone, duration, now) : List.of(only);
            for (Catalogue.Type type : types) {
                if (region.sells(zone, type)) {
                    rows.addObject()
                            .put("ZoneId", zone)
                            .put("InstanceType", type.name())
                            .put("OriginPrice", type.price())
                            .put("SpotPrice", market.price(type, zone, duration, now));
                }
            }
        }
    }

    private ObjectNode availableResource(Parameters p) {
        String category = p.require("DestinationResource.Category");
        String value = p.get("DestinationResource.Value");
        double cores = p.number("DestinationResource.Cores", 0);
        double memory = p.number("DestinationResource.Memory", 0);
        boolean families = category.equals("InstanceTypeFamily");
        if (!families && !category.equals("InstanceType")) {
            throw ApiError.invalid("DestinationResource.Category");
        }
        Predicate<Catalogue.Type> wanted =
                type -> value == null || value.equals(families ? type.family() : type.name());
        Predicate<Catalogue.Type> chosen = wanted.and(type -> cores == 0 || cores == type.vcpus())
                .and(type -> memory == 0 || memory == type.memoryGib());
        ObjectNode answer = object();
        ArrayNode rows = answer.putObject("AvailableZones").putArray("AvailableZone");
        for (String zone : zones(p)) {
            List<Catalogue.Type> types = region.catalogue().all().stream()
                    .filter(type -> region.sells(zone, type))
                    .filter(chosen)
                    .toList();
            if (types.isEmpty()) {
                continue;
            }
            ObjectNode resource = rows.addObject()
                    .put("RegionId", region.name())
                    .put("ZoneId", zone)
                    .putObject("AvailableResources")
                    .putArray("AvailableResource")
                    .addObject()
                    .put("Type", category);
            ArrayNode supported = resource.putObject("SupportedResources").putArray("SupportedResource");
            if (families) {
                types.stream()
                        .map(Catalogue.Type::family)
                        .distinct()
                        .forEach(family -> status(
                                supported,
                                family,
                                types.stream()
                                        .anyMatch(type -> type.family().equals(family) && isThere(p, type, zone))));
            } else {
                types.forEach(type -> status(supported, type.name(), isThere(p, type, zone)));
            }
        }
        return answer;
    }

    private boolean isThere(Parameters p, Catalogue.Type type, String zone) {
        String strategy = p.get("SpotResource.SpotStrategy", "NoSpot");
        if (!market.inStock(type.name(), zone, SpotMarket.of(strategy))) {
            return false;
        }
        double limit = p.number("SpotResource.SpotPriceLimit", 0);
        boolean limited = strategy.equals("SpotWithPriceLimit") && limit > 0;
        return !limited
                || market.price(type, zone, p.integer("SpotResource.SpotDuration", 1), groups.now())
                                .compareTo(BigDecimal.valueOf(limit))
                        <= 0;
    }

    private static void status(ArrayNode rows, String value, boolean inStock) {
        rows.addObject().put("Value", value).put("StatusCategory", inStock ? "WithStock" : "WithoutStock");
    }

    private ObjectNode usage() {
        ObjectNode answer = object();
        int most = account.maxGroupVcpus();
        answer.putObject("Attributes")
                .put("UsedCpu", groups.vcpus())
                .put("MaxCpu", most == Integer.MAX_VALUE ? UNLIMITED_VCPUS : most)
                .put("UsedImageCacheCount", imageCaches.get())
                .put("MaxImageCacheCount", MAX_IMAGE_CACHES);
        return answer;
    }

    private Catalogue.@Nullable Type type(@Nullable String name) {
        if (name == null) {
            return null;
        }
        Catalogue.Type type = region.catalogue().find(name);
        if (type == null) {
            throw ApiError.of("InvalidInstanceTypeForEciBuy", "The specified InstanceType is not sold as ECI.");
        }
        return type;
    }

    private List<String> zones(Parameters p) {
        String zone = p.get("ZoneId");
        if (zone == null) {
            return region.zones();
        }
        if (!region.vSwitches().containsKey(zone)) {
            throw ApiError.of("InvalidZoneId.NotFound", "The specified zone does not exist.");
        }
        return List.of(zone);
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
