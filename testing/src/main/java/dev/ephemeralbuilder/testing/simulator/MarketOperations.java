package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ephemeralbuilder.Market;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The operations that only read: types, zones, prices, stock (ecs-openapi, 1.1). [unconfirmed]: the bands of
 * {@code InterruptRateDesc} beyond "0-3%", the value of {@code InterruptionRate} within its band, rows newest first in
 * the price history, and most fields of {@code DescribePrice}.
 */
final class MarketOperations {
    private static final String CURRENCY = "CNY";
    private static final int HISTORY_ROWS = 1_000;
    private static final int MAX_NAMED_TYPES = 10;
    private static final Duration HISTORY = Duration.ofDays(30);

    private final Region region;
    private final SpotMarket market;
    private final Supplier<Instant> now;

    MarketOperations(Region region, SpotMarket market, Supplier<Instant> now) {
        this.region = region;
        this.market = market;
        this.now = now;
    }

    void register(Gateway.Operations operations) {
        operations.add("DescribeRegions", (p, verdict) -> regions());
        operations.add("DescribeZones", (p, verdict) -> zones());
        operations.add("DescribeInstanceTypes", (p, verdict) -> instanceTypes(p));
        operations.add("DescribeAvailableResource", (p, verdict) -> availableResource(p));
        operations.add("DescribeSpotPriceHistory", (p, verdict) -> spotPriceHistory(p));
        operations.add("DescribeSpotAdvice", (p, verdict) -> spotAdvice(p));
        operations.add("DescribePrice", (p, verdict) -> price(p));
    }

    private ObjectNode regions() {
        ObjectNode answer = object();
        answer.putObject("Regions")
                .putArray("Region")
                .addObject()
                .put("RegionId", region.name())
                .put("LocalName", region.name())
                .put("RegionEndpoint", "127.0.0.1");
        return answer;
    }

    private ObjectNode zones() {
        ObjectNode answer = object();
        ArrayNode rows = answer.putObject("Zones").putArray("Zone");
        for (String zone : region.zones()) {
            ObjectNode row =
                    rows.addObject().put("ZoneId", zone).put("LocalName", zone).put("ZoneType", "AvailabilityZone");
            row.putObject("AvailableResourceCreation")
                    .putArray("ResourceTypes")
                    .add("VSwitch")
                    .add("IoOptimized")
                    .add("Instance")
                    .add("Disk");
            ArrayNode disks = row.putObject("AvailableDiskCategories").putArray("DiskCategories");
            SystemDisk.categories(region, zone).forEach(disks::add);
            ArrayNode types = row.putObject("AvailableInstanceTypes").putArray("InstanceTypes");
            sold(zone).forEach(type -> types.add(type.name()));
        }
        return answer;
    }

    private List<Catalogue.Type> sold(String zone) {
        return region.catalogue().all().stream()
                .filter(type -> region.sells(zone, type))
                .toList();
    }

    private ObjectNode instanceTypes(Parameters p) {
        List<String> names = p.list("InstanceTypes");
        if (names.size() > MAX_NAMED_TYPES) {
            throw ApiError.of("InvalidParameter", "At most 10 InstanceTypes.");
        }
        String family = p.get("InstanceTypeFamily");
        List<String> families = p.list("InstanceTypeFamilies");
        String architecture = p.get("CpuArchitecture");
        List<Catalogue.Type> all = List.copyOf(region.catalogue().all());
        List<Catalogue.Type> chosen = all.stream()
                .filter(type -> names.isEmpty() || names.contains(type.name()))
                .filter(type -> family == null || family.equals(type.family()))
                .filter(type -> families.isEmpty() || families.contains(type.family()))
                .filter(type -> architecture == null || architecture.equalsIgnoreCase(type.architecture()))
                .filter(type -> type.vcpus() >= p.integer("MinimumCpuCoreCount", 0))
                .filter(type -> type.vcpus() <= p.integer("MaximumCpuCoreCount", Integer.MAX_VALUE))
                .filter(type -> type.memoryGib() >= p.number("MinimumMemorySize", 0))
                .filter(type -> type.memoryGib() <= p.number("MaximumMemorySize", Double.MAX_VALUE))
                .toList();
        Paging.Page<Catalogue.Type> page = Paging.byToken(chosen, all::indexOf, p, 100, 1, 100);
        ObjectNode answer = object().put("NextToken", page.next());
        ArrayNode rows = answer.putObject("InstanceTypes").putArray("InstanceType");
        for (Catalogue.Type type : page.rows()) {
            rows.addObject()
                    .put("InstanceTypeId", type.name())
                    .put("InstanceTypeFamily", type.family())
                    .put("InstanceFamilyLevel", type.level())
                    .put("CpuCoreCount", type.vcpus())
                    .put("MemorySize", type.memoryGib())
                    .put("CpuArchitecture", type.architecture())
                    .put("GPUAmount", type.gpus())
                    .put("GPUSpec", type.gpu())
                    .put("InstanceBandwidthRx", 1_024_000)
                    .put("InstanceBandwidthTx", 1_024_000)
                    .put("EniQuantity", 2)
                    .put("LocalStorageAmount", 0)
                    .put("LocalStorageCapacity", 0)
                    .put("LocalStorageCategory", "");
        }
        return answer;
    }

