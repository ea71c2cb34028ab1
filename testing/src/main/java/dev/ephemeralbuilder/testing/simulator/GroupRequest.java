package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.Market;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A valid {@code CreateContainerGroup} call (eci-openapi, 3, 7 and 8). [unconfirmed]: the order in which several faults
 * of one call are found, codes for values that are no valid choice ({@code InvalidParameter}) or too many
 * ({@code InvalidParameter.ValueExceeded}), {@code InvalidVSwitchId.NotFound} and {@code InvalidSecurityGroupId.NotFound},
 * and that a group without vSwitch gets one of the zone it asks for, or of the first.
 *
 * <p>Holds passwords and contents; {@link #toString} shows none.
 */
final class GroupRequest {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,126}[a-z0-9]");
    private static final Set<String> STRATEGIES = Set.of("NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo");
    private static final Set<String> POLICIES = Set.of("Always", "Never", "OnFailure");
    private static final Set<String> SCHEDULES = Set.of("VSwitchOrdered", "VSwitchRandom");
    private static final Pattern HOST_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9.-]{0,126}[A-Za-z0-9]");
    private static final int MAX_HOST_NAME = 63;
    private static final int MAX_V_SWITCHES = 10;
    private static final int MAX_TAGS = 20;
    private static final int MAX_TAG_KEY = 64;
    private static final int MAX_TAG_VALUE = 128;
    private static final int MAX_CREDENTIALS = 10;
    private static final int MAX_EPHEMERAL_GIB = 5_000;
    // What Kubernetes gives a pod that does not say.
    private static final int USUAL_GRACE_SECONDS = 30;
    private static final int LEAST_PENDING_MINUTES = 10;
    private static final int USUAL_PENDING_MINUTES = 240;
    private static final int MOST_PENDING_MINUTES = 1_440;

    final String name;
    final GroupSize size;
    final List<Catalogue.Type> types;
    final List<String> vSwitches;
    final boolean randomVSwitch;
    final String securityGroup;
    final String hostName;
    final String resourceGroup;
    final String strategy;
    final @Nullable BigDecimal priceLimit;
    final int spotDuration;
    final boolean economy;
    final String restartPolicy;
    final @Nullable Duration deadline;
    final Duration grace;
    final Duration maxPending;
    final int ephemeralGib;
    final String ramRole;
    final boolean eip;
    final boolean matchesImageCache;
    final String imageCache;
    final Map<String, Login> logins;
    final Map<String, String> tags;
    final List<VolumeSpec> volumes;
    final List<ContainerSpec> containers;

    /** Who pulls from a registry. */
    record Login(String user, String password) {
        @Override
        public String toString() {
            return "Login[" + user + "]";
        }
    }

    GroupRequest(Parameters p, Region region) {
        name = p.require("ContainerGroupName");
        if (!NAME.matcher(name).matches()) {
            throw ApiError.invalid("ContainerGroupName");
        }
        strategy = choice(p, "SpotStrategy", "NoSpot", STRATEGIES);
        restartPolicy = choice(p, "RestartPolicy", "Always", POLICIES);
        randomVSwitch =
                choice(p, "ScheduleStrategy", "VSwitchOrdered", SCHEDULES).equals("VSwitchRandom");
        vSwitches = vSwitches(p, region);
        securityGroup = p.get("SecurityGroupId", Region.SECURITY_GROUP);
        if (!securityGroup.equals(Region.SECURITY_GROUP)) {
            throw ApiError.of("InvalidSecurityGroupId.NotFound", "The specified security group does not exist.");
        }
        hostName = hostName(p.get("HostName", name));
        resourceGroup = p.get("ResourceGroupId", "");
        volumes = VolumeSpec.read(p);
        containers = ContainerParameters.read(
                p, volumes.stream().map(volume -> volume.order().name()).collect(Collectors.toSet()));
        types = types(p, region);
        size = size(p);
        economy = p.get("ComputeCategory.1", "").equals("economy");
        priceLimit = priceLimit(p);
        spotDuration = within(p, "SpotDuration", 1, 0, Integer.MAX_VALUE);
        deadline = p.get("ActiveDeadlineSeconds") == null
                ? null
                : Duration.ofSeconds(within(p, "ActiveDeadlineSeconds", 1, 1, Integer.MAX_VALUE));
        grace = Duration.ofSeconds(
                within(p, "TerminationGracePeriodSeconds", USUAL_GRACE_SECONDS, 0, Integer.MAX_VALUE));
        maxPending = Duration.ofMinutes(
                within(p, "MaxPendingMinute", USUAL_PENDING_MINUTES, LEAST_PENDING_MINUTES, MOST_PENDING_MINUTES));
        ephemeralGib = within(p, "EphemeralStorage", 0, 0, MAX_EPHEMERAL_GIB);
        ramRole = p.get("RamRoleName", "");
        eip = p.flag("AutoCreateEip") || p.get("EipInstanceId") != null;
        matchesImageCache = p.flag("AutoMatchImageCache");
        imageCache = p.get("ImageSnapshotId", "");
        logins = logins(p);
        tags = tags(p);
        if (p.flag("DryRun")) {
            throw ApiError.of("DryRunOperation", "Request validation has been passed with DryRun flag set.");
        }
    }

    /** Cuts a name to what a host may be called. */
    private static String hostName(String wanted) {
        if (!HOST_NAME.matcher(wanted).matches()) {
            throw ApiError.invalid("HostName");
        }
        return wanted.length() <= MAX_HOST_NAME
                ? wanted
                : wanted.substring(0, MAX_HOST_NAME).replaceFirst("[.-]+$", "");
    }

    boolean isSpot() {
        return market() == Market.SPOT;
    }

    Market market() {
        return SpotMarket.of(strategy);
    }

    private static String choice(Parameters p, String parameter, String fallback, Set<String> choices) {
        String value = p.get(parameter, fallback);
        if (!choices.contains(value)) {
            throw ApiError.invalid(parameter);
        }
        return value;
    }

    private static int within(Parameters p, String parameter, int fallback, int least, int most) {
        int value = p.integer(parameter, fallback);
        if (value < least || value > most) {
            throw ApiError.invalid(parameter);
        }
        return value;
    }

    /** Splits a list with commas. */
    private static List<String> commas(@Nullable String list) {
        List<String> items = new ArrayList<>();
        for (String item : list == null ? new String[0] : list.split(",", -1)) {
            if (!item.isBlank()) {
                items.add(item.strip());
            }
        }
        return items;
    }

    private static List<String> vSwitches(Parameters p, Region region) {
        String zone = p.get("ZoneId");
        if (zone != null && !region.vSwitches().containsKey(zone)) {
            throw ApiError.of("InvalidZoneId.NotFound", "The specified zone does not exist.");
        }
        List<String> named = commas(p.get("VSwitchId"));
        ContainerParameters.atMost(MAX_V_SWITCHES, named.size(), "VSwitchId");
        for (String vSwitch : named) {
            if (region.zoneOf(vSwitch) == null) {
                throw ApiError.of("InvalidVSwitchId.NotFound", "The specified vSwitch does not exist.");
            }
        }
        if (named.isEmpty()) {
            String chosen = region.vSwitches().get(zone == null ? region.zones().get(0) : zone);
            return chosen == null ? List.of() : List.of(chosen);
        }
        if (zone == null) {
            return named;
        }
        List<String> fitting = named.stream()
                .filter(vSwitch -> zone.equals(region.zoneOf(vSwitch)))
                .toList();
        if (fitting.isEmpty()) {
            throw ApiError.of("OperationDenied.VswZoneMisMatch", "The vSwitch and the zone do not match.");
        }
        return fitting;
    }

    private static List<Catalogue.Type> types(Parameters p, Region region) {
        String architecture = p.get("CpuArchitecture");
        List<Catalogue.Type> types = new ArrayList<>();
        for (String name : commas(p.get("InstanceType"))) {
            Catalogue.Type type = region.catalogue().find(name);
            if (type == null) {
                throw ApiError.of("InvalidInstanceTypeForEciBuy", "The specified InstanceType is not sold as ECI.");
            }
            if (architecture != null
                    && architecture.equals("ARM64") != type.architecture().equals("ARM")) {
                throw ApiError.of("InstanceTypeNotMatchCpuArch", "The InstanceType has another CPU architecture.");
            }
            types.add(type);
        }
        return types;
    }

    /** Returns the size to buy where no type is named; the containers together are never larger than the group. */
    private GroupSize size(Parameters p) {
        double vcpus = Math.max(
                ContainerParameters.positive(p, "Cpu"),
                containers.stream().mapToDouble(ContainerSpec::vcpus).sum());
        double memory = Math.max(
                ContainerParameters.positive(p, "Memory"),
                containers.stream().mapToDouble(ContainerSpec::memoryGib).sum());
        if (!types.isEmpty()) {
            return new GroupSize(types.get(0).vcpus(), types.get(0).memoryGib());
        }
        if (vcpus == 0 && memory == 0) {
            return GroupSize.USUAL;
        }
        return isSpot() ? GroupSize.atLeastOfSpot(vcpus, memory) : GroupSize.atLeast(vcpus, memory);
    }

    private @Nullable BigDecimal priceLimit(Parameters p) {
        String text = p.get("SpotPriceLimit");
        if (!strategy.equals("SpotWithPriceLimit")) {
            return null;
        }
        if (text == null) {
            throw ApiError.missing("SpotPriceLimit");
        }
        try {
            BigDecimal limit = new BigDecimal(text);
            if (limit.signum() > 0 && limit.stripTrailingZeros().scale() <= 3) {
                return limit;
            }
        } catch (NumberFormatException e) {
            throw ApiError.invalid("SpotPriceLimit");
        }
        throw ApiError.invalid("SpotPriceLimit");
    }

    /** Reads {@code ImageRegistryCredential.N}, by server. */
    static Map<String, Login> logins(Parameters p) {
        Map<String, Login> logins = new LinkedHashMap<>();
        int number = 1;
        for (String prefix = "ImageRegistryCredential.1.";
                p.get(prefix + "Server") != null;
                prefix = "ImageRegistryCredential." + number + ".") {
            logins.put(
                    p.require(prefix + "Server"),
                    new Login(p.get(prefix + "UserName", ""), p.get(prefix + "Password", "")));
            number++;
        }
        ContainerParameters.atMost(MAX_CREDENTIALS, number - 1, "ImageRegistryCredential");
        return logins;
    }

    /** Reads and checks {@code Tag.N}; a tag without a value gets an empty one. */
    static Map<String, String> tags(Parameters p) {
        Map<String, String> tags = new LinkedHashMap<>();
        p.tags().forEach((key, value) -> {
            String lower = key.toLowerCase(Locale.ROOT);
            if (lower.startsWith("aliyun") || lower.startsWith("acs:")) {
                throw ApiError.invalid("Tag.Key");
            }
            String text = value == null ? "" : value;
            ContainerParameters.atMost(MAX_TAG_KEY, key.length(), "Tag.Key");
            ContainerParameters.atMost(MAX_TAG_VALUE, text.length(), "Tag.Value");
            tags.put(key, text);
        });
        ContainerParameters.atMost(MAX_TAGS, tags.size(), "Tag");
        return tags;
    }

    @Override
    public String toString() {
        return "GroupRequest[" + name + ", " + size.key() + "]";
    }
}
