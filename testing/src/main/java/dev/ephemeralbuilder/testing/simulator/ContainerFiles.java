package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a container's commands see of its mounts and where they begin: below its folder, or where the order says. */
abstract class ContainerFiles {
    final Path folder;
    final List<GroupVolumes.Place> places;

    private ContainerFiles(Path folder, List<GroupVolumes.Place> places) {
        this.folder = folder;
        this.places = List.copyOf(places);
    }

    /** Returns an item of a command as the process gets it. */
    abstract String translate(String item);

    /** Returns the working directory, as the process sees it. */
    abstract Path workingFolder();

    /** Returns where the host has what a process sees at a path. */
    abstract Path onHost(Path path);

    /** Makes links to the mounts in the container's folder, and the working directory in there. */
    static ContainerFiles plain(Path folder, List<GroupVolumes.Place> places, @Nullable String workingDir)
            throws IOException {
        for (GroupVolumes.Place place : places) {
            Path link = below(folder, place.path().toString());
            makeFolder(link.getParent());
            publish(link, place);
        }
        Path working = below(folder, workingDir == null ? "" : workingDir);
        // A runtime makes a working directory that the image does not have.
        makeFolder(working);
        return new Plain(folder, places, working.toRealPath());
    }

    /** Leaves the mounts to the container's namespaces, and makes the working directory one if the host lacks it. */
    static ContainerFiles isolated(Path folder, List<GroupVolumes.Place> places, @Nullable String workingDir)
            throws IOException {
        if (workingDir == null || workingDir.isEmpty()) {
            return new Isolated(folder, places, folder);
        }
        Path working = Path.of("/").resolve(workingDir).normalize();
        List<GroupVolumes.Place> all = new ArrayList<>(places);
        if (!Files.isDirectory(working) && places.stream().noneMatch(place -> working.startsWith(place.path()))) {
            Path source = below(folder, working.toString());
            makeFolder(source);
            all.add(0, new GroupVolumes.Place(source, working, false));
        }
        return new Isolated(folder, all, working);
    }

    private static Path below(Path folder, String path) throws IOException {
        Path place = Path.of(folder + "/" + path).normalize();
        if (!place.startsWith(folder)) {
            throw new IOException("a path leads out of its container");
        }
        return place;
    }

    private static void publish(Path link, GroupVolumes.Place place) throws IOException {
        if (Files.isSymbolicLink(link)) {
            return;
        }
        try {
            Files.createSymbolicLink(link, place.source());
        } catch (FileAlreadyExistsException e) {
            throw new IOException("cannot mount at " + place.path() + ": something is there", e);
        }
    }

    /** Unlike the JDK's own method this takes a link to a folder, such as a mount, for one. */
    private static void makeFolder(@Nullable Path path) throws IOException {
        if (path != null && !Files.isDirectory(path)) {
            Files.createDirectories(path);
        }
    }

    private static final class Plain extends ContainerFiles {
        private final Path working;

        Plain(Path folder, List<GroupVolumes.Place> places, Path working) {
            super(folder, places);
            this.working = working;
        }

        @Override
        String translate(String item) {
            boolean mounted = places.stream()
                    .map(place -> place.path().toString())
                    .anyMatch(path -> item.equals(path) || item.startsWith(path + "/"));
            return mounted ? folder + item : item;
        }

        @Override
        Path workingFolder() {
            return working;
        }

        @Override
        Path onHost(Path path) {
            return path;
        }
    }

    private static final class Isolated extends ContainerFiles {
        private final Path working;

        Isolated(Path folder, List<GroupVolumes.Place> places, Path working) {
            super(folder, places);
            this.working = working;
        }

        @Override
        String translate(String item) {
            return item;
        }

        @Override
        Path workingFolder() {
            return working;
        }

        @Override
        Path onHost(Path path) {
            Path found = path;
            // An inner mount comes after the one around it.
            for (GroupVolumes.Place place : places) {
                if (path.startsWith(place.path())) {
                    found = place.source().resolve(place.path().relativize(path).toString());
                }
            }
            return found;
        }
    }
}
