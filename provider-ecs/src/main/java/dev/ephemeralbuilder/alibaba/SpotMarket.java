package dev.ephemeralbuilder.alibaba;

import static java.util.Comparator.comparing;
import static java.util.Comparator.naturalOrder;

import com.aliyuncs.ecs.model.v20140526.DescribeAvailableResourceRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeAvailableResourceResponse.AvailableZone;
import com.aliyuncs.ecs.model.v20140526.DescribeInstanceTypesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstanceTypesResponse;
import com.aliyuncs.ecs.model.v20140526.DescribeInstanceTypesResponse.InstanceType;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotAdviceRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotAdviceResponse.AvailableSpotZone;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotAdviceResponse.AvailableSpotZone.AvailableSpotResource;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotPriceHistoryRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotPriceHistoryResponse;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotPriceHistoryResponse.SpotPriceType;
import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.spi.MarketSnapshot.Price;
import dev.ephemeralbuilder.spi.MarketSnapshot.ReleaseRate;
import dev.ephemeralbuilder.spi.MarketSnapshot.Stock;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ECS market of one region: types, prices, stock and release rates of all its zones. ECI sells the same machines at
 * the same spot prices. Thin: as many calls as the API's limits need (ecs-openapi, 1.1), nothing kept.
 *
 * <p>Safe for use by many threads. Methods block and throw what {@link OpenApiClient#call} throws.
 */
public final class SpotMarket {
    /** The protection time that ECS sells: none, or this (ecs-openapi, section 2). */
    public static final Duration PROTECTION = Duration.ofHours(1);

    private static final Logger log = LoggerFactory.getLogger(SpotMarket.class);
    private static final int TYPES_PER_PAGE = 100;
    private static final int TYPES_PER_ADVICE = 10;
    private static final int VALUES_PER_FILTER = 10;
    private static final int MAX_PAGES = 1000;
    private static final Map<String, Double> BAND_MIDDLES =
            Map.of("0-3%", 0.015, "3-5%", 0.04, "5-10%", 0.075, "10-100%", 0.25);

    private final OpenApiClient client;

    /** Creates a market over a client for ECS. */
    public SpotMarket(OpenApiClient client) {
        this.client = client;
    }

    /**
     * Returns the value of the parameter SpotDuration for a protection time.
     *
     * @throws IllegalArgumentException if ECS does not sell that protection
     */
    public static int spotDuration(Duration protection) {
        if (protection.isZero()) {
            return 0;
        }
        if (protection.equals(PROTECTION)) {
            return 1;
        }
        throw new IllegalArgumentException("protection must be none or " + PROTECTION + ", was " + protection);
    }

    /**
     * Reads the catalogue, a call per 100 types.
     *
     * @param families the families to ask for; all if empty
     * @param ids the types to ask for; all if empty
     */
    public List<MachineType> types(Collection<String> families, Collection<String> ids) throws InterruptedException {
        List<MachineType> types = new ArrayList<>();
        String next = null;
        for (int page = 0; page < MAX_PAGES; page++) {
            DescribeInstanceTypesRequest request = new DescribeInstanceTypesRequest();
            request.setMaxResults((long) TYPES_PER_PAGE);
            if (!families.isEmpty()) {
                request.setInstanceTypeFamiliess(List.copyOf(families));
            }
            if (!ids.isEmpty()) {
                request.setInstanceTypess(List.copyOf(ids));
            }
            if (next != null) {
                request.setNextToken(next);
            }
            DescribeInstanceTypesResponse answer = client.call(request);
            answered(answer.getRequestId(), "DescribeInstanceTypes");
            for (InstanceType type : answer.getInstanceTypes()) {
                MachineType machineType = machineType(type);
                if (machineType != null) {
                    types.add(machineType);
                }
            }
            String token = answer.getNextToken();
            if (token == null || token.isEmpty()) {
                return types;
            }
            if (token.equals(next)) {
                break;
            }
            next = token;
        }
        throw nonsense("DescribeInstanceTypes", "its pages do not end");
    }

    /**
     * Reads the part of the catalogue that a provider is set up to use, a call per 100 types.
     *
     * @throws ConfigurationException if it is empty
     */
    public List<MachineType> types(TypeFilter allowed) throws InterruptedException {
        // The API combines its filters by "and", ours are combined by "or", and it takes ten values.
        boolean byFamily = allowed.ids().isEmpty() && allowed.families().size() <= VALUES_PER_FILTER;
        boolean byType = allowed.families().isEmpty() && allowed.ids().size() <= VALUES_PER_FILTER;
        List<MachineType> found = types(
                byFamily ? new TreeSet<>(allowed.families()) : Set.of(),
                byType ? new TreeSet<>(allowed.ids()) : Set.of());
        List<MachineType> wanted = found.stream().filter(allowed).toList();
        if (wanted.isEmpty()) {
            throw new ConfigurationException(
                    "ECS in " + client.region() + " has no instance type of " + allowed + " that the settings allow",
                    null,
                    null,
                    null);
        }
        return wanted;
    }

    private static @Nullable MachineType machineType(InstanceType type) {
        Architecture architecture = architecture(type.getCpuArchitecture());
        Integer cores = type.getCpuCoreCount();
        Float gib = type.getMemorySize();
        if (architecture == null || cores == null || gib == null) {
            log.debug("Type {} is left out: no known architecture or size", type.getInstanceTypeId());
            return null;
        }
        Integer gpus = type.getGPUAmount();
        return new MachineType(
                type.getInstanceTypeId(),
                type.getInstanceTypeFamily(),
                architecture,
                cores * 1000,
                Math.round(gib * 1024),
                gpus == null ? 0 : gpus);
    }

    private static @Nullable Architecture architecture(@Nullable String name) {
        if ("X86".equalsIgnoreCase(name)) {
            return Architecture.X86_64;
        }
        return "ARM".equalsIgnoreCase(name) ? Architecture.ARM64 : null;
    }

    /**
     * Reads the latest prices of the last three hours, a call per type and protection. The on-demand price is the one
     * that the history of the spot price names beside it. A type that has no history has no price.
     *
     * @param types the types
     * @param protections the protections to ask for; without any, only on-demand prices are returned
     */
    public List<Price> prices(Collection<MachineType> types, Set<Duration> protections) throws InterruptedException {
        List<Price> prices = new ArrayList<>();
        Set<Duration> asked = new TreeSet<>(protections.isEmpty() ? Set.of(Duration.ZERO) : protections);
        for (MachineType type : types) {
            Map<String, Price> onDemand = new TreeMap<>();
            for (Duration protection : asked) {
                for (Point point : latest(type.id(), spotDuration(protection))) {
                    if (point.onDemand() != null) {
                        onDemand.putIfAbsent(
                                point.zone(),
                                new Price(type.id(), point.zone(), Market.ON_DEMAND, Duration.ZERO, point.onDemand()));
                    }
                    if (protections.contains(protection)) {
                        prices.add(new Price(type.id(), point.zone(), Market.SPOT, protection, point.spot()));
                    }
                }
            }
            prices.addAll(onDemand.values());
        }
        return prices;
    }

    /** The latest price of one zone. */
    private record Point(
            String zone, String time, Money spot, @Nullable Money onDemand) {}

    private Collection<Point> latest(String type, int spotDuration) throws InterruptedException {
        Map<String, Point> latest = new TreeMap<>();
        Integer offset = null;
        for (int page = 0; page < MAX_PAGES; page++) {
            DescribeSpotPriceHistoryRequest request = new DescribeSpotPriceHistoryRequest();
            request.setInstanceType(type);
            request.setNetworkType("vpc");
            request.setIoOptimized("optimized");
            request.setSpotDuration(spotDuration);
            if (offset != null) {
                request.setOffset(offset);
            }
            DescribeSpotPriceHistoryResponse answer;
            try {
                answer = client.call(request);
            } catch (CapacityException e) {
                log.debug("Type {} has no spot prices: {}", type, e.getMessage());
                return List.of();
            }
            answered(answer.getRequestId(), "DescribeSpotPriceHistory");
            for (SpotPriceType row : answer.getSpotPrices()) {
                Point point = point(row, answer.getCurrency());
                if (point != null) {
                    latest.merge(point.zone(), point, (a, b) -> a.time().compareTo(b.time()) >= 0 ? a : b);
                }
            }
            Integer next = answer.getNextOffset();
            if (answer.getSpotPrices().isEmpty() || next == null || next <= (offset == null ? 0 : offset)) {
                return latest.values();
            }
            offset = next;
        }
        throw nonsense("DescribeSpotPriceHistory", "its pages do not end");
    }

    private static @Nullable Point point(SpotPriceType row, @Nullable String currency) {
        if (row.getZoneId() == null || row.getSpotPrice() == null || row.getTimestamp() == null) {
            return null;
        }
        if (currency == null) {
            throw nonsense("DescribeSpotPriceHistory", "it names no currency");
        }
        Float origin = row.getOriginPrice();
        return new Point(
                row.getZoneId(),
                row.getTimestamp(),
                money(row.getSpotPrice(), currency),
                origin == null || origin <= 0 ? null : money(origin, currency));
    }

    /** The shortest decimal that the float stands for is the number that the cloud wrote. */
    private static Money money(float amount, String currency) {
        return Money.of(new BigDecimal(Float.toString(amount)).toPlainString(), currency);
    }

    /**
     * Reads what the cloud says about stock, one call for spot and one for on demand. It may be stale: a create call
     * can fail all the same.
     *
     * @param types the types of interest; all if empty
     * @param protections if the one hour is the only one, stock is that of spot with protection
     */
    public List<Stock> stock(Collection<MachineType> types, Set<Duration> protections) throws InterruptedException {
        int spotDuration = protections.equals(Set.of(PROTECTION)) ? 1 : 0;
        List<Stock> stock = new ArrayList<>();
        for (Market market : Market.values()) {
            DescribeAvailableResourceRequest request = new DescribeAvailableResourceRequest();
            request.setDestinationResource("InstanceType");
            request.setInstanceChargeType("PostPaid");
            request.setIoOptimized("optimized");
            request.setNetworkCategory("vpc");
            if (types.size() == 1) {
                request.setInstanceType(types.iterator().next().id());
            }
            if (market == Market.SPOT) {
                request.setSpotStrategy("SpotWithPriceLimit");
                request.setSpotDuration(spotDuration);
            } else {
                request.setSpotStrategy("NoSpot");
            }
            var answer = client.call(request);
            answered(answer.getRequestId(), "DescribeAvailableResource");
            Set<String> wanted = ids(types);
            for (AvailableZone zone : answer.getAvailableZones()) {
                addStock(zone, market, wanted, stock);
            }
        }
        return stock;
    }

    private static void addStock(AvailableZone zone, Market market, Set<String> wanted, List<Stock> stock) {
        for (var resource : zone.getAvailableResources()) {
            if (!"InstanceType".equals(resource.getType())) {
                continue;
            }
            for (var type : resource.getSupportedResources()) {
                if (wanted.isEmpty() || wanted.contains(type.getValue())) {
                    boolean available = "Available".equals(type.getStatus())
                            && !"WithoutStock".equals(type.getStatusCategory())
                            && !"ClosedWithoutStock".equals(type.getStatusCategory());
                    stock.add(new Stock(type.getValue(), zone.getZoneId(), market, available));
                }
            }
        }
    }

    /**
     * Reads how often the cloud took spot machines back in the last 30 days, a call per 10 types. Where the number lies
     * outside the band that is given with it, the middle of the band is taken (spot-economics).
     */
    public List<ReleaseRate> releaseRates(Collection<MachineType> types) throws InterruptedException {
        List<String> ids = ids(types).stream().sorted(naturalOrder()).toList();
        List<ReleaseRate> rates = new ArrayList<>();
        for (int from = 0; from < ids.size(); from += TYPES_PER_ADVICE) {
            DescribeSpotAdviceRequest request = new DescribeSpotAdviceRequest();
            request.setInstanceTypess(ids.subList(from, Math.min(ids.size(), from + TYPES_PER_ADVICE)));
            var answer = client.call(request);
            answered(answer.getRequestId(), "DescribeSpotAdvice");
            for (AvailableSpotZone zone : answer.getAvailableSpotZones()) {
                for (AvailableSpotResource row : zone.getAvailableSpotResources()) {
                    Double share = share(row.getInterruptionRate(), row.getInterruptRateDesc());
                    if (share != null) {
                        rates.add(new ReleaseRate(row.getInstanceType(), zone.getZoneId(), share));
                    }
                }
            }
        }
        rates.sort(comparing(ReleaseRate::type).thenComparing(ReleaseRate::zone));
        return rates;
    }

    static @Nullable Double share(@Nullable Float percent, @Nullable String band) {
        Double middle = band == null ? null : BAND_MIDDLES.get(band);
        if (percent == null || percent < 0 || percent > 100) {
            return middle;
        }
        if (middle == null || band == null) {
            return percent / 100.0;
        }
        String[] ends = band.replace("%", "").split("-", 2);
        boolean inside = percent >= Float.parseFloat(ends[0]) && percent <= Float.parseFloat(ends[1]);
        return inside ? percent / 100.0 : middle;
    }

    private static Set<String> ids(Collection<MachineType> types) {
        Set<String> ids = new HashSet<>();
        types.forEach(type -> ids.add(type.id()));
        return ids;
    }

    private static void answered(@Nullable String requestId, String action) {
        if (requestId == null) {
            throw nonsense(action, "it has no request id");
        }
    }

    private static ProviderException nonsense(String action, String why) {
        return new ProviderException(
                action + " was answered, but the answer makes no sense: " + why,
                Effect.NONE,
                true,
                "MalformedAnswer",
                null,
                null);
    }
}