    private ObjectNode availableResource(Parameters p) {
        if (!p.require("DestinationResource").equals("InstanceType")) {
            throw ApiError.of(
                    "InvalidDestinationResource", "The simulator knows DestinationResource=InstanceType only.");
        }
        String name = p.get("InstanceType");
        int cores = p.integer("Cores", 0);
        double memory = p.number("Memory", 0);
        Market way = SpotMarket.of(p.get("SpotStrategy", "NoSpot"));
        ObjectNode answer = object();
        ArrayNode zones = answer.putObject("AvailableZones").putArray("AvailableZone");
        for (String zone : chosenZones(p)) {
            List<Catalogue.Type> types = sold(zone).stream()
                    .filter(type -> name == null || name.equals(type.name()))
                    .filter(type -> cores == 0 || cores == type.vcpus())
                    .filter(type -> memory == 0 || memory == type.memoryGib())
                    .toList();
            if (types.isEmpty()) {
                continue;
            }
            boolean any = types.stream().anyMatch(type -> market.inStock(type.name(), zone, way));
            ObjectNode row = zones.addObject().put("RegionId", region.name()).put("ZoneId", zone);
            status(row, any);
            ObjectNode resource = row.putObject("AvailableResources")
                    .putArray("AvailableResource")
                    .addObject();
            resource.put("Type", "InstanceType");
            ArrayNode supported = resource.putObject("SupportedResources").putArray("SupportedResource");
            for (Catalogue.Type type : types) {
                status(supported.addObject().put("Value", type.name()), market.inStock(type.name(), zone, way));
            }
        }
        return answer;
    }

    private static void status(ObjectNode row, boolean inStock) {
        row.put("Status", inStock ? "Available" : "SoldOut");
        row.put("StatusCategory", inStock ? "WithStock" : "WithoutStock");
    }

    private ObjectNode spotPriceHistory(Parameters p) {
        Catalogue.Type type = type(p.require("InstanceType"));
        if (!p.require("NetworkType").equals("vpc")) {
            throw ApiError.invalid("NetworkType");
        }
        int duration = p.integer("SpotDuration", 1);
        Instant end = time(p, "EndTime", now.get());
        Instant start = time(p, "StartTime", end.minus(Duration.ofHours(3)));
        if (start.isAfter(end) || start.isBefore(now.get().minus(HISTORY))) {
            throw ApiError.invalid("StartTime");
        }
        int offset = p.integer("Offset", 0);
        if (offset < 0) {
            throw ApiError.invalid("Offset");
        }
        record Row(String zone, SpotMarket.Point point) {}
        List<Row> all = new ArrayList<>();
        for (String zone : chosenZones(p)) {
            if (region.sells(zone, type)) {
                List<SpotMarket.Point> points = new ArrayList<>(market.history(type, zone, duration, start, end));
                Collections.reverse(points);
                points.forEach(point -> all.add(new Row(zone, point)));
            }
        }
        List<Row> rows = all.stream().skip(offset).limit(HISTORY_ROWS).toList();
        ObjectNode answer = object().put("Currency", CURRENCY).put("NextOffset", offset + rows.size());
        ArrayNode array = answer.putObject("SpotPrices").putArray("SpotPriceType");
        for (Row row : rows) {
            array.addObject()
                    .put("ZoneId", row.zone())
                    .put("InstanceType", type.name())
                    .put("IoOptimized", "optimized")
                    .put("NetworkType", "vpc")
                    .put("SpotPrice", row.point().price())
                    .put("OriginPrice", type.price())
                    .put("Timestamp", Parameters.seconds(row.point().time()));
        }
        return answer;
    }

