package dev.ephemeralbuilder.testing.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One container of a group, as the create call asks for it. Immutable.
 *
 * @param command the program and what follows it; an image's own entry point is for the caller to fill in
 * @param args what follows the command
 * @param environment variables, which win over the simulator's own
 * @param workingDir null for the container's home folder
 * @param lackingPrograms names of programs, such as {@code sh}, that this container's image does not have
 */
record ContainerOrder(
        String name,
        String image,
        List<String> command,
        List<String> args,
        Map<String, String> environment,
        @Nullable String workingDir,
        List<Mount> mounts,
        Set<String> lackingPrograms) {
    ContainerOrder {
        command = List.copyOf(command);
        args = List.copyOf(args);
        environment = Map.copyOf(environment);
        mounts = List.copyOf(mounts);
        lackingPrograms = Set.copyOf(lackingPrograms);
    }

    /** A container whose image has every program of this host. */
    ContainerOrder(
            String name,
            String image,
            List<String> command,
            List<String> args,
            Map<String, String> environment,
            @Nullable String workingDir,
            List<Mount> mounts) {
        this(name, image, command, args, environment, workingDir, mounts, Set.of());
    }

    /** Returns command and arguments as one list. */
    List<String> line() {
        List<String> line = new ArrayList<>(command);
        line.addAll(args);
        return line;
    }

    /** Leaves out what may hold secrets: command, arguments and environment. */
    @Override
    public String toString() {
        return "ContainerOrder[" + name + ", " + image + "]";
    }

    /**
     * Where a container sees a volume.
     *
     * @param volume the name of one of the group's volumes
     * @param path an absolute path in the container
     * @param subPath a file or folder of the volume, made as a folder if it is not there; null for all of it
     */
    record Mount(
            String volume,
            String path,
            boolean readOnly,
            @Nullable String subPath) {}
}
