package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.Market;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A valid {@code RunInstances} call (ecs-openapi, 1.2 and 3). Statuses of errors are those of the page; the order in
 * which several faults of one call are found, and these codes, are [unconfirmed]: {@code InvalidZoneId.NotFound},
 * {@code InvalidAmount.NotSupported}, {@code InvalidSpotStrategy}, {@code InvalidSpotDuration},
 * {@code InvalidSpotParam.EmptyVSwitchId}, {@code InvalidParameter.Mismatch} for a vSwitch of another zone,
 * {@code NumberExceed.Tags}, {@code InvalidHostName.Malformed} and what a host name may look like, and
 * {@code OperationDenied}, 403, for an image that is not Available, where {@code IncorrectImageStatus} may come instead.
 *
 * <p>Holds user data; {@link #toString} shows none.
 */
final class RunRequest {
    private static final Duration SHORTEST_CAP = Duration.ofMinutes(30);
    private static final Duration LONGEST_CAP = Duration.ofDays(3 * 365);
    private static final int MAX_USER_DATA = 32 * 1024;
    private static final int MAX_TAGS = 20;
    // On Linux 2 to 64 characters; a machine may really get this name.
    private static final Pattern HOST_NAME = Pattern.compile("([A-Za-z0-9][A-Za-z0-9.-]{0,62}[A-Za-z0-9])?");
    private static final Set<String> STRATEGIES = Set.of("NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo");

    final Catalogue.Type type;
    final String zone;
    final String vSwitch;
    final String image;
    final Images.@Nullable Image source;
    final int diskGib;
    final List<String> securityGroups;
    final int amount;
    final int minimum;
    final String name;
    final String hostName;
    final String keyPair;
    final String resourceGroup;
    final String strategy;
    final @Nullable BigDecimal priceLimit;
    final int spotDuration;
    final String interruption;

    /** Whether the metadata are for those with a token only. */
    final boolean metadataTokens;

    final @Nullable Instant autoRelease;
    final boolean deletionProtection;
    final Map<String, String> tags;
    final byte[] userData;

    RunRequest(Parameters p, Region region, SpotMarket market, Images images, Instant now) {
        type = type(p, region);
        strategy = p.get("SpotStrategy", "NoSpot");
        if (!STRATEGIES.contains(strategy)) {
            throw ApiError.of("InvalidSpotStrategy", "The specified SpotStrategy is not valid.");
        }
        String wantedZone = p.get("ZoneId");
        if (wantedZone != null && !region.vSwitches().containsKey(wantedZone)) {
            throw ApiError.of("InvalidZoneId.NotFound", "The specified zone does not exist.");
        }
        String wantedSwitch = p.get("VSwitchId");
        if (wantedSwitch == null) {
            if (wantedZone == null && isSpot()) {
                throw ApiError.of("InvalidSpotParam.EmptyZoneID", "A spot instance needs a zone.");
            }
            throw isSpot()
                    ? ApiError.of("InvalidSpotParam.EmptyVSwitchId", "A spot instance needs a vSwitch.")
                    : ApiError.missing("VSwitchId");
        }
        String switchZone = region.zoneOf(wantedSwitch);
        if (switchZone == null) {
            throw ApiError.of("InvalidVSwitchId.NotFound", "The specified vSwitch does not exist.");
        }
        if (wantedZone != null && !wantedZone.equals(switchZone)) {
            throw ApiError.of("InvalidParameter.Mismatch", "The vSwitch and the zone do not match.");
        }
        zone = switchZone;
        vSwitch = wantedSwitch;
        image = p.require("ImageId");
        source = image.equals(Region.IMAGE) ? null : source(images.find(image, now), type);
        securityGroups = securityGroups(p);
        if (!region.sells(zone, type)) {
            throw ApiError.of("Zone.NotOnSale", "The zone does not sell this instance type.");
        }
        amount = p.integer("Amount", 1);
        if (amount < 1 || amount > 100) {
            throw ApiError.of("InvalidAmount.NotSupported", "Amount must be 1 to 100.");
        }
        minimum = p.integer("MinAmount", amount);
        if (minimum < 1 || minimum > amount) {
            throw ApiError.of("InvalidMinAmount.Malformed", "MinAmount must be 1 to Amount.");
        }
        spotDuration = p.integer("SpotDuration", 1);
        if (isSpot() && spotDuration != 0 && spotDuration != 1) {
            throw ApiError.of("InvalidSpotDuration", "SpotDuration must be 0 or 1.");
        }
        priceLimit = priceLimit(p, market.price(type, zone, spotDuration, now));
        interruption = p.get("SpotInterruptionBehavior", "Terminate");
        metadataTokens = p.get("HttpTokens", "optional").equals("required");
        String cap = p.get("AutoReleaseTime");
        autoRelease = cap == null ? null : cap(cap, now);
        deletionProtection = p.flag("DeletionProtection");
        if (deletionProtection && isSpot()) {
            throw ApiError.of("InvalidChargeType.ValueNotSupported", "A spot instance has no deletion protection.");
        }
        tags = tags(p);
        userData = userData(p);
        diskGib = SystemDisk.gib(p, region, zone, type, source == null ? Region.IMAGE_GIB : source.diskGib);
        name = p.get("InstanceName", "");
        hostName = p.get("HostName", "");
        if (!HOST_NAME.matcher(hostName).matches()) {
            throw ApiError.of("InvalidHostName.Malformed", "The specified HostName is not valid.");
        }
        keyPair = p.get("KeyPairName", "");
        resourceGroup = p.get("ResourceGroupId", "");
        if (p.flag("DryRun")) {
            throw ApiError.of("DryRunOperation", "Request validation has been passed with DryRun flag set.");
        }
    }

    boolean isSpot() {
        return market() == Market.SPOT;
    }

    Market market() {
        return SpotMarket.of(strategy);
    }

    /**
     * Reads an {@code AutoReleaseTime}: seconds are cut off, then it must be 30 minutes to 3 years ahead.
     *
     * @throws ApiError if it is not
     */
    static Instant cap(String text, Instant now) {
        Instant time;
        try {
            time = Parameters.time(text).truncatedTo(ChronoUnit.MINUTES);
        } catch (DateTimeParseException e) {
            throw ApiError.of("InvalidAutoReleaseTime.Malformed", "The specified AutoReleaseTime is not well formed.");
        }
        if (time.isBefore(now.plus(SHORTEST_CAP)) || time.isAfter(now.plus(LONGEST_CAP))) {
            throw ApiError.of(
                    "InvalidAutoReleaseTime.Malformed",
                    "The specified AutoReleaseTime must be 30 minutes to 3 years from now.");
        }
        return time;
    }

    /** Checks tags, which then have a value, if an empty one (ecs-openapi, 1.1, TagResources). */
    static Map<String, String> tags(Parameters p) {
        Map<String, String> tags = new LinkedHashMap<>();
        p.tags().forEach((key, value) -> {
            String lower = key.toLowerCase(Locale.ROOT);
            if (key.length() > 128
                    || lower.startsWith("aliyun")
                    || lower.startsWith("acs:")
                    || lower.contains("http://")
                    || lower.contains("https://")) {
                throw ApiError.of("InvalidTagKey.Malformed", "A tag key is not well formed.");
            }
            String text = value == null ? "" : value;
            if (text.length() > 128 || text.contains("http://") || text.contains("https://")) {
                throw ApiError.of("InvalidTagValue.Malformed", "A tag value is not well formed.");
            }
            tags.put(key, text);
        });
        if (tags.size() > MAX_TAGS) {
            throw ApiError.of("NumberExceed.Tags", "At most 20 tags.");
        }
        return tags;
    }

    private static Catalogue.Type type(Parameters p, Region region) {
        Catalogue.Type type = region.catalogue().find(p.require("InstanceType"));
        if (type == null) {
            throw ApiError.of("InvalidInstanceType.ValueNotSupported", "The specified InstanceType does not exist.");
        }
        return type;
    }

    private static Images.Image source(Images.@Nullable View view, Catalogue.Type type) {
        if (view == null) {
            throw ApiError.of("InvalidImageId.NotFound", "The specified ImageId does not exist.");
        }
        if (!view.status().equals("Available")) {
            throw new ApiError(
                    403,
                    "OperationDenied",
                    "The specified image is not available, please check the status of the image.");
        }
        if (!view.image().architecture.equals(type.architecture())) {
            throw ApiError.of(
                    "ImageNotSupportInstanceType", "The specified image don't support the InstanceType instance.");
        }
        return view.image();
    }

    private static List<String> securityGroups(Parameters p) {
        List<String> groups = new ArrayList<>(p.list("SecurityGroupIds"));
        String single = p.get("SecurityGroupId");
        if (single != null) {
            if (!groups.isEmpty()) {
                throw ApiError.of("InvalidParameter.Conflict", "SecurityGroupId and SecurityGroupIds exclude another.");
            }
            groups.add(single);
        }
        if (groups.isEmpty()) {
            throw ApiError.missing("SecurityGroupId");
        }
        if (!groups.stream().allMatch(Region.SECURITY_GROUP::equals)) {
            throw ApiError.of("InvalidSecurityGroupId.NotFound", "The specified security group does not exist.");
        }
        return groups;
    }

    private @Nullable BigDecimal priceLimit(Parameters p, BigDecimal market) {
        String text = p.get("SpotPriceLimit");
        if (text == null) {
            return null;
        }
        BigDecimal limit;
        try {
            limit = new BigDecimal(text);
        } catch (NumberFormatException e) {
            throw ApiError.of("InvalidSpotPriceLimit", "The specified SpotPriceLimit is not a number.");
        }
        if (!strategy.equals("SpotWithPriceLimit")
                || limit.signum() <= 0
                || limit.stripTrailingZeros().scale() > 3) {
            throw ApiError.of(
                    "InvalidSpotPriceLimit",
                    "SpotPriceLimit needs SpotWithPriceLimit, must be above 0 and have three decimals at most.");
        }
        if (limit.compareTo(market) < 0) {
            throw ApiError.of(
                    "InvalidSpotPriceLimit.LowerThanPublicPrice",
                    "The specified SpotPriceLimit is below the price of the market.");
        }
        return limit;
    }

    private static byte[] userData(Parameters p) {
        String text = p.get("UserData");
        if (text == null) {
            return new byte[0];
        }
        byte[] raw;
        try {
            raw = Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw ApiError.of("InvalidUserData.Base64FormatInvalid", "The specified UserData is not Base64.");
        }
        if (raw.length > MAX_USER_DATA) {
            throw ApiError.of("InvalidUserData.SizeExceeded", "The specified UserData is larger than 32 KB.");
        }
        return raw;
    }

    @Override
    public String toString() {
        return "RunRequest[" + type.name() + " in " + zone + ", " + amount + "]";
    }
}