    private static Instant time(Parameters p, String name, Instant fallback) {
        String text = p.get(name);
        if (text == null) {
            return fallback;
        }
        try {
            return Parameters.time(text);
        } catch (DateTimeParseException e) {
            throw ApiError.invalid(name);
        }
    }

    private ObjectNode spotAdvice(Parameters p) {
        List<String> names = p.list("InstanceTypes");
        if (names.size() > MAX_NAMED_TYPES) {
            throw ApiError.of("InvalidParameter", "At most 10 InstanceTypes.");
        }
        String family = p.get("InstanceTypeFamily");
        int cores = p.integer("Cores", 0);
        double memory = p.number("Memory", 0);
        ObjectNode answer = object().put("RegionId", region.name());
        ArrayNode zones = answer.putObject("AvailableSpotZones").putArray("AvailableSpotZone");
        for (String zone : chosenZones(p)) {
            ArrayNode rows = zones.addObject()
                    .put("ZoneId", zone)
                    .putObject("AvailableSpotResources")
                    .putArray("AvailableSpotResource");
            sold(zone).stream()
                    .filter(type -> names.isEmpty() || names.contains(type.name()))
                    .filter(type -> family == null || family.equals(type.family()))
                    .filter(type -> cores == 0 || cores == type.vcpus())
                    .filter(type -> memory == 0 || memory == type.memoryGib())
                    .filter(type -> type.vcpus() >= p.integer("MinCores", 0))
                    .filter(type -> type.memoryGib() >= p.number("MinMemory", 0))
                    .forEach(type -> advice(rows.addObject(), type, zone));
        }
        return answer;
    }

    private void advice(ObjectNode row, Catalogue.Type type, String zone) {
        int band = market.interruptionBand(type, zone);
        row.put("InstanceType", type.name());
        row.put("InterruptionRate", band == 0 ? 1.5 : band * 1.3);
        row.put("InterruptRateDesc", band == 0 ? "0-3%" : band == 3 ? "3-5%" : band == 5 ? "5-10%" : "10-100%");
        row.put("AverageSpotDiscount", market.discount(type, zone));
    }

    private ObjectNode price(Parameters p) {
        if (!p.get("ResourceType", "instance").equals("instance")) {
            throw ApiError.of("InvalidResourceType.ValueNotSupported", "The simulator has prices of instances only.");
        }
        Catalogue.Type type = type(p.require("InstanceType"));
        BigDecimal amount = BigDecimal.valueOf(p.integer("Amount", 1));
        BigDecimal list = type.price().multiply(amount);
        BigDecimal trade = list;
        if (!p.get("SpotStrategy", "NoSpot").equals("NoSpot")) {
            String zone = chosenZones(p).get(0);
            trade = market.price(type, zone, p.integer("SpotDuration", 1), now.get())
                    .multiply(amount);
        }
        ObjectNode answer = object();
        ObjectNode info = answer.putObject("PriceInfo");
        info.putObject("Rules").putArray("Rule");
        ObjectNode price = amounts(info.putObject("Price"), list, trade).put("Currency", CURRENCY);
        ObjectNode detail =
                amounts(price.putObject("DetailInfos").putArray("DetailInfo").addObject(), list, trade);
        detail.put("Resource", "instanceType").putObject("SubRules").putArray("Rule");
        return answer;
    }

    private static ObjectNode amounts(ObjectNode node, BigDecimal list, BigDecimal trade) {
        return node.put("OriginalPrice", list)
                .put("DiscountPrice", list.subtract(trade))
                .put("TradePrice", trade);
    }

    private Catalogue.Type type(String name) {
        Catalogue.Type type = region.catalogue().find(name);
        if (type == null) {
            throw ApiError.of("InvalidInstanceType.ValueNotSupported", "The specified InstanceType does not exist.");
        }
        return type;
    }

    private List<String> chosenZones(Parameters p) {
        @Nullable String zone = p.get("ZoneId");
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
