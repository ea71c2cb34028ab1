package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The volumes of a container group: folders on this host. */
final class GroupVolumes {
    private static final PosixFilePermission[] FROM_HIGHEST_BIT = {
        PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE,
        PosixFilePermission.GROUP_READ, PosixFilePermission.GROUP_WRITE, PosixFilePermission.GROUP_EXECUTE,
        PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE, PosixFilePermission.OTHERS_EXECUTE
    };

    private final Path folder;
    private final List<VolumeOrder> orders;

    GroupVolumes(Path folder, List<VolumeOrder> orders) {
        this.folder = folder;
        this.orders = List.copyOf(orders);
    }

    /** Writes the volumes with the files that they begin with. */
    void create() throws IOException {
        for (VolumeOrder order : orders) {
            Path volume = Files.createDirectories(inside(folder, order.name()));
            for (VolumeOrder.ConfigFile file : order.files()) {
                Path path = inside(volume, file.path());
                Files.createDirectories(path.getParent());
                Files.write(path, file.content());
                if (Files.getFileStore(path).supportsFileAttributeView("posix")) {
                    Files.setPosixFilePermissions(path, permissions(file.mode()));
                }
            }
        }
    }

    /** Returns a container's mounts, an outer one before those inside of it. */
    List<Place> places(ContainerOrder container) throws IOException {
        List<Place> places = new ArrayList<>();
        for (ContainerOrder.Mount mount : container.mounts()) {
            if (orders.stream().noneMatch(order -> order.name().equals(mount.volume()))) {
                throw new IOException("volume \"" + mount.volume() + "\" not found");
            }
            Path source = inside(folder, mount.volume());
            String subPath = mount.subPath();
            if (subPath != null && !subPath.isEmpty()) {
                source = inside(source, subPath);
                if (!Files.exists(source)) {
                    Files.createDirectories(source);
                }
            }
            places.add(new Place(source, Path.of(mount.path()).normalize(), mount.readOnly()));
        }
        places.sort(Comparator.comparingInt(place -> place.path().getNameCount()));
        return places;
    }

    /** A file or folder of this host, and where a container sees it. */
    record Place(Path source, Path path, boolean readOnly) {}

    /** Returns a path below a folder. */
    static Path inside(Path folder, String relative) throws IOException {
        Path path = folder.resolve(relative).normalize();
        if (!path.startsWith(folder) || path.equals(folder)) {
            throw new IOException("a path leads out of its volume");
        }
        return path;
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        for (int i = 0; i < FROM_HIGHEST_BIT.length; i++) {
            if ((mode >> (FROM_HIGHEST_BIT.length - 1 - i) & 1) == 1) {
                permissions.add(FROM_HIGHEST_BIT[i]);
            }
        }
        return permissions;
    }
}
