package dev.ephemeralbuilder.testing.simulator;

import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One volume of a create call: {@code EmptyDirVolume} or {@code ConfigFileVolume}; the simulator has no others. The codes
 * for files that are too many or too large are [unconfirmed].
 *
 * @param order what is put on the disk
 * @param type as the API calls it
 * @param medium {@code Memory} or empty; memory is no limit here
 * @param sizeLimit as given, or empty; not enforced
 */
record VolumeSpec(VolumeOrder order, String type, String medium, String sizeLimit) {
    private static final int MAX_VOLUMES = 20;
    private static final int MAX_FILES = 15;
    private static final int MAX_FILE_BYTES = 32 * 1024;
    private static final int MAX_BYTES = 60 * 1024;
    private static final int USUAL_MODE = 0644;

    /**
     * Reads {@code Volume.N} (eci-openapi, 3).
     *
     * @throws ApiError if one is not valid
     */
    static List<VolumeSpec> read(Parameters p) {
        List<VolumeSpec> volumes = new ArrayList<>();
        Set<String> names = new HashSet<>();
        long bytes = 0;
        for (String prefix = "Volume.1"; p.get(prefix + ".Name") != null; prefix = "Volume." + (volumes.size() + 1)) {
            VolumeSpec volume = volume(p, prefix);
            if (!names.add(volume.order.name())) {
                throw ApiError.of("InvalidParameter.DuplicatedVolumeName", "Two volumes have the same name.");
            }
            bytes += volume.order.files().stream()
                    .mapToLong(file -> file.content().length)
                    .sum();
            volumes.add(volume);
        }
        ContainerParameters.atMost(MAX_VOLUMES, volumes.size(), "Volume");
        ContainerParameters.atMost(MAX_BYTES, (int) Math.min(Integer.MAX_VALUE, bytes), "ConfigFileVolume");
        return volumes;
    }

    private static VolumeSpec volume(Parameters p, String prefix) {
        String name = p.require(prefix + ".Name");
        String type = p.require(prefix + ".Type");
        return switch (type) {
            case "EmptyDirVolume" ->
                new VolumeSpec(
                        new VolumeOrder(name, List.of()),
                        type,
                        p.get(prefix + ".EmptyDirVolume.Medium", ""),
                        p.get(prefix + ".EmptyDirVolume.SizeLimit", ""));
            case "ConfigFileVolume" ->
                new VolumeSpec(new VolumeOrder(name, files(p, prefix + ".ConfigFileVolume.")), type, "", "");
            default ->
                throw ApiError.of(
                        "InvalidParameter",
                        "The simulator has volumes of type EmptyDirVolume and ConfigFileVolume only.");
        };
    }

    private static List<VolumeOrder.ConfigFile> files(Parameters p, String prefix) {
        int usual = p.integer(prefix + "DefaultMode", USUAL_MODE);
        List<VolumeOrder.ConfigFile> files = new ArrayList<>();
        for (int i = 1; p.get(prefix + "ConfigFileToPath." + i + ".Path") != null; i++) {
            String file = prefix + "ConfigFileToPath." + i;
            String path = p.require(file + ".Path");
            if (path.startsWith("/") || List.of(path.split("/")).contains("..")) {
                throw ApiError.invalid(file + ".Path");
            }
            byte[] content = content(p, file + ".Content");
            ContainerParameters.atMost(MAX_FILE_BYTES, content.length, file + ".Content");
            files.add(new VolumeOrder.ConfigFile(path, content, p.integer(file + ".Mode", usual)));
        }
        if (files.isEmpty()) {
            throw ApiError.missing(prefix + "ConfigFileToPath.1.Path");
        }
        ContainerParameters.atMost(MAX_FILES, files.size(), prefix + "ConfigFileToPath");
        return files;
    }

    private static byte[] content(Parameters p, String name) {
        try {
            return Base64.getDecoder().decode(p.get(name, ""));
        } catch (IllegalArgumentException e) {
            throw ApiError.invalid(name);
        }
    }
}
