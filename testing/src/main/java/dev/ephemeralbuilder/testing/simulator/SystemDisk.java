package dev.ephemeralbuilder.testing.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Which system disks a create call may ask for (ecs-openapi, 3; codes and statuses from the vendor's table of
 * {@code RunInstances}). Of what the tables below say, this is from the vendor's pages: families of the seventh
 * generation and later take ESSDs and AutoPL disks only; {@code cloud_essd_entry} goes with {@code ecs.e} and
 * {@code ecs.u1} only. Which zone has which category is made up, as is that the zone is looked at before the type.
 */
final class SystemDisk {
    private static final int DEFAULT_GIB = 40;
    private static final int MAX_GIB = 2_048;
    private static final List<String> CATEGORIES = List.of(
            "cloud_essd", "cloud_auto", "cloud_essd_entry", "cloud_efficiency", "cloud_ssd", "cloud", "ephemeral_ssd");
    private static final List<String> IN_OLD_ZONES_ONLY = List.of("cloud_ssd", "cloud", "ephemeral_ssd");
    private static final Pattern LATE_FAMILY = Pattern.compile("ecs\\.[a-z]+([7-9]|[1-9][0-9]).*");

    private SystemDisk() {}

    /** Returns the categories that a zone has: the first two zones of a region have the old ones too. */
    static List<String> categories(Region region, String zone) {
        List<String> categories = new ArrayList<>(CATEGORIES);
        if (region.zones().indexOf(zone) >= 2) {
            categories.removeAll(IN_OLD_ZONES_ONLY);
        }
        return categories;
    }

    /**
     * Reads the size of the system disk.
     *
     * @param imageGib the size of the image
     * @return in GiB; 40, or the image's size if that is more, where the call says nothing
     * @throws ApiError if there is no such disk for this type here, or it is too small or too large
     */
    static int gib(Parameters p, Region region, String zone, Catalogue.Type type, int imageGib) {
        checkCategory(p.get("SystemDisk.Category", "cloud_essd"), region, zone, type);
        String text = p.get("SystemDisk.Size");
        if (text == null) {
            return Math.max(DEFAULT_GIB, imageGib);
        }
        int gib;
        try {
            gib = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw ApiError.of("InvalidSystemDiskSize", "The specified parameter SystemDisk.Size is invalid.");
        }
        if (gib < imageGib) {
            throw ApiError.of(
                    "InvalidSystemDiskSize.LessThanImageSize",
                    "The specified parameter SystemDisk.Size is less than the image size.");
        }
        if (gib > MAX_GIB) {
            throw ApiError.of(
                    "InvalidSystemDiskSize.MoreThanMaxSize",
                    "The specified SystemDisk.Size parameter exceeds the maximum size.");
        }
        return gib;
    }

    private static void checkCategory(String category, Region region, String zone, Catalogue.Type type) {
        if (!CATEGORIES.contains(category)) {
            throw ApiError.of(
                    "InvalidSystemDiskCategory.ValueNotSupported",
                    "The specified parameter SystemDisk.Category is not valid.");
        }
        if (!categories(region, zone).contains(category)) {
            throw category.equals("cloud_ssd")
                    ? ApiError.of(
                            "OperationDenied.CloudSSDNotSupported",
                            "The specified available zone does not offer the cloud_ssd disk, use cloud_essd instead.")
                    : ApiError.of(
                            "CategoryNotSupported", "The specified zone does not offer the specified disk category.");
        }
        if (!fits(category, type.family())) {
            throw ApiError.of(
                    "InvalidInstanceType.NotSupportDiskCategory",
                    "The instanceType of the specified instance does not support this disk category.");
        }
    }

    private static boolean fits(String category, String family) {
        return switch (category) {
            case "cloud_essd", "cloud_auto" -> true;
            case "cloud_essd_entry" -> family.equals("ecs.e") || family.equals("ecs.u1");
            case "cloud_efficiency", "cloud_ssd" -> !LATE_FAMILY.matcher(family).matches();
            // Of the types here none is old enough for basic disks, and none has a local one.
            default -> false;
        };
    }
}
